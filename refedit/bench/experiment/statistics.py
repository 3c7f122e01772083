"""Means over cases with the intervals that they are known to: bootstrap over cases, Wilson's for shares.

In simulations of 150 samples of 8, 12 and 24 normal values the bootstrap's intervals held the mean in 85, 90 and 93 %,
those of the wider of bootstrap and Student's t in 93, 93 and 95 %. Of values that are 0 but for a large one in ten,
neither holds it in more than 69 % up to 12 cases: what a few cases show of that says nothing about the others.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from refedit.bench.experiment.measures import missing
from refedit.picturebook.evaluation.figures import wilson

LEVEL = 0.95
RESAMPLES = 4000


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean, its 95 % interval, and the number of cases it rests on.

    Less than two cases tell nothing about the spread: the interval is then infinite.
    """

    mean: float
    low: float
    high: float
    cases: int

    def to_json(self) -> dict[str, Any]:
        """As JSON knows it: an end that is infinite, and the mean of nothing, are null."""
        parts = {"mean": self.mean, "low": self.low, "high": self.high}
        return {**{name: round(x, 6) if math.isfinite(x) else None for name, x in parts.items()}, "cases": self.cases}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Interval":
        ends = {"mean": math.nan, "low": -math.inf, "high": math.inf}
        read = {name: other if data[name] is None else float(data[name]) for name, other in ends.items()}
        return cls(**read, cases=data["cases"])


def interval(values: Sequence[float], level: float = LEVEL, chances: bool = False) -> Interval:
    """The mean of cases, with the wider of a bootstrap's interval (of a fixed seed) and Student's.

    Of values that are all yes or no it is Wilson's. Where values are `chances` or differences of them, it reaches at
    least as far as Wilson's of none: so often may a case be another that was not among them.

    A bootstrap of equal shares (none of 24) would claim to be certain; so it would of equal differences of yes and no,
    which are whole numbers: those reach as far as Wilson's interval of none.
    """
    cases = len(values)
    mean = float(np.mean(values)) if cases else math.nan
    if cases < 2:
        return Interval(mean=mean, low=-math.inf, high=math.inf, cases=cases)
    if all(isinstance(value, bool) for value in values):
        low, high = wilson(int(sum(values)), cases, level)
    elif max(values) == min(values):
        reach = wilson(0, cases, level)[1] if all(isinstance(value, int) for value in values) else 0.0
        low, high = mean - reach, mean + reach
    else:
        low, high = _bootstrapped(np.asarray(values, np.float64), level)
        reach = max(_student(np.asarray(values, np.float64), level), wilson(0, cases, level)[1] if chances else 0.0)
        low, high = min(low, mean - reach), max(high, mean + reach)
    return Interval(mean=mean, low=low, high=high, cases=cases)


def combined(samples: Mapping[str, Mapping[int, float | None]], weights: Mapping[str, float]) -> list[float]:
    """Per case the weighted sum of arms, for the cases that all of them have: paired differences and interactions.

    `samples` gives every arm's value by case number; with weights 1 and -1 this is a difference, of yes and no a whole
    number.
    """
    shared = set.intersection(*({number for number, x in samples[name].items() if x is not None} for name in weights))
    sums = []
    for number in sorted(shared):
        values = {name: samples[name][number] or 0 for name in weights}
        total = sum(weight * values[name] for name, weight in weights.items())
        yes_or_no = all(isinstance(samples[name][number], bool) for name in weights)
        sums.append(int(total) if yes_or_no else float(total))
    return sums


def _bootstrapped(values: np.ndarray, level: float) -> tuple[float, float]:
    stats = _scipy_stats()
    resampled = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=level,
        method="BCa",
        rng=np.random.default_rng(0),
    )
    return float(resampled.confidence_interval.low), float(resampled.confidence_interval.high)


def _student(values: np.ndarray, level: float) -> float:
    """How far Student's interval reaches on either side."""
    quantile = _scipy_stats().t.ppf((1 + level) / 2, len(values) - 1)
    return float(quantile * values.std(ddof=1) / math.sqrt(len(values)))


def _scipy_stats() -> Any:
    try:
        from scipy import stats  # type: ignore[import-untyped]
    except ImportError as error:
        raise missing("scipy") from error
    return stats
