"""The clock: the time left follows from the work that was seen."""

import pytest
import torch

from refedit.diffusion.ddim import Stage, Step
from refedit.editing.progress import Clock, Costs
from refedit.methods import Baret

UP, FIT, EDIT = Stage("up"), Stage("fit"), Stage("edit", draws=True)
STAGES = {UP: 1.0, FIT: 1.0, EDIT: 4.0}


def step(stage: Stage, number: int, of: int) -> Step:
    z = torch.zeros(1, 4, 8, 8)
    return Step(stage=stage, number=number, of=of, denoised=z, rows=z)


def told(steps: list[Step], elapsed: float) -> tuple[float, float]:
    """The last part done and time left, if the steps took so many seconds."""
    clock = Clock(STAGES)
    clock.started -= elapsed
    last = [clock.progress(one) for one in steps][-1]
    assert last.seconds_left is not None
    return last.fraction, last.seconds_left


@pytest.mark.parametrize("done", [1, 3, 10])
def test_what_came_from_memory_took_no_time(done: int) -> None:
    fraction, left = told([step(EDIT, number, 10) for number in range(1, done + 1)], 30.0)
    assert left == pytest.approx((10 - done) / done * 30, rel=1e-2) and fraction == pytest.approx((2 + 0.4 * done) / 6)


def test_where_nothing_was_remembered_the_part_done_says_how_long() -> None:
    steps = [step(stage, number, 4) for stage in STAGES for number in (1, 2, 3, 4)][:-2]
    fraction, left = told(steps, 20.0)
    assert fraction == pytest.approx(4 / 6) and left == pytest.approx(20 * (1 - fraction) / fraction, rel=1e-2)


def test_half_a_stage_from_memory_is_half_the_work() -> None:
    assert told([step(UP, 4, 4), step(FIT, 4, 4), step(EDIT, 4, 4)], 9.0)[1] == 0
    assert told([step(UP, 3, 4), step(UP, 4, 4)], 1.0)[1] == pytest.approx(10, rel=1e-2)


def test_before_any_work_was_seen_only_earlier_edits_say_how_long() -> None:
    assert Clock(STAGES).progress(step(UP, 1, 4)).seconds_left is None
    assert Clock(STAGES, expected=24.0).progress(step(UP, 1, 4)).seconds_left == pytest.approx(24 * (1 - 1 / 24))


def test_costs_are_those_of_edits_done_lately() -> None:
    method, costs = Baret(steps=10), Costs(last=3)
    assert costs.expected(method) is None
    for rows, seconds in ((0, 5.0), (10, 100.0), (10, 1.0), (10, 2.0), (10, 3.0)):
        costs.record(rows, seconds)
    assert costs.expected(method) == pytest.approx(0.2 * 10 * sum(method.stages.values()))
