"""Intervals of votes: as often right as they say, for people and cases with tastes of their own."""

import math

import numpy as np
import pytest
from statsmodels.genmod import families
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.stats.multitest import multipletests

from refedit.study.analysis.fits import Estimate, fit, holm, independent_share, rank_correlation, share
from refedit.study.analysis.planted import Planted, averaged, averaged_share, drawn_votes
from refedit.study.analysis.votes import Votes

TWO = Planted(strengths={"a": 0.0, "b": -0.6})
THREE = Planted(strengths={"a": 0.0, "b": 0.6, "c": 1.2}, side=0.3, careless=0.1)


def drawn(planted: Planted, seed: int, people: int = 30, cases: int = 24, trials: int = 20) -> Votes:
    return drawn_votes(planted, people, cases, trials, np.random.default_rng(seed))


@pytest.mark.long
def test_two_way_intervals_hold_the_truth_where_wilsons_do_not() -> None:
    truth, held = averaged_share(TWO, ("a", "b")), np.zeros(2)
    for seed in range(200):
        votes = drawn(TWO, seed).between(("a", "b"))
        held += [votes.share().holds(truth), independent_share(votes.scores).holds(truth)]
    two_way, naive = held / 200
    assert two_way >= 0.92 and naive < 0.7


@pytest.mark.long
def test_planted_strengths_are_inside_their_intervals() -> None:
    truth, held = averaged(THREE), np.zeros(3)
    for seed in range(100):
        found = drawn(THREE, seed, people=40, trials=24).strengths()
        assert found is not None
        held += [found.arms[arm].holds(truth.strengths[arm]) for arm in "bc"] + [found.side.holds(truth.side)]
    assert (held >= 90).all()


def test_without_tastes_of_their_own_planted_and_averaged_are_the_same() -> None:
    plain = Planted(strengths=THREE.strengths, side=0.3, person_sd=0.0, case_sd=0.0, ties=0.0)
    assert averaged(plain).strengths == pytest.approx(THREE.strengths, abs=1e-6)
    assert averaged(plain).side == pytest.approx(0.3, abs=1e-6)


def test_a_fit_is_that_of_statsmodels_with_clusters_both_ways() -> None:
    votes = drawn(TWO, 1)
    design = np.stack([np.ones(len(votes)), np.where(votes.left == 0, -1.0, 1.0)], axis=1)
    found = fit(votes.scores, design, votes.people, votes.cases)
    groups = {"groups": np.stack([votes.people, votes.cases], axis=1), "df_correction": True}
    theirs = GLM(votes.scores, design, family=families.Binomial()).fit(
        cov_type="cluster", cov_kwds=groups, use_t=True
    )  # fmt: skip
    assert found is not None and found.clusters == 24
    assert found.both == pytest.approx(theirs.cov_params())
    wider = np.diag(found.both) >= np.maximum(np.diag(found.by_person), np.diag(found.by_case))
    for place in np.flatnonzero(wider):
        ours = found.contrast([float(place == column) for column in range(2)])
        assert (ours.low, ours.high) == pytest.approx(tuple(theirs.conf_int()[place]))
        assert ours.p == pytest.approx(theirs.pvalues[place])
    assert wider.any()


def test_holm_is_that_of_statsmodels_and_leaves_out_what_is_not_known() -> None:
    ps = dict(enumerate([0.04, 0.001, 0.3, 0.02, 0.02]))
    theirs = multipletests(list(ps.values()), method="holm")[1]
    assert holm(ps) == pytest.approx(dict(enumerate(theirs)))
    assert holm({"a": None, "b": 0.03}) == {"a": None, "b": 0.03} and holm({}) == {}
    assert holm({"a": 0.03, "b": 0.7}) == {"a": 0.06, "b": 0.7}


def test_a_share_is_the_same_whichever_arm_is_first() -> None:
    votes = drawn(THREE, 3)
    over, under = (votes.between(pair).share() for pair in (("a", "c"), ("c", "a")))
    turned = under.rest()
    assert (over.value, over.low, over.high, over.p) == pytest.approx((turned.value, turned.low, turned.high, turned.p))


def test_the_order_of_arms_only_moves_the_zero() -> None:
    votes = drawn(THREE, 4)
    turned = Votes(
        arms=votes.arms[::-1],
        people=votes.people,
        cases=votes.cases,
        left=2 - votes.left,
        right=2 - votes.right,
        scores=votes.scores,
    )
    first, second = votes.strengths(), turned.strengths()
    assert first is not None and second is not None
    ahead, behind = first.differences["a", "c"], second.differences["c", "a"]
    assert (ahead.value, ahead.low, ahead.p) == pytest.approx((-behind.value, -(behind.high or 0), behind.p))
    assert first.side.value == pytest.approx(second.side.value)
    assert first.arms["a"] == Estimate(value=0.0) and first.arms["c"].value == pytest.approx(-ahead.value)


def test_votes_that_are_all_alike_claim_no_more_than_a_vote_for_each_person_or_case() -> None:
    people, cases = np.repeat(np.arange(10), 6), np.tile(np.arange(6), 10)
    found = share(np.ones(60), people, cases)
    assert found.value == 1 and found.low == pytest.approx(0.6097, abs=1e-4) and found.p == 2 * 0.5**6
    undecided = share(np.full(60, 0.5), people, cases)
    assert undecided.p == 1 and undecided.holds(0.5) and not undecided.holds(0.95)
    assert fit(np.ones(60), np.ones((60, 1)), people, cases) is None


def test_one_person_or_one_case_has_no_interval() -> None:
    scores, many, one = np.array([1.0, 0.0, 1.0, 1.0]), np.arange(4), np.zeros(4, np.int64)
    for people, cases in ((many, one), (one, many)):
        assert share(scores, people, cases) == Estimate(value=0.75)
    assert not share(scores, many, one).holds(0.75)


def test_arms_that_nobody_compared_have_no_strengths() -> None:
    votes = drawn(THREE, 5)
    apart = votes.where((votes.left != 2) & (votes.right != 2))
    assert apart.strengths() is None and apart.pairs == (("a", "b"),)
    with pytest.raises(ValueError, match="do not determine"):
        apart.coefficients()


def test_rank_correlation_is_of_ranks_and_unknown_without_spread() -> None:
    x = np.arange(12.0)
    found = rank_correlation(np.stack([x, np.exp(x)], axis=1), np.arange(12))
    assert found.value == pytest.approx(1) and found.low == pytest.approx(1)
    noise = np.random.default_rng(0).normal(size=12)
    loose = rank_correlation(np.stack([x, x + 6 * noise], axis=1), np.arange(12))
    assert loose.low is not None and loose.high is not None and loose.low < loose.value < loose.high < 1
    assert math.isnan(rank_correlation(np.stack([x, np.zeros(12)], axis=1), np.arange(12)).value)
