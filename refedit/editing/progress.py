"""How far an edit is, how long it will still take, and when a preview of it is due."""

import time
from collections.abc import Mapping

from refedit.diffusion.ddim import Frame
from refedit.editing.request import Progress

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


class Clock:
    """How far an edit is, from the method's stages and their weights.

    The time left follows from the work that was seen: what comes from memory passes without frames, and took no time.
    """

    def __init__(self, stages: Mapping[str, float]) -> None:
        self.stages, self.started, self.seen = stages, time.monotonic(), 0.0

    def progress(self, frame: Frame) -> Progress:
        """How far the edit is after this frame; every frame is to be told once."""
        names, weights = list(self.stages), list(self.stages.values())
        place, total = names.index(frame.stage), sum(weights)
        self.seen += weights[place] / frame.of
        fraction = (sum(weights[:place]) + weights[place] * frame.step / frame.of) / total
        elapsed = time.monotonic() - self.started
        left = elapsed * (1 - fraction) * total / self.seen if elapsed > 0.5 else None
        return Progress(
            stage=frame.stage, step=frame.step, of=frame.of, fraction=fraction, seconds_left=left, loss=frame.loss
        )
