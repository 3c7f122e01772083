"""The coat of a subject: paint and pattern, attached to the subject's own coordinates."""

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from refedit.picturebook.world.canvas import Place
from refedit.picturebook.world.colours import byte
from refedit.picturebook.world.scene import Appearance

_SHARE = {"striped": 0.40, "dotted": 0.31}
# Marks in one period. At equal periods stripes would be the finest and checks the coarsest, for a network as well.
_DENSITY = {"striped": 0.85, "dotted": 0.92, "checkered": 1.25}
_FINE = 4


def coat(look: Appearance, place: Place, frame: tuple[int, int, int, int], pixels: int) -> Image.Image:
    """The fill of a frame (left, top, right, bottom) on a canvas `pixels` wide."""
    left, top, right, bottom = frame
    picture = Image.new("RGB", (right - left, bottom - top), byte(look.paint))
    if look.pattern == "plain":
        return picture
    marks = _marks(look, place, np.arange(left, right) / pixels, np.arange(top, bottom) / pixels)
    picture.paste(byte(look.second_paint), (0, 0), Image.fromarray(marks.astype(np.uint8) * 255, "L"))
    return picture


def mark_shares(look: Appearance, place: Place, grid: int) -> Float[np.ndarray, "grid grid"]:
    """The share of the second paint in every cell, as if the whole picture were coat; 0 for a plain coat."""
    if look.pattern == "plain":
        return np.zeros((grid, grid), np.float32)
    places = (np.arange(grid * _FINE) + 0.5) / (grid * _FINE)
    cells = _marks(look, place, places, places).reshape(grid, _FINE, grid, _FINE)
    return cells.mean((1, 3), dtype=np.float32)


def _marks(look: Appearance, place: Place, xs: np.ndarray, ys: np.ndarray) -> Bool[np.ndarray, "rows columns"]:
    """Where the second paint is, at places of the picture (fractions)."""
    scale = _DENSITY[look.pattern] / (look.width * place.size)
    across = (place.x - xs if place.mirror else xs - place.x) * scale
    down = (ys - (place.y - place.size / 2)) * scale
    turn = np.deg2rad(look.angle)
    u = np.cos(turn) * across[None, :] + np.sin(turn) * down[:, None]
    if look.pattern == "striped":
        return u % 1 < _SHARE["striped"]
    v = -np.sin(turn) * across[None, :] + np.cos(turn) * down[:, None]
    if look.pattern == "dotted":
        row = np.floor(v)
        return ((u + 0.5 * (row % 2)) % 1 - 0.5) ** 2 + (v - row - 0.5) ** 2 < _SHARE["dotted"] ** 2
    # A little more of the main paint than of the second one, so that the colour word stays true.
    return np.sin(np.pi * u) * np.sin(np.pi * v) > 0.04
