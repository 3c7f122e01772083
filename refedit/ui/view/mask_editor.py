"""A picture that can be painted on: the editor on the page, and what its value means as picture and mask."""

from abc import ABCMeta
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, UnidentifiedImageError

from refedit.errors import EditError
from refedit.imaging.images import FORMATS, read_picture
from refedit.imaging.masks import Mask

BRUSH = "#e815b8"
OPACITY = 0.6
"""The opacity of a stroke; an alpha that reaches it is fully inside the mask."""


@dataclass(frozen=True, kw_only=True)
class Painting:
    """A picture with what was painted on it; the mask is None if nothing was."""

    picture: Image.Image
    mask: Mask | None


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


def _files(_: gr.ImageEditor, payload: Any) -> dict[str, Any] | None:
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


def read_painting(value: dict[str, Any] | None, name: str) -> Painting:
    """The picture and the mask of an editor's value; `name` is what the page calls the picture.

    None is a picture that its tool no longer has. The mask is the union of the alphas of all layers. Raises EditError
    if there is no picture, or one that cannot be read.
    """
    if value is None:  # what Gradio keeps for an open page is gone after an hour
        raise EditError(f"There is no {name} picture, or it was kept for clicks for over an hour. Add it again.")
    if value.get("background") is None:
        raise EditError(f"There is no {name} picture. Upload one, or click an example.")
    picture = read_picture(value["background"])
    return Painting(picture=picture, mask=_painted(value.get("layers") or [], picture.size, name))


def _painted(layers: Sequence[str], size: tuple[int, int], name: str) -> Mask | None:
    masks = [_alpha(layer, size, name) for layer in layers]
    mask = Mask.union(masks) if masks else None
    # An erased stroke leaves a faint rim, which is nothing painted.
    return None if mask is None or mask.is_empty else mask


def _alpha(layer: str, size: tuple[int, int], name: str) -> Mask:
    try:
        with Image.open(layer, formats=FORMATS) as image:
            if image.size != size:  # known before anything is decoded
                raise EditError(
                    f"The mask of the {name} is {image.width}x{image.height} pixels, its picture {size[0]}x{size[1]}. "
                    "Use a mask of the picture's size."
                )
            alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    except (UnidentifiedImageError, OSError):
        raise EditError(f"The mask of the {name} cannot be read. Clear it and paint it again.") from None
    return paintable(Mask(np.minimum(alpha / np.float32(255 * OPACITY), 1)))


def paintable(mask: Mask) -> Mask:
    """The mask in the levels that a layer of the brush's opacity can carry, so that it comes back as it went.

    They are levels of an 8-bit picture too, so that a mask file keeps them as well.
    """
    layer = np.round(mask.values * (255 * OPACITY))
    return Mask(np.round(layer / OPACITY).astype(np.float32) / 255)


def to_value(picture: Image.Image, mask: Mask | None) -> dict[str, Any]:
    """The editor's value that shows a picture with a mask painted on it."""
    layers = [] if mask is None else [_stroke(mask)]
    # With a composite the editor would take that for the background.
    return {"background": picture, "layers": layers, "composite": None}


def _stroke(mask: Mask) -> Image.Image:
    layer = Image.new("RGBA", mask.size, BRUSH)
    layer.putalpha(mask.to_image().point([round(level * OPACITY) for level in range(256)]))
    return layer
