"""Collages: a subject of one drawn scene put into another, so that subjects have neighbours (arXiv:2012.07177).

One scene in five has two subjects; a SAM that sees no more of them takes both for one.
"""

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from refedit.picturebook.owners import SECOND, Owners, things_in

Picture = UInt8[np.ndarray, "height width 3"]
THIRD = 2 * SECOND
"""Added to the numbers of what was put in."""


def collage(
    rng: np.random.Generator, picture: Picture, owners: Owners, other: Picture, others: Owners
) -> tuple[Picture, Owners]:
    """The square picture with the main subject of the other, smaller or as large, before or behind its own subjects."""
    side = len(picture)
    size = int(side * rng.uniform(0.35, 1.0))
    piece = np.asarray(Image.fromarray(other).resize((size, size), Image.Resampling.BILINEAR))
    numbers = np.asarray(Image.fromarray(others).resize((size, size), Image.Resampling.NEAREST))
    left, top = (int(rng.integers(-size // 3, side - 2 * size // 3)) for _ in range(2))
    there = np.s_[max(top, 0) : top + size, max(left, 0) : left + size]
    made, who = picture.copy(), owners.copy()
    height, width = who[there].shape
    part = np.s_[max(-top, 0) :, max(-left, 0) :]
    piece, numbers = piece[part][:height, :width], numbers[part][:height, :width]
    mask = things_in(numbers)[0] if (numbers > 0).any() else numbers > 0
    if rng.random() < 0.5:
        mask = mask & (who[there] == 0)
    made[there][mask], who[there][mask] = piece[mask], numbers[mask] % SECOND + THIRD
    return made, who
