"""Runs the arms of claims, every one once however many claims share it, and makes their verdicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from refedit.bench.claims.appearance import APPEARANCE_CLAIMS
from refedit.bench.claims.baret import BARET_CLAIMS
from refedit.bench.claims.baret_effort import EFFORT_CLAIMS
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import ByArm
from refedit.bench.claims.injection import INJECTION_CLAIMS
from refedit.bench.claims.inversions import INVERSION_CLAIMS
from refedit.bench.claims.specref import SPECREF_CLAIMS
from refedit.bench.claims.specref_details import DETAIL_CLAIMS
from refedit.bench.claims.specref_masks import MASK_CLAIMS
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import CaseKind
from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.store import WHOLE, Share, Store, outcomes
from refedit.bench.experiment.workbench import Workbench
from refedit.errors import EditError

_EVERY = (
    *SPECREF_CLAIMS,
    *MASK_CLAIMS,
    *DETAIL_CLAIMS,
    *INVERSION_CLAIMS,
    *BARET_CLAIMS,
    *EFFORT_CLAIMS,
    *INJECTION_CLAIMS,
    *APPEARANCE_CLAIMS,
)
CLAIMS: tuple[Claim, ...] = tuple(sorted(_EVERY, key=lambda claim: claim.place))


def chosen(names: Sequence[str]) -> tuple[Claim, ...]:
    """The claims of these names, all if there are none; EditError names an unknown one."""
    known = {claim.name: claim for claim in CLAIMS}
    for name in names:
        if name not in known:
            raise EditError(f"There is no claim '{name}'. Choose from {', '.join(known)}.")
    return tuple(known[name] for name in names) if names else CLAIMS


@dataclass(frozen=True)
class Runs:
    """The outcomes of claims' arms; arms that do the same share them."""

    claims: Sequence[Claim]
    cases: int
    outcomes: dict[tuple[CaseKind, str], dict[int, Outcome]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(len(self._arms(kind, number)) for kind in self._kinds() for number in range(self.cases))

    def run(self, workbench: Workbench, store: Store, which: str, share: Share = WHOLE) -> Iterator[Outcome]:
        """Every case of a share, of every kind, with all the arms that it needs, as they are done.

        Costs, of arms that run alone, belong to the whole run, which has nothing beside it.
        """
        for kind in self._kinds():
            for number in share.of_cases(self.cases):
                arms = {key: arm for key, arm in self._arms(kind, number).items() if share.whole or not arm.alone}
                done = outcomes(workbench, store, which, kind, range(number, number + 1), tuple(arms.values()))
                for key, outcome in zip(arms, done, strict=True):
                    self.outcomes.setdefault((kind, key), {})[number] = outcome
                    yield outcome

    def to_json(self) -> list[dict[str, Any]]:
        """Every claim with its verdict."""
        return [claim.to_json(self.results(claim)) for claim in self.claims]

    def results(self, claim: Claim) -> ByArm:
        """What a claim's verdict is made from."""
        numbers = range(claim.count(self.cases))
        return {
            arm.name: {n: outcome for n, outcome in self.outcomes.get((kind, arm.key), {}).items() if n in numbers}
            for kind, arms in claim.arms.items()
            for arm in arms
        }

    def _kinds(self) -> list[CaseKind]:
        return sorted({kind for claim in self.claims for kind in claim.arms})

    def _arms(self, kind: CaseKind, number: int) -> dict[str, Arm]:
        """The arms by key that any claim wants to see on this case."""
        wanted = (claim for claim in self.claims if number < claim.count(self.cases))
        return {arm.key: arm for claim in wanted for arm in claim.arms.get(kind, ())}
