"""What a SAM is asked while it learns: masks, and a click and a box for each. Knows nothing about networks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from refedit.picturebook.dataset.clutter import OUTSIDE
from refedit.picturebook.dataset.part_masks import PartMasks, subjects_in

_LEAST = 0.003
"""The least share of the picture that a mask covers: a smaller one is hardly a cell of the encoder."""
_PARTS, _GROUND = 0.15, 0.10


@dataclass(frozen=True)
class Prompts:
    """Masks asked for, the share of every cell that they cover (255: all), a click (x, y) in each, a box round each."""

    cells: UInt8[np.ndarray, "targets cells cells"]
    clicks: Float[np.ndarray, "targets 2"]
    boxes: Float[np.ndarray, "targets 4"]


def pick(rng: np.random.Generator, parts: PartMasks, whole: bool) -> Bool[np.ndarray, "height width"]:
    """A mask to ask for: that of any single part, or, if `whole`, mostly that of a subject.

    Then one in ten is the background and one in seven a part. Our choice: subjects are asked for most often, so that
    the mask of highest predicted quality becomes the whole subject.
    """
    chance = rng.random() if whole else 1.0
    if chance < _GROUND and (parts == 0).mean() >= _LEAST:
        return parts == 0
    if whole and chance > _GROUND + _PARTS:
        masks = subjects_in(parts)
    else:
        masks = [parts == number for number in np.unique(parts) if 0 < number < OUTSIDE]
    large = [mask for mask in masks if mask.mean() >= _LEAST]
    return large[int(rng.integers(len(large)))] if large else parts != OUTSIDE


def prompts(rng: np.random.Generator, masks: Sequence[Bool[np.ndarray, "height width"]], cells: int) -> Prompts:
    """A click anywhere inside each mask and its box with a tenth of its sides as jitter (arXiv:2304.02643, A)."""
    return Prompts(
        np.stack([cover(mask, cells) for mask in masks]),
        np.stack([click_in(rng, mask) for mask in masks]),
        np.stack([_jittered(rng, box_of(mask), mask.shape[1]) for mask in masks]),
    )


def cover(mask: Bool[np.ndarray, "height width"], cells: int) -> UInt8[np.ndarray, "cells cells"]:
    """The share of every cell that a square mask covers, 255 for all of it."""
    step = len(mask) // cells
    return np.round(mask.reshape(cells, step, cells, step).mean((1, 3)) * 255).astype(np.uint8)


def click_in(rng: np.random.Generator, mask: Bool[np.ndarray, "height width"]) -> Float[np.ndarray, " 2"]:
    """(x, y) of a random pixel of a mask that is not empty."""
    place = rng.choice(np.flatnonzero(mask))
    return np.array([place % mask.shape[1], place // mask.shape[1]], np.float32)


def box_of(mask: Bool[np.ndarray, "height width"]) -> Int[np.ndarray, " 4"]:
    """(left, top, right, bottom) of the outermost pixels of a mask."""
    xs, ys = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return np.array([xs[0], ys[0], xs[-1], ys[-1]])


def _jittered(rng: np.random.Generator, box: Int[np.ndarray, " 4"], side: int) -> Float[np.ndarray, " 4"]:
    sides = np.tile(box[2:] - box[:2], 2)
    shift = (rng.normal(0, 0.1, 4) * sides).clip(-0.02 * side - 1, 0.02 * side + 1)
    return (box + shift).clip(0, side - 1).astype(np.float32)
