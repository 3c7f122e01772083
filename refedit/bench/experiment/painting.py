"""How masks come about: as the truth tells them, by rough strokes of a brush, or by clicks.

People do none of the first. All three are pure functions of a case, so that every arm sees the same masks.
"""

from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Bool
from PIL import Image, ImageDraw

from refedit.imaging.masks import Mask
from refedit.models import builtin_segmenter
from refedit.picturebook.world.drawing import Drawing
from refedit.picturebook.world.true_edits import painted_region, subject_mask
from refedit.segment.segmenter import Click, Segmenter
from refedit.segment.selection import select

_BRUSH = 1 / 20
"""The radius of the brush as a part of the picture's side (our choice); strokes overshoot by as much."""
_CLICKS = 2


class Painting(StrEnum):
    """Where masks come from; without a region, by `WORDS`, SpecRef's words decide where it edits, as in the paper."""

    TRUE = "true"
    ROUGH = "rough"
    CLICKED = "clicked"
    WORDS = "words"


def region_of(painting: Painting, before: Drawing, after: Drawing, room: float) -> Mask | None:
    """Where the source may change. Only `TRUE` knows the result; rough and clicked masks go by the source alone.

    Round a clicked thing there is as much room as the page gives to such an edit.
    """
    match painting:
        case Painting.TRUE:
            return painted_region(before, after)
        case Painting.ROUGH:
            return brushed(before.masks["subject"])
        case Painting.CLICKED:
            return _clicked(before).with_room(room)
        case Painting.WORDS:
            return None


def subject_of(painting: Painting, reference: Drawing) -> Mask:
    """What is taken from a reference."""
    match painting:
        case Painting.ROUGH:
            return brushed(reference.masks["subject"])
        case Painting.CLICKED:
            return _clicked(reference)
        case _:
            return subject_mask(reference)


def brushed(inside: Bool[np.ndarray, "height width"]) -> Mask:
    """Strokes from left to right over everything inside, as with a thick brush in a hurry."""
    height, width = inside.shape
    radius = max(1, round(_BRUSH * width))
    canvas = Image.new("L", (width, height))
    pen = ImageDraw.Draw(canvas)
    for y in range(radius // 2, height, radius):
        for left, right in _runs(inside[y]):
            pen.line((left, y, right, y), 255, 2 * radius)
            for x in (left, right):
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), 255)
    return Mask.from_image(canvas)


def _runs(line: Bool[np.ndarray, " width"]) -> Iterator[tuple[int, int]]:
    """The first and last places of every run of a line's inside."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], line, [False]]).astype(np.int8)))
    for first, after in edges.reshape(-1, 2).tolist():
        yield first, after - 1


@lru_cache(maxsize=1)
def _segmenter() -> Segmenter:
    return builtin_segmenter(torch.device("cpu"))


@lru_cache(maxsize=64)
def _selected(picture: bytes, size: tuple[int, int], true: bytes) -> Mask:
    """What a person's clicks select: on the middle of the thing, and once more where that answer is most wrong."""
    segmenter = _segmenter()
    embedded = segmenter.embed(Image.frombytes("RGB", size, picture))
    wanted = np.frombuffer(true, bool).reshape(size[::-1])
    clicks = [_deepest(wanted, inside=True)]
    mask = select(segmenter, embedded, clicks)
    for _ in range(_CLICKS - 1):
        made = mask.values >= 0.5
        wrong = max((wanted & ~made, True), (made & ~wanted, False), key=lambda part: int(part[0].sum()))
        if wrong[0].sum() < wanted.sum() / 10:  # nobody clicks again for a rim
            break
        clicks.append(_deepest(*wrong))
        mask = select(segmenter, embedded, clicks)
    return mask


def _clicked(drawing: Drawing) -> Mask:
    picture = drawing.picture
    return _selected(picture.tobytes(), picture.size, drawing.masks["subject"].tobytes())


def _deepest(where: Bool[np.ndarray, "height width"], inside: bool) -> Click:
    """A click on the place that is farthest from the edge of a part."""
    left = Mask(where.astype(np.float32))
    while not (thinner := left.grow(-1)).is_empty:
        left = thinner
    ys, xs = np.nonzero(left.values >= 0.5)
    middle = len(ys) // 2
    return Click(float(xs[middle]) + 0.5, float(ys[middle]) + 0.5, inside)
