"""Logistic fits of votes, with intervals that allow for people's tastes and for what is special about single cases.

The only user of statsmodels. Votes of one person are alike, and so are votes on one case: intervals that take votes for
independent hold the truth far too seldom (a test has the numbers). Standard errors here are clustered by person and by
case (Cameron, Gelbach and Miller 2011), each with its small-sample factor, and quantiles are Student's with one less
than the number of people or of cases, whichever is smaller.
"""

import math
import warnings
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float, Int

from refedit.errors import EditError
from refedit.picturebook.evaluation.figures import wilson

LEVEL = 0.95
_LARGEST = 12.0
"""A strength beyond this is no estimate: some votes were all for one side, and the fit runs off to infinity."""

Name = TypeVar("Name", bound=Hashable)
Scores = Float[np.ndarray, " votes"]
Codes = Int[np.ndarray, " votes"]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A number, its 95 % interval, and the p value of its being no different from indifference.

    None where the data cannot tell: one person or one case has no spread.
    """

    value: float
    low: float | None = None
    high: float | None = None
    p: float | None = None

    def times(self, factor: float) -> "Estimate":
        """In another unit."""
        ends = [None if end is None else end * factor for end in (self.low, self.high)]
        return Estimate(value=self.value * factor, low=ends[0], high=ends[1], p=self.p)

    def rest(self) -> "Estimate":
        """Of a share: what is left of 1."""
        low, high = (None if end is None else 1 - end for end in (self.high, self.low))
        return Estimate(value=1 - self.value, low=low, high=high, p=self.p)

    def holds(self, truth: float) -> bool:
        """True if the interval is known and has the truth in it."""
        return self.low is not None and self.high is not None and self.low <= truth <= self.high


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Coefficients of a logistic fit, their covariances clustered two-way, by person and by case, and what t needs."""

    coefficients: Float[np.ndarray, " columns"]
    both: Float[np.ndarray, "columns columns"]
    by_person: Float[np.ndarray, "columns columns"]
    by_case: Float[np.ndarray, "columns columns"]
    clusters: int

    def contrast(self, weights: Sequence[float]) -> Estimate:
        """A weighted sum of coefficients.

        Its variance is the two-way one, or a one-way one if that is larger: the two-way one is a difference, which
        with few clusters may come out too small, even below 0 (our choice, on the safe side).
        """
        w = np.asarray(weights, np.float64)
        variance = max(float(w @ plane @ w) for plane in (self.both, self.by_person, self.by_case))
        return self._estimate(float(w @ self.coefficients), variance)

    def _estimate(self, value: float, variance: float) -> Estimate:
        if self.clusters < 2 or not variance > 0:
            return Estimate(value=value)
        error, t, free = math.sqrt(variance), _scipy_stats().t, self.clusters - 1
        reach = float(t.ppf((1 + LEVEL) / 2, free)) * error
        return Estimate(value=value, low=value - reach, high=value + reach, p=float(2 * t.sf(abs(value) / error, free)))


def fit(scores: Scores, design: Float[np.ndarray, "votes columns"], people: Codes, cases: Codes) -> Fit | None:
    """A binomial GLM with logit link; a score is 1, 0, or 0.5 for a tie.

    None if the votes do not determine the coefficients: a column that others give, or votes that are all one way.
    """
    if len(scores) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    statsmodels = _statsmodels()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of separation, which is seen below
        fitted = statsmodels.GLM(scores, design, family=statsmodels.families.Binomial()).fit()
    if not np.all(np.abs(fitted.params) < _LARGEST):
        return None
    covariances = [np.zeros((design.shape[1],) * 2)] * 3
    clusters = min(len(np.unique(people)), len(np.unique(cases)))
    if clusters > 1:
        covariances = statsmodels.cov_cluster_2groups(fitted, people, cases)
    both, by_person, by_case = covariances
    return Fit(coefficients=fitted.params, both=both, by_person=by_person, by_case=by_case, clusters=clusters)


