"""Claims: plain data that hangs together, and verdicts that can come out each way."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
import torch

from refedit.bench.claims.baret import DRAWN
from refedit.bench.claims.claim import Claim, by_contrasts
from refedit.bench.claims.contrast import ENOUGH, ByArm, difference, report_mean
from refedit.bench.claims.injection import B7, CROSS_STEPS, SELF_STEPS, grid_name
from refedit.bench.claims.run import CLAIMS, chosen
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE, RIGID, CaseKind
from refedit.bench.experiment.statistics import Interval
from refedit.diffusion.attention import attend
from refedit.errors import EditError
from tests.bench.made_up import outcome, with_readings

BY_CONTRASTS = [claim for claim in CLAIMS if any(contrast.role == "decides" for contrast in claim.contrasts)]
CASES = 10
Means = Mapping[tuple[str, str], float]


def arms_of(claim: Claim) -> list[Arm]:
    return [arm for arms in claim.arms.values() for arm in arms]


def made(claim: Claim, means: Means, spread: float = 0.0) -> ByArm:
    """Outcomes whose readings have these means by (arm, reading), and vary over cases, for every arm differently."""
    found: dict[str, dict[int, object]] = {}
    for place, arm in enumerate(arms_of(claim)):
        names = [name for who, name in means if who == arm.name]
        for n in range(CASES):
            sway = (-1) ** n * spread * (place + 1)
            readings = {x: means[arm.name, x] + sway * (0.005 if x == "log loss" else 1) for x in names}
            found.setdefault(arm.name, {})[n] = with_readings(n, readings)
    return found  # type: ignore[return-value]


def supporting(claim: Claim) -> dict[tuple[str, str], float]:
    """Means for which all deciding contrasts are well above their bounds: stepwise, as a perceptron learns."""
    deciders = [contrast for contrast in claim.contrasts if contrast.role == "decides"]
    means = {(term.arm, term.reading): 0.0 for contrast in deciders for term in contrast.terms}
    for _ in range(1000):
        wrong = 0
        for contrast in deciders:
            total = sum(term.weight * means[term.arm, term.reading] for term in contrast.terms)
            if total < contrast.least + 0.5:
                wrong += 1
                for term in contrast.terms:
                    means[term.arm, term.reading] += term.weight
        if not wrong:
            return means
    raise AssertionError(f"no outcomes could support {claim.name}")


def test_every_claim_is_there_with_what_would_refute_it() -> None:
    names = [*(f"S{i}" for i in range(1, 11)), *(f"B{i}" for i in range(1, 10)), "A1", "A2"]
    assert [claim.name for claim in CLAIMS] == names
    for claim in CLAIMS:
        assert claim.statement and claim.source and claim.falsifier and set(claim.arms) <= {*CaseKind}
        names = [arm.name for arm in arms_of(claim)]
        assert len(set(names)) == len(names)
        used = {term.arm for contrast in claim.contrasts for term in contrast.terms}
        used |= {arm for curve in claim.curves for line in curve.lines.values() for _, arm in line}
        assert used <= set(names)
        assert claim.judge or any(contrast.role == "decides" for contrast in claim.contrasts) or claim.limits


@pytest.mark.parametrize("claim", BY_CONTRASTS, ids=lambda claim: claim.name)
def test_a_verdict_can_come_out_each_way(claim: Claim) -> None:
    means = supporting(claim)
    assert claim.verdict(made(claim, means)).decision == "holds"
    contrast = next(contrast for contrast in claim.contrasts if contrast.role == "decides")
    wrong = dict(means)
    for term in contrast.terms:
        wrong[term.arm, term.reading] -= 100 * term.weight * (0.02 if term.reading == "log loss" else 1)
    assert claim.verdict(made(claim, wrong)).decision == "fails"
    undecided = claim.verdict(made(claim, dict.fromkeys(means, 0.0), spread=50.0))
    assert undecided.decision == "not decided" and undecided.reason == "the interval allows both"


@pytest.mark.parametrize("claim", BY_CONTRASTS, ids=lambda claim: claim.name)
def test_few_cases_decide_nothing(claim: Claim) -> None:
    results = {arm: dict(list(cases.items())[: ENOUGH - 1]) for arm, cases in made(claim, supporting(claim)).items()}
    verdict = claim.verdict(results)
    assert verdict.decision == "not decided" and verdict.reason == f"too few cases: {ENOUGH - 1}, at least 8 are needed"


def test_without_a_reader_a_verdict_that_needs_one_says_so() -> None:
    claim = chosen(["S1"])[0]
    blind = {arm.name: {n: outcome(n, read=False) for n in range(CASES)} for arm in arms_of(claim)}
    verdict = claim.verdict(blind)
    assert (verdict.decision, verdict.reason) == ("not decided", "no reader")
    preserved = chosen(["S7"])[0]
    assert preserved.verdict(made(preserved, supporting(preserved))).decision == "holds"


def test_an_upper_bound_has_to_be_reached_but_for_a_little_and_not_by_doing_nothing() -> None:
    claim, start = chosen(["B8"])[0], DRAWN[0].name
    for loss, first, word in ((0.0, 0.1, "holds"), (0.03, 0.1, "holds"), (0.1, 0.1, "fails"), (0.0, 0.9, "fails")):
        means = {("Imagic", "chance pose"): 0.9, ("balanced", "chance pose"): 0.9 - loss, (start, "chance pose"): first}
        verdict = claim.verdict(made(claim, means))
        assert verdict.decision == word and verdict.findings[1].interval.mean == pytest.approx(-loss)
        assert not any(finding.decision for finding in verdict.findings[2:])


def grids(best: Mapping[CaseKind, tuple[float, float]], spread: float = 0.0) -> ByArm:
    means = {}
    for kind in (POSE, RIGID):
        for pair in ((s, c) for s in SELF_STEPS for c in CROSS_STEPS):
            means[grid_name(kind, *pair), "distance"] = 0.0 if pair == best[kind] else 1.0
    return made(B7, means, spread)


def repeated(results: ByArm) -> ByArm:
    """Enough cases for both halves."""
    return {
        arm: {10 * i + n: replace(found, number=10 * i + n) for i in range(2) for n, found in cases.items()}
        for arm, cases in results.items()
    }


def test_injection_steps_are_chosen_on_one_half_and_judged_on_the_other() -> None:
    apart = {POSE: (0.3, 0.6), RIGID: (0.9, 0.9)}
    verdict = B7.verdict(repeated(grids(apart)))
    assert verdict.decision == "holds"
    assert verdict.reason == "best for poses: self 0.3, cross 0.6; best for rigid edits: self 0.9, cross 0.9"
    assert [finding.interval.cases for finding in verdict.findings] == [10, 10]
    same = B7.verdict(repeated(grids(dict.fromkeys((POSE, RIGID), (0.3, 0.6)))))
    assert same.decision == "fails" and "same pair is best for both" in same.reason
    assert [finding.interval.cases for finding in same.findings] == [10, 10]
    chance = B7.verdict(repeated(grids(dict.fromkeys((POSE, RIGID), (0.3, 0.6)), spread=20.0)))
    assert chance.decision == "not decided" and len(chance.findings) == 2
    assert B7.verdict({}).reason == "no reader"
    few = B7.verdict(grids(apart))
    assert few.decision == "not decided" and few.reason.startswith("too few cases")


def test_both_kinds_of_edit_try_the_same_steps_of_one_method() -> None:
    tried = {kind: [arm.method for arm in arms] for kind, arms in B7.arms.items()}
    assert tried[POSE] == tried[RIGID]


def test_the_other_kinds_best_steps_may_turn_out_as_good() -> None:
    results = {arm: dict(cases) for arm, cases in repeated(grids({POSE: (0.3, 0.6), RIGID: (0.9, 0.9)})).items()}
    name = grid_name(POSE, 0.9, 0.9)
    results[name] = {n: replace(x, distance=-1.0) if n % 2 else x for n, x in results[name].items()}
    assert B7.verdict(results).decision == "fails"


def test_a_contrast_tells_a_sure_gain_from_one_that_is_too_small() -> None:
    contrast = difference("", "inside", "a", "b", least=0.5)

    def word(mean: float, low: float, high: float, cases: int = 20, more: float = 0.0) -> str:
        found = Interval(mean=mean, low=low, high=high, cases=cases)
        return contrast.decision(found, replace(found, low=low - more, high=high + more))

    assert word(1, 0.6, 2) == "holds" and word(1, 0.1, 2) == "not decided", "it may be too small to matter"
    assert word(0.2, 0.1, 0.3) == "fails" and word(-1, -2, -0.1) == "fails"
    assert word(0.2, 0.1, 0.4, more=0.2) == "not decided", "the wider interval allows it"
    assert word(0.2, -0.1, 0.6) == "not decided"
    assert word(1, -math.inf, math.inf, cases=1) == "not decided"


def test_one_of_many_contrasts_needs_more_to_refute() -> None:
    values = [-1.0, -0.6, -1.4, 0.3, -0.2, -0.9, -0.5, 0.4, -0.8, 0.1]
    results = {
        "a": {n: outcome(n, inside=10 + value, outside=2.0) for n, value in enumerate(values)},
        "b": {n: outcome(n, inside=10.0, outside=1.0) for n in range(len(values))},
    }
    unlucky, sure = difference("", "inside", "a", "b"), difference("", "outside", "a", "b")
    assert by_contrasts([unlucky], results).decision == "fails"
    assert by_contrasts([unlucky, *[sure] * 40], results).decision == "not decided"


def test_what_is_only_told_decides_nothing() -> None:
    results = {"a": {n: outcome(n, inside=1.0) for n in range(CASES)}}
    verdict = by_contrasts([report_mean("PSNR", "inside", "a")], results)
    assert verdict.decision == "not decided" and verdict.findings[0].interval.mean == 1.0
    assert verdict.reason == "nothing that is run here can decide it" and not verdict.findings[0].decision


def test_unknown_claims_are_named() -> None:
    with pytest.raises(EditError, match="There is no claim 'S11'. Choose from S1, S2"):
        chosen(["S1", "S11"])


def test_a_constant_added_to_all_logits_changes_nothing() -> None:
    """Q1: the public code adds 1 to the logits of the reference's subject, which are all that is looked at."""
    q, k, v = torch.randn(3, 2, 4, 16, 8).unbind(0)
    assert torch.allclose(attend(q, k, v), attend(q, k, v, torch.ones(16, 16)), atol=1e-6)
