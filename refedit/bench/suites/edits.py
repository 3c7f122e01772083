"""How good edits are on unseen cases: every method of a kind of case on the same cases, and the shares that came out.

The goals are this project's own; a missed one is shown with its value.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image

from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE, REFERENCE, RIGID, Case, CaseKind, case_at
from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.painting import Painting
from refedit.bench.experiment.readings import reading
from refedit.bench.experiment.runs import run_arm
from refedit.bench.experiment.store import WHOLE, Share, Store, outcomes
from refedit.bench.experiment.workbench import Workbench
from refedit.methods import Baret, SpecRef
from refedit.picturebook.evaluation.drawn_well import GOAL
from refedit.picturebook.evaluation.figures import Figure
from refedit.picturebook.world.drawing import draw

SPECREF, PLAIN, BARET = "SpecRef", "prompt-to-prompt", "BARET"

CLICKED = Painting.CLICKED
_BOTH = "right pose kind colour pattern background"
_BOTH_THERE = "right kind colour pattern background style"
_SPECREF = Arm(name=SPECREF, method=SpecRef(), paste=True)
_POSE, _RIGID = (Arm(name=BARET, method=Baret.presets()[name], paste=True) for name in ("non-rigid", "rigid"))

ARMS: Mapping[CaseKind, tuple[Arm, ...]] = {
    REFERENCE: (
        _SPECREF,
        _SPECREF.painted(CLICKED),
        Arm(name=PLAIN, method=SpecRef(reference_steps_start=1.0, fresh_noise=0.0), paste=True),
    ),
    POSE: (_POSE, _POSE.painted(CLICKED)),
    RIGID: (_RIGID, _RIGID.painted(CLICKED)),
}
"""Every edit with the true mask, and with one that two clicks select."""
TIMED: Mapping[CaseKind, str] = {REFERENCE: SPECREF, POSE: BARET}
TIMED_CASES = 3
"""On how many cases an edit is timed: it has to be run afresh, and its time hardly depends on the case."""


def run_cases(workbench: Workbench, which: str, count: int, folder: Path, share: Share = WHOLE) -> Iterator[Outcome]:
    """Every method of every kind on a share of the first `count` cases of a set; what `folder` has is not run again."""
    store = Store(folder, share)
    for kind, arms in ARMS.items():
        yield from outcomes(workbench, store, which, kind, share.of_cases(count), arms)


def run_timed(workbench: Workbench, which: str, count: int, folder: Path) -> Iterator[Outcome]:
    """The first edits of a few cases, each without what earlier ones have left in memory."""
    store = Store(folder)
    for kind, name in TIMED.items():
        alone = tuple(replace(arm, alone=True) for arm in ARMS[kind] if arm.name == name)
        yield from outcomes(workbench, store, which, kind, range(min(count, TIMED_CASES)), alone)


SHARES: tuple[tuple[str, CaseKind, str, str, str], ...] = (
    ("SpecRef: colour and pattern of the reference", REFERENCE, SPECREF, "right colour pattern", ">= 80 %"),
    ("the same, clicked masks", REFERENCE, _SPECREF.painted(CLICKED).name, "right colour pattern", ""),
    ("SpecRef: colour", REFERENCE, SPECREF, "right colour", ""),
    ("SpecRef: pattern", REFERENCE, SPECREF, "right pattern", ""),
    ("SpecRef: kind", REFERENCE, SPECREF, "right kind", ""),
    ("Prompt-to-prompt, the same cases: colour and pattern", REFERENCE, PLAIN, "right colour pattern", ""),
    ("BARET: new pose or expression", POSE, BARET, "changed right", ">= 75 %"),
    ("BARET: kind, colour, pattern, background kept", POSE, BARET, "identity kept", ">= 75 %"),
    ("BARET: both", POSE, BARET, _BOTH, ">= 75 %"),
    ("the same, clicked masks", POSE, _POSE.painted(CLICKED).name, _BOTH, ""),
    ("BARET: new colour, background or style", RIGID, BARET, "changed right", ""),
    ("BARET: kind, colour, pattern, background kept there", RIGID, BARET, "identity kept", ""),
    ("BARET: both there", RIGID, BARET, _BOTH_THERE, ""),
    ("the same there, clicked masks", RIGID, _RIGID.painted(CLICKED).name, _BOTH_THERE, ""),
)
"""What is said, of which cases and method, the reading that counts, and a goal."""


DRAWN: tuple[tuple[str, CaseKind, str], ...] = (
    ("SpecRef: drawn well, contours like the truth's", REFERENCE, SPECREF),
    ("BARET: the same, new pose or expression", POSE, BARET),
    ("BARET: the same, new colour, background or style", RIGID, BARET),
)
"""What blind grades agree with, see `picturebook/README.md`."""


def figures(edited: Sequence[Outcome], timed: Sequence[Outcome]) -> list[Figure]:
    """The table of a run: shares of cases, and means; what no reader could read is left out."""
    rows = [(what, _readings(edited, kind, method, name), "share", goal) for what, kind, method, name, goal in SHARES]
    rows += [(what, _readings(edited, kind, method, "contours"), "", GOAL) for what, kind, method in DRAWN]
    what = "SpecRef outside the true region, before pasting back"
    rows.append((what, _readings(edited, REFERENCE, SPECREF, "outside"), "dB", ">= 28 dB"))
    for kind, method, goal in ((REFERENCE, SPECREF, "<= 10 s"), (POSE, BARET, "<= 20 s")):
        rows.append((f"{method}, one edit", _readings(timed, kind, method, "seconds"), "s", goal))
    return [
        Figure(what=what, value=sum(values) / len(values), unit=unit, cases=len(values), goal=goal)
        for what, values, unit, goal in rows
        if values
    ]


def _readings(edited: Sequence[Outcome], kind: CaseKind, method: str, name: str) -> list[float]:
    chosen = [reading(item, name) for item in edited if (item.kind, item.method) == (kind, method)]
    return [float(value) for value in chosen if value is not None]


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
