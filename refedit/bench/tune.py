"""Chooses parameters on development cases, one after another: each takes the value that scores best.

Our choice of a score: what the reader believes of the truth's words, averaged over the factors that are to change and
over those that are to stay, one half each, less the distance to the true picture. An edit that does nothing keeps
every other factor, so a plain average over factors would choose timid edits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Any

from refedit.bench.arms import Arm
from refedit.bench.cases import POSE, REFERENCE, RIGID, case_at
from refedit.bench.outcome import Outcome, measured
from refedit.bench.rig import Rig
from refedit.bench.runs import make
from refedit.methods import Baret, Method, SpecRef

STARTS: Mapping[str, Method] = {
    REFERENCE: SpecRef(),
    POSE: Baret.presets()["non-rigid"],
    RIGID: Baret.presets()["rigid"],
}
OPTIONS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    REFERENCE: {
        "guidance": (2.0, 3.0, 5.0, 7.5),
        "unconditional": (0.0, 0.5, 1.0),
        "own_keys": (False, True),
        "reference_weight": (1.0, 3.0, 10.0),
        "self_replace": (0.0, 0.3, 0.6),
        "cross_replace": (0.4, 0.8),
        "reference_sites_start": (0.0, 0.4375, 0.625),
        "reference_steps_start": (0.0, 0.08, 0.2),
        "reference_at": ("inversion", "aligned"),
        "align_reference": (False, True),
    },
    POSE: {
        "guidance": (2.0, 3.0, 4.0, 5.0, 7.5),
        "self_steps": (0.0, 0.15, 0.3, 0.5),
        "cross_steps": (0.3, 0.6, 0.9),
        "eta": (0.5, 0.8, 1.0),
        "eta_schedule": ("rising", "constant", "falling"),
        "self_grid": (0.25, 0.5, 1.0),
        "initial_text": ("target", "closed form"),
        "final_text": ("target", "transition"),
    },
}
"""What is tried, in this order; `rigid` tries what `pose` does."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One set of parameters, as what differs from the method's defaults, and its mean score."""

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    score: float


def tune(rig: Rig, kind: str, count: int) -> Iterator[Trial]:
    """Every trial on the first `count` development cases; the best one comes again as the last."""
    start = STARTS[kind]
    best = Trial(kind=kind, score=_score(rig, kind, start, count))
    yield best
    for name, values in OPTIONS[kind if kind in OPTIONS else POSE].items():
        for value in values:
            settings = {**best.settings, name: value}
            if value == getattr(replace(start, **best.settings), name):  # type: ignore[type-var]
                continue
            changed: Method = replace(start, **settings)  # type: ignore[type-var]
            trial = Trial(kind=kind, settings=settings, score=_score(rig, kind, changed, count))
            yield trial
            best = max(best, trial, key=lambda item: item.score)
    yield best


def score(outcome: Outcome) -> float:
    """How good an outcome is; higher is better, 1 at most."""
    new = [chance for factor, chance in outcome.chance.items() if factor in outcome.changed]
    kept = [chance for factor, chance in outcome.chance.items() if factor not in outcome.changed]
    return (fmean(new) + fmean(kept)) / 2 - (outcome.distance or 0.0)


def _score(rig: Rig, kind: str, method: Method, count: int) -> float:
    arm, total = Arm(name="", method=method, paste=True), 0.0
    for number in range(count):
        case = case_at("development", kind, number)
        total += score(measured(case, arm.name, make(rig, case, arm), rig.model.size, rig.reader))
    return total / count
