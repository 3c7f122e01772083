"""Pieces that several tests of the page use."""

from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.result import Result
from refedit.editing.result_png import text_of
from refedit.imaging.images import write_picture
from tests.conftest import box_mask

BOX = box_mask((64, 64), (16, 8, 40, 48))


def packed(result: Result, folder: Path, inputs: bool = True) -> Path:
    """A result's file with everything inside."""
    write_picture(result.image, folder / "packed.png", text_of(result, inputs))
    return folder / "packed.png"


def reacting(blocks: gr.Blocks, elem_id: str, event: str) -> Any:
    """What the page does by itself at an event of a component."""
    (part,) = (part for part in blocks.blocks.values() if part.elem_id == elem_id)
    return next(fn for fn in blocks.fns.values() if fn.fn and (part._id, event) in fn.targets)
