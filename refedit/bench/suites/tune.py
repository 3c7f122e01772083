"""Chooses parameters on development cases, one after another: each takes the value that scores best.

Our choice of a score: what the reader believes of the truth's words, averaged over the factors that are to change and
over those that are to stay, one half each, less the distance to the true picture. An edit that does nothing keeps
every other factor, so a plain average over factors would choose timid edits.

A trial that is surely behind the best one on its first cases is given up (our choice: by a standard error, after 8).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from statistics import fmean, stdev
from typing import Any

from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE, REFERENCE, RIGID, CaseKind
from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.store import Store, outcomes
from refedit.bench.experiment.workbench import Workbench
from refedit.methods import Baret, Method, SpecRef

STARTS: Mapping[CaseKind, Method] = {
    REFERENCE: SpecRef(),
    POSE: Baret.presets()["non-rigid"],
    RIGID: Baret.presets()["rigid"],
}
OPTIONS: Mapping[CaseKind, Mapping[str, Sequence[Any]]] = {
    REFERENCE: {
        "guidance": (2.0, 3.0, 5.0, 7.5),
        "unconditional": (0.0, 0.5, 1.0),
        "own_keys": (False, True),
        "reference_weight": (1.0, 3.0, 10.0),
        "self_replace": (0.0, 0.3, 0.6),
        "cross_replace": (0.4, 0.8),
        "reference_sites_start": (0.0, 0.4375, 0.625),
        "reference_steps_start": (0.0, 0.08, 0.2),
        "fresh_noise": (0.0, 0.3, 0.5),
        "reference_at": ("inversion", "aligned"),
        "align_reference": (False, True),
    },
    POSE: {
        "guidance": (2.0, 3.0, 4.0, 5.0, 7.5),
        "self_steps": (0.0, 0.15, 0.3, 0.5, 0.7),
        "cross_steps": (0.3, 0.6, 0.9),
        "eta": (0.5, 0.7, 0.85, 1.0),
        "eta_schedule": ("rising", "constant", "falling"),
        "self_grid": (0.25, 0.5, 1.0),
        "initial_text": ("target", "closed form", "empty"),
        "final_text": ("target", "transition"),
        "inversion_prompt": ("target", "empty"),
        "appearance_start": (0.08, 0.3, 1.0),
        "appearance_sites_start": (0.4375, 0.625, 0.75),
        "inner_steps": (1, 2, 4),
    },
}
"""What is tried, in this order; `rigid` tries what `pose` does."""


_FEWEST = 8


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One set of parameters, as what differs from the start, and its score on every case until it was given up."""

    kind: CaseKind
    settings: Mapping[str, Any] = field(default_factory=dict)
    scores: Sequence[float]

    @property
    def score(self) -> float:
        return fmean(self.scores)


def tune(workbench: Workbench, store: Store, kind: CaseKind, count: int) -> Iterator[Trial]:
    """Every trial on the first `count` development cases; the best one comes again as the last."""
    start = STARTS[kind]
    best = Trial(kind=kind, scores=tuple(_scores(workbench, store, kind, start, count)))
    yield best
    for name, values in OPTIONS[kind if kind in OPTIONS else POSE].items():
        for value in values:
            settings = {**best.settings, name: value}
            if value == getattr(replace(start, **best.settings), name):  # type: ignore[type-var]
                continue
            changed: Method = replace(start, **settings)  # type: ignore[type-var]
            scores = until_behind(_scores(workbench, store, kind, changed, count), best.scores)
            trial = Trial(kind=kind, settings=settings, scores=tuple(scores))
            yield trial
            if len(trial.scores) == count:
                best = max(best, trial, key=lambda item: item.score)
    yield best


def until_behind(scores: Iterable[float], best: Sequence[float]) -> Iterator[float]:
    """The scores of a trial, case by case, until they are surely lower than the best trial's on the same cases."""
    gains: list[float] = []
    for own, known in zip(scores, best, strict=False):
        yield own
        gains.append(own - known)
        if len(gains) >= _FEWEST and fmean(gains) + stdev(gains) / sqrt(len(gains)) < 0:
            return


def score(outcome: Outcome) -> float:
    """How good an outcome is; higher is better, 1 at most."""
    new = [chance for factor, chance in outcome.chance.items() if factor in outcome.changed]
    kept = [chance for factor, chance in outcome.chance.items() if factor not in outcome.changed]
    return (fmean(new) + fmean(kept)) / 2 - (outcome.distance or 0.0)


def _scores(workbench: Workbench, store: Store, kind: CaseKind, method: Method, count: int) -> Iterator[float]:
    arm = Arm(name="tuning", method=method, paste=True)
    yield from map(score, outcomes(workbench, store, "development", kind, range(count), (arm,)))