def share(scores: Scores, people: Codes, cases: Codes) -> Estimate:
    """The mean score with an interval that allows for people and cases; p is of its being a half.

    On the logit scale, so that the interval stays within 0 and 1. Votes that are all the same show no spread: then
    every person, or every case if there are fewer, counts as one vote (Wilson's interval and the sign test).
    """
    mean, clusters = float(scores.mean()), min(len(np.unique(people)), len(np.unique(cases)))
    if clusters < 2:
        return Estimate(value=mean)
    fitted = fit(scores, np.ones((len(scores), 1)), people, cases)
    found = fitted.contrast([1.0]) if fitted else None
    if found is None or found.low is None or found.high is None:
        low, high = wilson(mean * clusters, clusters)
        return Estimate(value=mean, low=low, high=high, p=1.0 if mean == 0.5 else 2 * 0.5**clusters)
    return Estimate(value=mean, low=expit(found.low), high=expit(found.high), p=found.p)


def independent_share(scores: Scores) -> Estimate:
    """The mean score with Wilson's interval, as if votes were independent, which they are not."""
    low, high = wilson(float(scores.sum()), len(scores))
    return Estimate(value=float(scores.mean()), low=low, high=high)


def holm(ps: Mapping[Name, float | None]) -> dict[Name, float | None]:
    """The p values by name, adjusted by Holm (1979) for their number; those that are not known are left out of it.

    Not statsmodels' `multipletests`, which collects garbage at every call: fifteen times as long as a fit.
    """
    known = sorted(((name, p) for name, p in ps.items() if p is not None), key=lambda pair: pair[1])
    adjusted, least = dict(ps), 0.0
    for rank, (name, p) in enumerate(known):
        least = max(least, min(p * (len(known) - rank), 1.0))
        adjusted[name] = least
    return adjusted


def rank_correlation(points: Float[np.ndarray, "points 2"], cases: Int[np.ndarray, " points"]) -> Estimate:
    """Spearman's rank correlation of two columns, with a bootstrap interval over cases (percentiles, fixed seed)."""
    stats, rng, names = _scipy_stats(), np.random.default_rng(0), np.unique(cases)
    rows = [np.flatnonzero(cases == name) for name in names]

    def correlation(chosen: np.ndarray) -> float:
        x, y = (stats.rankdata(column) for column in points[chosen].T)
        return float(np.corrcoef(x, y)[0, 1]) if np.ptp(x) and np.ptp(y) else math.nan

    value = correlation(np.arange(len(points)))
    if len(names) < 3 or math.isnan(value):
        return Estimate(value=value)
    drawn = [correlation(np.concatenate([rows[i] for i in rng.integers(0, len(rows), len(rows))])) for _ in range(1000)]
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value=value, low=float(low), high=float(high))


def expit(x: float) -> float:
    """The probability of log odds."""
    return 1 / (1 + math.exp(-x))


@dataclass(frozen=True, kw_only=True)
class _Statsmodels:
    """What is used of it: `statsmodels.api` would import ten times as much."""

    GLM: Any
    families: Any
    cov_cluster_2groups: Any


@cache
def _statsmodels() -> _Statsmodels:
    try:
        from statsmodels.genmod import families
        from statsmodels.genmod.generalized_linear_model import GLM
        from statsmodels.stats.sandwich_covariance import cov_cluster_2groups
    except ImportError as error:
        raise _missing("statsmodels") from error
    return _Statsmodels(GLM=GLM, families=families, cov_cluster_2groups=cov_cluster_2groups)


def _scipy_stats() -> Any:
    try:
        from scipy import stats  # type: ignore[import-untyped]
    except ImportError as error:
        raise _missing("scipy") from error
    return stats


def _missing(package: str) -> EditError:
    return EditError(
        f"Analysing a study needs {package}, which is not installed. Run: pip install -r refedit/study/requirements.txt"
    )
