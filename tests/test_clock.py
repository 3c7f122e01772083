"""The clock: the time left follows from the work that was seen."""

import pytest
import torch

from refedit.diffusion.ddim import Frame
from refedit.editing.progress import Clock

STAGES = {"up": 1.0, "fit": 1.0, "edit": 4.0}


def frame(stage: str, step: int, of: int) -> Frame:
    z = torch.zeros(1, 4, 8, 8)
    return Frame(stage=stage, step=step, of=of, estimate=z, rows=z)


def told(frames: list[Frame], elapsed: float) -> tuple[float, float]:
    """The last part done and time left, if the frames took so many seconds."""
    clock = Clock(STAGES)
    clock.started -= elapsed
    last = [clock.progress(one) for one in frames][-1]
    assert last.seconds_left is not None
    return last.fraction, last.seconds_left


@pytest.mark.parametrize("done", [1, 3, 10])
def test_what_came_from_memory_took_no_time(done: int) -> None:
    fraction, left = told([frame("edit", step, 10) for step in range(1, done + 1)], 30.0)
    assert left == pytest.approx((10 - done) / done * 30, rel=1e-2) and fraction == pytest.approx((2 + 0.4 * done) / 6)


def test_where_nothing_was_remembered_the_part_done_says_how_long() -> None:
    frames = [frame(stage, step, 4) for stage in STAGES for step in (1, 2, 3, 4)][:-2]
    fraction, left = told(frames, 20.0)
    assert fraction == pytest.approx(4 / 6) and left == pytest.approx(20 * (1 - fraction) / fraction, rel=1e-2)


def test_half_a_stage_from_memory_is_half_the_work() -> None:
    assert told([frame("up", 4, 4), frame("fit", 4, 4), frame("edit", 4, 4)], 9.0)[1] == 0
    assert told([frame("up", 3, 4), frame("up", 4, 4)], 1.0)[1] == pytest.approx(10, rel=1e-2)


def test_the_first_half_second_says_nothing() -> None:
    assert Clock(STAGES).progress(frame("up", 1, 4)).seconds_left is None
