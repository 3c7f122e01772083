"""From roughly where a thing is to its mask: what Segment Anything makes of the warmest places."""

from collections.abc import Iterator

import numpy as np

from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.segment.segmenter import Candidate, Click, Embedded, Segmenter

PLACES = 3
"""So many of the warmest places are clicked."""
WARM = 0.4
"""The part of the largest heat from which on the box round the thing is drawn (our choice)."""


def cut_out(segmenter: Segmenter, picture: Embedded, heat: Mask) -> Mask:
    """The one of SAM's answers that agrees best with a heat of the picture's size, 1 where the thing surely is.

    SAM is asked for the warmest places, one by one and together, and for the box round all that is warm. Agreement is
    the sum of the smaller values of heat and mask over that of the larger ones (our choice: on 35 unseen drawings the
    chosen answers have a mean IoU of 0.95 with the truth, the best ones of all answers 0.96). Raises EditError if
    nothing is warm.
    """
    if not heat.values.max() > 0:
        raise EditError("Nothing in the picture stands out for this word. Paint or click it instead.")
    answers = _answers(segmenter, picture, heat)
    return max((answer.mask for answer in answers), key=lambda mask: agreement(mask, heat))


def agreement(mask: Mask, heat: Mask) -> float:
    """How far (0..1) a mask and a heat of the same size are the same."""
    return float(np.minimum(mask.values, heat.values).sum() / np.maximum(mask.values, heat.values).sum())


def _answers(segmenter: Segmenter, picture: Embedded, heat: Mask) -> Iterator[Candidate]:
    clicks = list(_warmest(heat))
    for click in clicks:
        yield from segmenter.candidates(picture, [click])
    yield from segmenter.candidates(picture, clicks[:2])
    ys, xs = np.nonzero(heat.values >= WARM * heat.values.max())
    box = float(xs.min()), float(ys.min()), float(xs.max() + 1), float(ys.max() + 1)
    yield from segmenter.candidates(picture, [], box)
    yield from segmenter.candidates(picture, clicks[:1], box)


def _warmest(heat: Mask) -> Iterator[Click]:
    """The warmest places, not too near to each other."""
    left, apart = heat.values.copy(), max(1, max(heat.size) // 8)
    for _ in range(PLACES):
        y, x = np.unravel_index(int(left.argmax()), left.shape)
        yield Click(float(x) + 0.5, float(y) + 0.5)
        left[max(0, y - apart) : y + apart + 1, max(0, x - apart) : x + apart + 1] = 0
