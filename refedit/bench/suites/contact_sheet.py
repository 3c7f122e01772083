"""Pictures of edits to look at: a row for each case with source, reference, every method's result, and the truth."""

from collections.abc import Iterator

from PIL import Image

from refedit.bench.experiment.cases import Case, case_at
from refedit.bench.experiment.runs import run_arm
from refedit.bench.experiment.workbench import Workbench
from refedit.bench.suites.edits import ARMS
from refedit.picturebook.world.drawing import draw

ROWS = 6
SIDE = 160


def sheet(workbench: Workbench, which: str, rows: int = ROWS) -> Image.Image:
    """The first cases of every kind of a set, a row each, SIDE pixels a picture; what a row lacks stays white."""
    strips = [list(_strip(workbench, case_at(which, kind, number))) for kind in ARMS for number in range(rows)]
    image = Image.new("RGB", (SIDE * max(len(strip) for strip in strips), SIDE * len(strips)), "white")
    for y, strip in enumerate(strips):
        for x, picture in enumerate(strip):
            image.paste(picture.resize((SIDE, SIDE)), (x * SIDE, y * SIDE))
    return image


def _strip(workbench: Workbench, case: Case) -> Iterator[Image.Image]:
    scenes = [case.source, *([case.reference] if case.reference else [])]
    yield from (draw(scene, SIDE).picture for scene in scenes)
    yield from (run_arm(workbench, case, arm).final for arm in ARMS[case.kind])
    yield draw(case.result, SIDE).picture
