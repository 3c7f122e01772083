"""Strips of pictures: source, reference, truth and every method's result, of the first cases and the worst ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from refedit.bench.experiment.cases import Case, CaseKind, case_at
from refedit.bench.experiment.runs import run_arm
from refedit.bench.experiment.workbench import Workbench
from refedit.bench.suites.compare import ARMS, OWN
from refedit.bench.suites.results import Results
from refedit.errors import EditError
from refedit.picturebook.world.true_edits import drawn

FIRST = 2
SIDE = 128


@dataclass(frozen=True)
class Strip:
    """A case in pictures, each with its label; `worst` if its own method is farthest from the truth there."""

    kind: CaseKind
    number: int
    prompt: str
    worst: bool
    pictures: tuple[tuple[str, Image.Image], ...]


def strips(results: Results, model: str, device: str) -> Iterator[Strip]:
    """The comparison's strips, run anew; none without a comparison. EditError if its model is not this one."""
    if results.comparison is None:
        return
    workbench, weights = Workbench.load(model, device), results.comparison["about"]["weights"]
    if workbench.checksum != weights:
        raise EditError(f"The results are of other weights ({weights}) than '{model}'. Name their model with --model.")
    for name, worst in results.comparison["worst"].items():
        kind = CaseKind(name)
        first = [number for number in range(min(FIRST, results.comparison["cases"])) if number not in worst]
        for number in [*first, *worst]:
            yield strip(workbench, case_at(results.comparison["set"], kind, number), number in worst)


def strip(workbench: Workbench, case: Case, worst: bool) -> Strip:
    """One case: what is given, what is true, and what every arm makes of it."""
    scenes = [("source", case.source), ("reference", case.reference), ("truth", case.result)]
    given = [(label, drawn(scene, SIDE).picture) for label, scene in scenes if scene is not None]
    made = [(arm.name, run_arm(workbench, case, arm).final) for arm in ARMS[case.kind] if "bound" not in arm.name]
    request = case.request(_own_method(case), SIDE)
    return Strip(case.kind, case.number, request.prompt, worst, (*given, *made))


def _own_method(case: Case) -> Any:
    return next(arm.method for arm in ARMS[case.kind] if arm.name == OWN[case.kind])
