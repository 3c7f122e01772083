"""How alike the contours of two things are, wherever they stand and whatever their colours.

Knows nothing about networks.
"""

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageFilter

Box = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels, right and bottom exclusive, as `Mask.box` gives it."""
Contours = Float[np.ndarray, "side side"]

_SIDE = 96
"""A thing is looked at in a square of so many pixels (our choice)."""
_ROOM = 0.06
"""The part of the box's sides that is added round it, so that the outer contour is seen whole (our choice)."""
_BLUR = 1.5
"""The radius of the blur in pixels that lets contours meet which are a little apart (our choice)."""


def contours(picture: Image.Image, box: Box) -> Contours:
    """How strongly colours change at every place of a thing's box, blurred, in 0..255."""
    pixels = np.asarray(_cut(picture.convert("RGB"), box), np.float32)
    across = np.abs(np.diff(pixels, axis=1))[:-1].max(2)
    down = np.abs(np.diff(pixels, axis=0))[:, :-1].max(2)
    strength = Image.fromarray((across + down).clip(0, 255).astype(np.uint8))
    return np.asarray(strength.filter(ImageFilter.GaussianBlur(_BLUR)), np.float32)


def likeness(first: Contours, second: Contours) -> float:
    """The correlation of two things' contours: 1 for equal ones, about 0 for any two; 0 if one of them has none."""
    one, other = (plane - plane.mean() for plane in (first, second))
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / size if size else 0.0


def _cut(picture: Image.Image, box: Box) -> Image.Image:
    left, top, right, bottom = box
    across, down = (right - left) * _ROOM, (bottom - top) * _ROOM
    wider = max(0, left - across), max(0, top - down), min(picture.width, right + across)
    return picture.resize((_SIDE, _SIDE), Image.Resampling.BILINEAR, box=(*wider, min(picture.height, bottom + down)))
