"""Runs one arm on one case, as the editor would, but keeps the edited square before it is pasted back."""

from collections.abc import Generator
from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from refedit.bench.experiment.arms import Arm, Bound
from refedit.bench.experiment.cases import Case
from refedit.bench.experiment.workbench import Workbench
from refedit.diffusion.ddim import Step
from refedit.editing.request import EditRequest
from refedit.editing.square_edit import PastedEdit, SquareEdit
from refedit.machine.cache import Cache
from refedit.picturebook.world.true_edits import drawn

CACHE_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True)
class ArmRun:
    """What one arm gave on one case: the edited square, and `final`, the picture that counts as the result.

    `words` is the words' map (0..1) by which a method found its region, at its own grid, and `loss` the last step's,
    where there are such. `rows` of the UNet and `seconds` leave out what was in memory already.
    """

    image: Image.Image
    final: Image.Image
    words: Tensor | None = None
    loss: float | None = None
    rows: int = 0
    seconds: float = 0.0


def run_arm(workbench: Workbench, case: Case, arm: Arm) -> ArmRun:
    """Runs an arm on a case."""
    seen, method, size = arm.case(case), arm.method_for(case), workbench.model.size
    if isinstance(method, Bound):
        picture = method.picture(workbench.model, drawn(seen.source, size).picture, drawn(seen.result, size).picture)
        return ArmRun(image=picture, final=picture)
    request = seen.request(method, size, arm.painting)
    return _run(workbench, request, Cache(CACHE_BYTES) if arm.alone else workbench.cache, arm.paste)


def _run(workbench: Workbench, request: EditRequest, cache: Cache, paste: bool) -> ArmRun:
    steps, done = _drained(SquareEdit(workbench.model, cache, request).steps())
    words = next((step.words for step in reversed(steps) if step.words is not None), None)
    return ArmRun(
        image=done.square,
        final=done.image if paste else done.square,
        words=words,
        loss=steps[-1].loss,
        rows=done.rows,
        seconds=done.seconds,
    )


def _drained(work: Generator[Step, None, PastedEdit]) -> tuple[list[Step], PastedEdit]:
    steps = []
    while True:
        try:
            steps.append(next(work))
        except StopIteration as stop:
            return steps, stop.value
