"""What several clicks select: every click inside is in it, and every click outside is not.

SAM answers with one thing. Clicked on two things, it may take what lies between them, or neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.segment.segmenter import Box, Click, Embedded, Segmenter

MOST = 60
DOT = 1 / 48
"""The part of the longer side that a click itself selects or frees, where SAM sees nothing there."""


def select(segmenter: Segmenter, picture: Embedded, clicks: Sequence[Click], box: Box | None = None) -> Mask:
    """The mask of the things that the clicks, or a box, show; EditError as `Segmenter.mask`.

    Two clicks are on one thing if SAM's answer to one of them holds the other; each thing is asked for with all of its
    clicks (our choice: of 30 pairs of clicks on two drawn subjects the IoU is 0.93, against 0.65 for one question; of
    30 on one subject, the second where the answer to the first was wrong, it is 0.92 against 0.94).
    """
    if len(clicks) > MOST:
        raise EditError(f"There are {len(clicks)} clicks; at most {MOST} are looked at. Paint the rest.")
    wanted, outside = ([click for click in clicks if click.inside is inside] for inside in (True, False))
    asking = _Asking(segmenter, picture)
    if box is not None or not wanted:
        mask = segmenter.mask(picture, clicks, box)
        mask = Mask.union([mask, *(asking.thing([click], outside) for click in wanted if not holds(mask, click))])
    else:
        mask = Mask.union([asking.thing(thing, outside) for thing in asking.things(wanted)])
    for click in outside:
        if holds(mask, click):
            spared = [replace(other, inside=False) for other in wanted]
            mask = mask.subtract(asking.thing([replace(click, inside=True)], spared))
    return mask


def keeps_to(mask: Mask, clicks: Sequence[Click]) -> bool:
    """True if every click inside is in the mask, and no click outside."""
    return all(holds(mask, click) == click.inside for click in clicks)


def holds(mask: Mask, click: Click) -> bool:
    """True if the place of a click is inside the mask."""
    x, y = (min(int(at), side - 1) for at, side in zip((click.x, click.y), mask.size, strict=True))
    return bool(mask.values[y, x] >= 0.5)


@dataclass(frozen=True)
class _Asking:
    """A picture before a segmenter."""

    segmenter: Segmenter
    picture: Embedded

    def things(self, clicks: Sequence[Click]) -> list[list[Click]]:
        """The clicks inside, those on one thing together."""
        held = {click: self._held(click, clicks) for click in clicks}
        things: list[list[Click]] = []
        for click in held:
            same = [one for one in things if any(click in held[other] or other in held[click] for other in one)]
            things = [*(one for one in things if one not in same), [*(other for one in same for other in one), click]]
        return things

    def _held(self, click: Click, clicks: Sequence[Click]) -> set[Click]:
        """The clicks that the answer to one of them holds. The answer, as large as the picture, is not kept."""
        answer = self.thing([click], [])
        return {other for other in clicks if holds(answer, other)}

    def thing(self, clicks: Sequence[Click], outside: Sequence[Click]) -> Mask:
        """The thing that clicks inside show: SAM's best answer that keeps to them and to the clicks outside.

        Where there is none, clicks inside get a dot more; where even that holds a click outside, there is the dot only.
        """
        for asked in ([*clicks, *outside], clicks):
            for answer in self.segmenter.candidates(self.picture, asked):
                if keeps_to(answer.mask, [*clicks, *outside]):
                    return answer.mask
        dots = Mask.union([_dot(click, outside, self.picture.size) for click in clicks])
        nearly = Mask.union([self.segmenter.mask(self.picture, [*clicks, *outside]), dots])
        return nearly if keeps_to(nearly, outside) else dots


def _dot(click: Click, outside: Sequence[Click], size: tuple[int, int]) -> Mask:
    """A small disc round a click, smaller still where a click outside is near."""
    near = [0.7 * np.hypot(other.x - click.x, other.y - click.y) for other in outside]
    ys, xs = np.ogrid[: size[1], : size[0]]
    disc = (xs + 0.5 - click.x) ** 2 + (ys + 0.5 - click.y) ** 2 <= min([DOT * max(size), *near]) ** 2
    disc[min(int(click.y), size[1] - 1), min(int(click.x), size[0] - 1)] = True
    return Mask(disc.astype(np.float32))
