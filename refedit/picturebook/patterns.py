"""The coat of a subject: paint and pattern, attached to the subject's own coordinates."""

import numpy as np
from PIL import Image

from refedit.picturebook.brush import Place
from refedit.picturebook.colours import byte
from refedit.picturebook.scene import Appearance

_SHARE = {"striped": 0.40, "dotted": 0.31}
# Marks in one period: of equal periods, stripes would look (and be for a network) the finest, checks the coarsest.
_DENSITY = {"striped": 0.85, "dotted": 0.92, "checkered": 1.25}


def coat(look: Appearance, place: Place, frame: tuple[int, int, int, int], pixels: int) -> Image.Image:
    """The fill of a frame (left, top, right, bottom) on a canvas `pixels` wide."""
    left, top, right, bottom = frame
    size = (right - left, bottom - top)
    picture = Image.new("RGB", size, byte(look.paint))
    if look.pattern == "plain":
        return picture
    period = look.width * place.size * pixels
    across = np.arange(left, right) - place.x * pixels
    down = np.arange(top, bottom) - (place.y - place.size / 2) * pixels
    marks = _marks(look.pattern, (-across if place.mirror else across) / period, down / period, look.angle)
    picture.paste(byte(look.second_paint), (0, 0), Image.fromarray(marks.astype(np.uint8) * 255, "L"))
    return picture


def _marks(pattern: str, across: np.ndarray, down: np.ndarray, angle: float) -> np.ndarray:
    turn = np.deg2rad(angle)
    across, down = _DENSITY[pattern] * across, _DENSITY[pattern] * down
    u = np.cos(turn) * across[None, :] + np.sin(turn) * down[:, None]
    if pattern == "striped":
        return u % 1 < _SHARE["striped"]
    v = -np.sin(turn) * across[None, :] + np.cos(turn) * down[:, None]
    if pattern == "dotted":
        row = np.floor(v)
        return ((u + 0.5 * (row % 2)) % 1 - 0.5) ** 2 + (v - row - 0.5) ** 2 < _SHARE["dotted"] ** 2
    # A little more of the main paint than of the second one, so that the colour word stays true.
    return np.sin(np.pi * u) * np.sin(np.pi * v) > 0.04
