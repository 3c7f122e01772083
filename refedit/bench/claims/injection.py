"""The claim about injection steps, B7: that two kinds of edit have different best arms of a grid."""

from dataclasses import replace

from refedit.bench.claims.baret import FROM_TARGET
from refedit.bench.claims.claim import Claim, Verdict, by_contrasts
from refedit.bench.claims.contrast import ENOUGH, ByArm, Contrast, Curve, Decision, difference
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE, RIGID, CaseKind
from refedit.bench.experiment.readings import by_case

READING = "distance"


def grid_name(kind: CaseKind, self_steps: float, cross_steps: float) -> str:
    """The name of an arm of a grid: the kind of case, then the pair."""
    return f"{kind}: self {self_steps:g}, cross {cross_steps:g}"


def different_optima(claim: Claim, results: ByArm) -> Verdict:
    """Holds if each kind's best arm is surely nearer to the truth there than the other kind's.

    Fails if one arm is best for both, and surely nearer than each kind's second. The best ones are chosen on even cases
    and judged on odd ones: on the same they would look better than they are.
    """
    even, odd = (
        {name: {n: outcome for n, outcome in cases.items() if n % 2 == half} for name, cases in results.items()}
        for half in (0, 1)
    )
    ranked = {kind: _ranked(claim, kind, even) for kind in (POSE, RIGID)}
    if not ranked[POSE] or not ranked[RIGID]:
        return Verdict(decision="not decided", reason="no reader", findings=())
    best = {kind: pairs[0] for kind, pairs in ranked.items()}
    if min(_fewest(half) for half in (even, odd)) < ENOUGH:
        return Verdict(decision="not decided", reason=f"too few cases: {ENOUGH} are needed in each half", findings=())
    if best[POSE] == best[RIGID]:
        verdict = by_contrasts([_cost(kind, pairs[1], pairs[0], "second") for kind, pairs in ranked.items()], odd)
        word: Decision = "fails" if verdict.decision == "holds" else "not decided"
        return replace(verdict, decision=word, reason=f"the same pair is best for both: {best[POSE]}")
    pairs = ((POSE, best[RIGID], best[POSE]), (RIGID, best[POSE], best[RIGID]))
    verdict = by_contrasts([_cost(*pair, "other kind's") for pair in pairs], odd)
    reason = f"best for poses: {best[POSE]}; best for rigid edits: {best[RIGID]}"
    return replace(verdict, reason="; ".join(filter(None, (reason, verdict.reason))))


def _fewest(results: ByArm) -> int:
    return min(map(len, results.values()), default=0)


def _ranked(claim: Claim, kind: CaseKind, results: ByArm) -> list[str]:
    """The pairs, those with the lowest mean first; none if nothing could be read."""
    means: dict[str, float] = {}
    for arm in claim.arms[kind]:
        values = [x for x in by_case(results.get(arm.name, {}), READING).values() if x is not None]
        if values:
            means[arm.name] = sum(values) / len(values)
    return [name.partition(": ")[2] for name in sorted(means, key=lambda name: means[name])]


def _cost(kind: CaseKind, other: str, own: str, whose: str) -> Contrast:
    what = f"distance to the truth of {kind} edits, more with the {whose} best pair"
    return difference(what, READING, f"{kind}: {other}", f"{kind}: {own}", least=1e-3)


SELF_STEPS, CROSS_STEPS = (0.0, 0.3, 0.6, 0.9), (0.3, 0.6, 0.9)


def _grid(kind: CaseKind) -> tuple[Arm, ...]:
    """One method for both kinds, so that only the steps differ."""
    return tuple(
        Arm(name=grid_name(kind, s, c), method=replace(FROM_TARGET, self_steps=s, cross_steps=c))
        for s in SELF_STEPS
        for c in CROSS_STEPS
    )


def _grid_curve(kind: CaseKind) -> Curve:
    return Curve(
        title=f"Injection steps, {kind} edits",
        x="part of the edit with the reconstruction's self-attention",
        y="distance to the truth",
        reading="distance",
        lines={
            f"cross-attention until {c:g}": tuple((s, grid_name(kind, s, c)) for s in SELF_STEPS) for c in CROSS_STEPS
        },
    )


B7 = Claim(
    name="B7",
    statement="Rigid and non-rigid edits need different injection steps.",
    source="BARET, ablation",
    falsifier="The best pair of injection steps is surely the same, or either serves the other kind of edit as well.",
    arms={kind: _grid(kind) for kind in (POSE, RIGID)},
    share=0.5,
    judge=different_optima,
    limits="The best pair is chosen on even cases by the distance to the truth, and judged on odd ones.",
    curves=tuple(_grid_curve(kind) for kind in (POSE, RIGID)),
)

INJECTION_CLAIMS = (B7,)
