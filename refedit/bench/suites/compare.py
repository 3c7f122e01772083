"""The comparison: every method on the same unseen cases, between the bounds, with intervals and what edits cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from refedit.bench.baselines.base import PlainDdim
from refedit.bench.baselines.masactrl import MasaCtrl
from refedit.bench.baselines.null_text_editing import NullTextEditing
from refedit.bench.experiment.arms import Arm, SourceUnchanged, TruthRoundTrip
from refedit.bench.experiment.cases import POSE, REFERENCE, RIGID, CaseKind
from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.painting import Painting
from refedit.bench.experiment.readings import by_case, readings
from refedit.bench.experiment.statistics import combined, interval
from refedit.bench.experiment.store import WHOLE, Share, Store, outcomes
from refedit.bench.experiment.workbench import Workbench
from refedit.methods import Baret, Method, SpecRef

SPECREF, BARET = "SpecRef recommended", "BARET non-rigid"
BARET_RIGID = "BARET rigid"


def _arm(name: str, method: Method) -> Arm:
    return Arm(name=name, method=method, paste=True)


_FLOOR = Arm(name="source unchanged (bound)", method=SourceUnchanged())
_CEILING = Arm(name="VAE round trip of the truth (bound)", method=TruthRoundTrip())
_PRESETS = Baret.presets()
_SPECREF = _arm(SPECREF, SpecRef.presets()["recommended"])
_BARET = {name: _arm(f"BARET {name}", preset) for name, preset in _PRESETS.items()}
_UNFITTED = _arm("DDIM inversion + prompt-to-prompt", NullTextEditing(inner_steps=0))


def _others(guidance: float) -> tuple[Arm, ...]:
    """The other methods with their authors' guidance, and with one that was chosen for the built-in model."""
    return (
        _arm("null-text + prompt-to-prompt", NullTextEditing()),
        _arm(f"null-text + prompt-to-prompt, guidance {guidance:g}", NullTextEditing(guidance=guidance)),
        _arm("MasaCtrl", MasaCtrl()),
        _arm(f"MasaCtrl, guidance {guidance:g}", MasaCtrl(guidance=guidance)),
        _arm("plain DDIM", PlainDdim()),
        _arm(f"plain DDIM, guidance {guidance:g}", PlainDdim(guidance=guidance)),
    )


def _by_hand(arm: Arm) -> tuple[Arm, ...]:
    """The arm with masks as people make them; only the true ones know the result."""
    return (arm.painted(Painting.ROUGH), arm.painted(Painting.CLICKED))


ARMS: Mapping[CaseKind, tuple[Arm, ...]] = {
    REFERENCE: (
        _FLOOR,
        _SPECREF,
        *_by_hand(_SPECREF),
        _arm("SpecRef without a reference", SpecRef(reference_steps_start=1.0, fresh_noise=0.0)),
        _arm("SpecRef official, painted", SpecRef.presets()["official"]),
        replace(_arm("SpecRef official, by words", SpecRef.presets()["official"]), painting=Painting.WORDS),
        *_others(SpecRef().guidance),
        _CEILING,
    ),
    POSE: (
        _FLOOR,
        *_BARET.values(),
        *_by_hand(_BARET["non-rigid"]),
        _UNFITTED,
        *_others(_PRESETS["non-rigid"].guidance),
        _CEILING,
    ),
    RIGID: (
        _FLOOR,
        *(_BARET[name] for name in ("rigid", "non-rigid")),
        *_by_hand(_BARET["rigid"]),
        _UNFITTED,
        *_others(_PRESETS["rigid"].guidance),
        _CEILING,
    ),
}
"""By kind of case; BARET takes no reference, SpecRef nothing but one, and `published` is a preset for poses. The second
guidance of the others is that of the method that the kind is for."""

OWN: Mapping[CaseKind, str] = {REFERENCE: SPECREF, POSE: BARET, RIGID: BARET_RIGID}
"""The method that a kind of case is for: the others' paired differences are to it."""

