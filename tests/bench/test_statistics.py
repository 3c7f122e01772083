"""Intervals of samples whose intervals are known."""

import json
import math

import numpy as np
import pytest

from refedit.bench.experiment.statistics import Interval, combined, interval


def test_the_interval_of_a_normal_sample_is_the_textbooks() -> None:
    values = np.random.default_rng(1).normal(3.0, 2.0, 400)
    found = interval(values.tolist())
    half = 1.96 * values.std() / math.sqrt(400)
    assert found.mean == pytest.approx(values.mean()) and found.cases == 400
    assert found.low == pytest.approx(values.mean() - half, abs=0.03)
    assert found.high == pytest.approx(values.mean() + half, abs=0.03)


def test_an_interval_is_the_same_every_time() -> None:
    assert interval([0.0, 1.5, 3.0, 4.0]) == interval([0.0, 1.5, 3.0, 4.0])


def test_shares_are_never_certain() -> None:
    none, all_of = interval([False] * 24), interval([True] * 24)
    assert none.mean == 0 and none.low == 0 and none.high == pytest.approx(0.138, abs=0.001)
    assert all_of.mean == 1 and all_of.high == 1 and all_of.low == pytest.approx(0.862, abs=0.001)
    half = interval([True, False] * 12)
    assert (half.mean, half.low, half.high) == pytest.approx((0.5, 0.314, 0.686), abs=0.001)


def test_equal_differences_of_yes_and_no_are_never_certain() -> None:
    samples: dict[str, dict[int, float | bool | None]] = {
        "a": dict.fromkeys(range(24), True),
        "b": dict.fromkeys(range(24), True),
        "numbers": dict.fromkeys(range(24), 1),
    }
    same = interval(combined(samples, {"a": 1, "b": -1}))
    assert (same.mean, same.low, same.high) == pytest.approx((0, -0.138, 0.138), abs=0.001)
    assert interval(combined(samples, {"a": 1, "numbers": -1})).high == 0
    assert interval(combined(samples, {"numbers": 2})).high == 2


def test_a_higher_level_is_wider() -> None:
    values = [0.0, 1.5, 3.0, 4.0, 2.0, 7.0]
    usual, wide = interval(values), interval(values, 0.999)
    assert wide.low < usual.low < usual.mean < usual.high < wide.high


def test_equal_values_have_no_spread_and_one_value_an_unknown_one() -> None:
    assert interval([2.0, 2.0, 2.0]) == Interval(mean=2.0, low=2.0, high=2.0, cases=3)
    one = interval([2.0])
    assert (one.mean, one.low, one.high) == (2.0, -math.inf, math.inf)
    assert math.isnan(interval([]).mean) and interval([]).cases == 0


def test_paired_differences_use_the_cases_that_both_have() -> None:
    samples: dict[str, dict[int, float | None]] = {
        "a": {0: 5.0, 1: 6.0, 2: None, 3: 9.0},
        "b": {0: 4.0, 1: 4.0, 2: 1.0},
    }
    assert combined(samples, {"a": 1, "b": -1}) == [1.0, 2.0]


def test_pairing_sees_a_difference_that_the_spread_between_cases_hides() -> None:
    base = np.random.default_rng(0).normal(0, 10, 30)
    samples = {"a": dict(enumerate(base + 0.5)), "b": dict(enumerate(base))}
    apart = interval([float(x) for x in samples["a"].values()])
    paired = interval(combined(samples, {"a": 1, "b": -1}))
    assert apart.low < 0 < apart.high
    assert (paired.low, paired.high) == pytest.approx((0.5, 0.5))


def test_an_interaction_is_a_sum_over_four_arms() -> None:
    arms = {"both": {0: 9.0}, "one": {0: 4.0}, "other": {0: 3.0}, "none": {0: 1.0}}
    assert combined(arms, {"both": 1, "one": -1, "other": -1, "none": 1}) == [3.0]


def test_intervals_survive_json() -> None:
    for found in (interval([1.0, 2.0, 4.0]), interval([1.0])):
        written = json.dumps(found.to_json(), allow_nan=False)
        assert Interval.from_json(json.loads(written)).to_json() == found.to_json()
    assert interval([1.0]).to_json() == {"mean": 1.0, "low": None, "high": None, "cases": 1}
