"""How good edits are on unseen cases: every method of a kind of case on the same cases, and the shares that came out.

The goals are this project's own; a missed one is shown with its value.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from refedit.bench.cases import POSE, REFERENCE, RIGID, Case, case_at
from refedit.bench.outcome import Outcome, run_case
from refedit.editor import Editor
from refedit.methods import Baret, Method, SpecRef
from refedit.picturebook.figures import Figure
from refedit.picturebook.reader import Reader

SPECREF, PLAIN, BARET = "SpecRef", "prompt-to-prompt", "BARET"

METHODS_OF: Mapping[str, Mapping[str, Method]] = {
    # The whole edited square instead of a pasted region: what lies outside shall be the method's doing.
    REFERENCE: {
        SPECREF: SpecRef(paste="square"),
        PLAIN: SpecRef(paste="square", reference_steps_start=1.0),
    },
    POSE: {BARET: Baret.presets()["non-rigid"]},
    RIGID: {BARET: Baret.presets()["rigid"]},
}


def run_cases(editor: Editor, reader: Reader, which: str, count: int, folder: Path) -> Iterator[Outcome]:
    """Every method of every kind on the first `count` cases of a set; what `folder` has already is not run again."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{which}.jsonl"
    known = {(found.kind, found.method, found.number): found for found in read_outcomes(path)}
    for kind, methods in METHODS_OF.items():
        for number in range(count):
            for name, method in methods.items():
                found = known.get((kind, name, number))
                if found is None:
                    found = run_case(editor, case_at(which, kind, number), name, method, reader)
                    with path.open("a") as file:
                        file.write(json.dumps(asdict(found)) + "\n")
                yield found


def read_outcomes(path: Path) -> list[Outcome]:
    """The outcomes that a file holds, none if there is no file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [Outcome(**json.loads(line)) for line in lines]


SHARES: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    ("SpecRef: colour and pattern of the reference", REFERENCE, SPECREF, ("colour", "pattern"), ">= 80 %"),
    ("SpecRef: colour", REFERENCE, SPECREF, ("colour",), ""),
    ("SpecRef: pattern", REFERENCE, SPECREF, ("pattern",), ""),
    ("SpecRef: kind", REFERENCE, SPECREF, ("kind",), ""),
    ("Prompt-to-prompt, the same cases: colour and pattern", REFERENCE, PLAIN, ("colour", "pattern"), ""),
    ("BARET: new pose or expression", POSE, BARET, ("pose",), ">= 75 %"),
    (
        "BARET: kind, colour, pattern, background kept",
        POSE,
        BARET,
        ("kind", "colour", "pattern", "background"),
        ">= 75 %",
    ),
    ("BARET: new colour, background or style", RIGID, BARET, (), ""),
    ("BARET: kind and pose kept there", RIGID, BARET, ("kind", "pose"), ""),
)
"""What is said, of which cases and method, the factors to be read right (none: those that changed), and a goal."""


def figures(outcomes: Sequence[Outcome], which: str) -> list[Figure]:
    """The table of a run on a set: shares of cases, and means."""
    found = []
    for what, kind, method, factors, goal in SHARES:
        chosen = _of(outcomes, kind, method)
        right = [_right(item, case_at(which, kind, item.number), factors) for item in chosen]
        found.append(Figure(what=what, value=_mean(right), unit="share", cases=len(right), goal=goal))
    outside = [item.outside for item in _of(outcomes, REFERENCE, SPECREF) if item.outside is not None]
    what = "SpecRef outside the true region, before pasting back"
    found.append(Figure(what=what, value=_mean(outside), unit="dB", cases=len(outside), goal=">= 28 dB"))
    for kind, method, goal in ((REFERENCE, SPECREF, "<= 10 s"), (POSE, BARET, "<= 20 s")):
        seconds = [item.seconds for item in _of(outcomes, kind, method)]
        found.append(Figure(what=f"{method}, one edit", value=_mean(seconds), unit="s", cases=len(seconds), goal=goal))
    return found


def _of(outcomes: Sequence[Outcome], kind: str, method: str) -> list[Outcome]:
    return [item for item in outcomes if (item.kind, item.method) == (kind, method)]


def _right(outcome: Outcome, case: Case, factors: tuple[str, ...]) -> bool:
    return all(outcome.read[factor] == case.truth(factor) for factor in factors or case.changed)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