READINGS: Mapping[CaseKind, tuple[str, ...]] = {
    REFERENCE: readings("right colour pattern", "right colour", "right pattern", "right kind", "leak"),
    POSE: readings("changed right", "identity kept"),
    RIGID: readings("changed right", "identity kept"),
}
COMMON = readings(
    *("distance", "distance_inside", "distance_outside", "whole", "inside", "outside"),
    *("ssim_inside", "ssim_outside", "contours", "text"),
)
COST_CASES = 3
"""What an edit costs hardly depends on the case."""


@dataclass(frozen=True)
class Comparison:
    """The outcomes of all arms on the first `cases` of a set, by kind, arm and number; costs of first edits apart."""

    cases: int
    outcomes: dict[tuple[CaseKind, str], dict[int, Outcome]] = field(default_factory=dict)
    costs: dict[tuple[CaseKind, str], dict[int, Outcome]] = field(default_factory=dict)

    def __len__(self) -> int:
        arms = sum(len(arms) for arms in ARMS.values())
        methods = sum(len(_alone(arms)) for arms in ARMS.values())
        return arms * self.cases + methods * min(self.cases, COST_CASES)

    def run(self, workbench: Workbench, store: Store, which: str, share: Share = WHOLE) -> Iterator[Outcome]:
        """All of a share, as they are done; costs belong to the whole run, which has nothing beside it."""
        costs = min(self.cases, COST_CASES) if share.whole else 0
        for kind, arms in ARMS.items():
            wanted = ((arms, share.of_cases(self.cases), self.outcomes), (_alone(arms), range(costs), self.costs))
            for chosen, numbers, kept in wanted:
                for outcome in outcomes(workbench, store, which, kind, numbers, chosen):
                    kept.setdefault((kind, outcome.method), {})[outcome.number] = outcome
                    yield outcome

    def to_json(self) -> dict[str, Any]:
        """Means with intervals, paired differences to each kind's own method, and the numbers of its worst cases."""
        return {
            "cases": self.cases,
            "rows": [row for kind in ARMS for row in self._rows(kind)],
            "differences": [row for kind in ARMS for row in self._differences(kind)],
            "worst": {kind: self._worst(kind) for kind in ARMS},
        }

    def _rows(self, kind: CaseKind) -> Iterator[dict[str, Any]]:
        for arm in ARMS[kind]:
            for name in (*READINGS[kind], *COMMON):
                yield _row(kind, arm.name, name, list(by_case(self.outcomes[kind, arm.name], name).values()))
            for name in ("rows", "seconds"):
                values = by_case(self.costs.get((kind, arm.name), {}), name).values()
                # Too few cases for an interval.
                yield {**_row(kind, arm.name, name, list(values)), "low": None, "high": None}

    def _differences(self, kind: CaseKind) -> Iterator[dict[str, Any]]:
        own = OWN[kind]
        for arm in ARMS[kind]:
            for name in ("distance", "whole", READINGS[kind][0]):
                if arm.name != own:
                    samples = {who: by_case(self.outcomes[kind, who], name) for who in (own, arm.name)}
                    values = combined(samples, {own: 1.0, arm.name: -1.0})
                    yield {**_row(kind, arm.name, name, values), "own": own}

    def _worst(self, kind: CaseKind, count: int = 2) -> list[int]:
        """The cases whose own method's result is farthest from the truth."""
        own = self.outcomes[kind, OWN[kind]]
        return sorted(own, key=lambda n: _badness(own[n]), reverse=True)[:count]


def _badness(outcome: Outcome) -> float:
    return -(outcome.whole or 0.0) if outcome.distance is None else outcome.distance


def _alone(arms: Sequence[Arm]) -> tuple[Arm, ...]:
    return tuple(replace(arm, alone=True) for arm in arms if arm not in (_FLOOR, _CEILING))


def _row(kind: CaseKind, arm: str, name: str, values: Sequence[float | bool | None]) -> dict[str, Any]:
    own = interval([x for x in values if x is not None])
    return {"kind": kind, "method": arm, "reading": name, **own.to_json()}
