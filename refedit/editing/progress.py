"""How far an edit is, how long it will still take, and when a preview of it is due."""

import time
from collections import deque
from collections.abc import Mapping
from statistics import median

from refedit.diffusion.ddim import Stage, Step
from refedit.editing.request import Progress
from refedit.methods import Method

PREVIEW_SECONDS = 0.25


class Pace:
    """When a preview is due: a few times a second, and ten times in an edit however short it is."""

    def __init__(self) -> None:
        self.shown, self.fraction = 0.0, -1.0

    def due(self, fraction: float) -> bool:
        """True if one is to be shown now, at this part (0..1) of the edit."""
        now = time.monotonic()
        if now - self.shown < PREVIEW_SECONDS and fraction - self.fraction < 0.1 and fraction < 1:
            return False
        self.shown, self.fraction = now, fraction
        return True


class Costs:
    """What edits have cost lately, so that the next one's time can be told before it has begun."""

    def __init__(self, last: int = 8) -> None:
        self._seconds_per_row: deque[float] = deque(maxlen=last)

    def record(self, rows: int, seconds: float) -> None:
        """An edit of so many UNet rows is done."""
        if rows:
            self._seconds_per_row.append(seconds / rows)

    def expected(self, method: Method) -> float | None:
        """Seconds of an edit of which nothing is remembered; None before any was done."""
        if not self._seconds_per_row:
            return None
        return median(self._seconds_per_row) * method.steps * sum(method.stages.values())


class Clock:
    """How far an edit is, from the method's stages and their weights.

    The time left follows from the work that was seen: what comes from memory passes without steps, and took no time.
    Before there is enough of it, the time left is the part of `expected` seconds, if those are known.
    """

    def __init__(self, stages: Mapping[Stage, float], expected: float | None = None) -> None:
        self.stages, self.expected, self.started, self.seen = stages, expected, time.monotonic(), 0.0

    def progress(self, step: Step) -> Progress:
        """How far the edit is after this step; every step is to be told once."""
        stages, weights = list(self.stages), list(self.stages.values())
        place, total = stages.index(step.stage), sum(weights)
        self.seen += weights[place] / step.of
        fraction = (sum(weights[:place]) + weights[place] * step.number / step.of) / total
        return Progress(
            stage=step.stage.words,
            step=step.number,
            of=step.of,
            fraction=fraction,
            seconds_left=self._left(fraction, total),
            loss=step.loss,
        )

    def _left(self, fraction: float, total: float) -> float | None:
        elapsed = time.monotonic() - self.started
        if elapsed > 0.5:
            return elapsed * (1 - fraction) * total / self.seen
        return None if self.expected is None else self.expected * (1 - fraction)
