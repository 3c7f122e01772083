"""The canvas on which a mask is painted: Gradio's editor, set up so that it hands over files and exact masks."""

from abc import ABCMeta
from typing import Any

import gradio as gr

from refedit.ui.state.picture_with_mask import BRUSH, OPACITY, Canvas


def painted_picture(*, label: str, placeholder: str, elem_id: str) -> gr.ImageEditor:
    """An editor with one mask layer, one semi-transparent brush and an eraser.

    Its value arrives as files, not as decoded pictures: a dict with "background" (a path or None) and "layers"
    (paths), so that a picture is opened by our own reader with our own limits.
    """
    return PAINTED(
        label=label,
        placeholder=placeholder,
        elem_id=elem_id,
        format="png",  # the default is lossy
        image_mode="RGBA",  # any other mode drops the alpha, which is the mask
        sources=("upload",),  # what is pasted has to pass uploads.js, which the editor's own button would not do
        transforms=(),
        # A filled-in mask is centred on the largest canvas so far: one larger than the picture would shift it.
        canvas_size=(16, 16),
        layers=gr.LayerOptions(allow_additional_layers=False, layers=["Mask"], disabled=True),
        brush=gr.Brush(colors=[(BRUSH, OPACITY)], color_mode="fixed"),
        buttons=["fullscreen"],
    )


def _files(_: gr.ImageEditor, payload: Any) -> Canvas | None:
    if payload is None:
        return None
    background = payload.background and payload.background.path
    return {"background": background, "layers": [layer.path for layer in payload.layers or []]}


# Gradio makes a new object of the same class for each visitor whose page has changed, so a method of one object would
# be lost; and its metaclass writes a .pyi file beside the module of every class statement, so that is gone round.
PAINTED: Any = ABCMeta.__new__(
    type(gr.ImageEditor), "ImageEditor", (gr.ImageEditor,), {"preprocess": _files, "__module__": __name__}
)
"""An editor that hands over files."""
