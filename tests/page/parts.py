"""Pieces that several tests of the page use."""

from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from refedit.editing.result import Result
from refedit.editing.result_png import text_of
from refedit.imaging.images import write_picture
from refedit.imaging.masks import Mask
from refedit.ui.state.picture_with_mask import PictureWithMask, to_canvas
from tests.conftest import box_mask

BOX = box_mask((64, 64), (16, 8, 40, 48))


def canvas(shown: Image.Image, mask: Mask | None) -> dict[str, Any]:
    """A canvas's value that shows a picture with its mask."""
    return to_canvas(PictureWithMask(picture=shown, mask=mask))


def saved(value: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An editor's value as it comes back from the browser: as files."""
    value["background"].save(folder / "background.png")
    for number, layer in enumerate(value["layers"]):
        layer.save(folder / f"layer{number}.png")
    layers = [str(folder / f"layer{number}.png") for number in range(len(value["layers"]))]
    return {"background": str(folder / "background.png"), "layers": layers}


def packed(result: Result, folder: Path, inputs: bool = True) -> bytes:
    write_picture(result.image, folder / "packed.png", text_of(result, inputs))
    return (folder / "packed.png").read_bytes()


def reacting(blocks: gr.Blocks, elem_id: str, event: str) -> Any:
    """What the page does by itself at an event of a component."""
    (part,) = (part for part in blocks.blocks.values() if part.elem_id == elem_id)
    return next(fn for fn in blocks.fns.values() if fn.fn and (part._id, event) in fn.targets)
