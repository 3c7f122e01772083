"""A picture with the mask that was painted on it, and how a canvas in the browser carries both."""

import base64
import binascii
import io
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from refedit.errors import EditError
from refedit.imaging.images import read_cutout, read_mask
from refedit.imaging.masks import Mask
from refedit.ui.state.received import unpacking, uploaded

LONGEST = 1280
"""The longest side, in pixels, of a mask in the browser, as in `mask.js`. Larger pictures keep their size."""

FILE = {"_type": "gradio.FileData"}
"""Marks an object as a file, which Gradio then copies to where the browser may fetch it."""
_PNG = "data:image/png;base64,"

Canvas = dict[str, Any]
"""What a canvas holds: the file of its picture, None while it is empty, and its mask as the address of a PNG, or ""."""


@dataclass(frozen=True, kw_only=True)
class PictureWithMask:
    """A picture and its mask; the mask is None if nothing is inside.

    `cutout` is what the picture's own transparency leaves of it, None if it has none.
    """

    picture: Image.Image
    mask: Mask | None = None
    cutout: Mask | None = None


def read_canvas(canvas: Canvas | None, name: str) -> PictureWithMask | None:
    """The picture and the mask of a canvas, None if it is empty; `name` is what the page calls the picture.

    Raises EditError for a file that cannot be read, or a mask that is not of the picture's shape.
    """
    if not canvas or not canvas.get("picture"):
        return None
    file = uploaded(canvas["picture"], name)
    with unpacking(file):
        picture, cutout = read_cutout(file)
        mask = read_spelled(canvas.get("mask") or "", picture.size)
    return PictureWithMask(picture=picture, mask=mask, cutout=cutout)


def files_of(canvas: Canvas | None) -> list[Path]:
    """The file of a canvas's picture, once for it and once for its mask, which becomes as large; none if it is gone."""
    try:
        file = uploaded(canvas["picture"], "source") if canvas and canvas.get("picture") else None
    except EditError:
        return []  # reading it will say so
    return [] if canvas is None or file is None else [file] * (2 if canvas.get("mask") else 1)


def missing(name: str) -> EditError:
    """The error where a picture is needed and its canvas is empty."""
    return EditError(f"There is no {name} picture. Upload one, or click an example.")


def read_spelled(mask: str, size: tuple[int, int]) -> Mask | None:
    """The mask that a browser has spelled, at a picture's size; None if nothing is inside; EditError if unreadable."""
    if not mask:
        return None
    try:
        file = base64.b64decode(mask.removeprefix(_PNG), validate=True)
    except (binascii.Error, ValueError):
        raise EditError("The mask cannot be read. Clear it and paint it again.") from None
    with unpacking(file):
        read = read_mask(file).fitted(size)
    return None if read.is_empty else read  # an erased stroke leaves a faint rim, which is nothing painted


def spelled(mask: Mask | None) -> str:
    """A mask as the address of a PNG that is white, and opaque inside; "" for none. It is `LONGEST` at most."""
    if mask is None or mask.is_empty:
        return ""
    levels = mask.to_image()
    levels.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    white = Image.new("RGBA", levels.size, "white")
    white.putalpha(levels)
    file = io.BytesIO()
    white.save(file, format="PNG")
    return _PNG + base64.b64encode(file.getvalue()).decode("ascii")


def to_canvas(shown: PictureWithMask | None, folder: Path) -> Canvas:
    """The value of a canvas that shows a picture with its mask; its file is written into `folder`."""
    if shown is None:
        return {"picture": None, "mask": ""}
    picture = shown.picture
    if shown.cutout is not None:
        picture = picture.copy()
        picture.putalpha(Image.fromarray(np.round(shown.cutout.values * 255).astype(np.uint8), "L"))
    return {"picture": to_file(picture, folder), "mask": spelled(shown.mask)}


def to_file(picture: Image.Image, folder: Path) -> dict[str, Any]:
    """A picture as a file that Gradio hands to the browser."""
    path = folder / f"{uuid.uuid4().hex}.png"
    picture.save(path, compress_level=1)
    return file_at(path)


def file_at(path: Path) -> dict[str, Any]:
    """A file of the server as Gradio hands it to the browser."""
    return {"path": str(path), "meta": FILE}
