"""Contrasts: differences of readings between arms, case by case, and what they say; curves of readings over arms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.readings import by_case, check_reading, is_chance
from refedit.bench.experiment.statistics import LEVEL, Interval, combined, interval

Decision = Literal["holds", "fails", "not decided"]
Role = Literal["decides", "reported"]
ByArm = Mapping[str, Mapping[int, Outcome]]
"""Outcomes by arm (its name) and number of the case."""

ENOUGH = 8
"""Fewer cases decide nothing."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """A reading of an arm with a weight; ValueError for a reading that there is not."""

    weight: float
    arm: str
    reading: str

    def __post_init__(self) -> None:
        check_reading(self.reading)


@dataclass(frozen=True, kw_only=True)
class Contrast:
    """A sum of readings over arms, case by case, whose mean the claim says lies above `least`.

    It holds if all of the interval does, and is refuted if all of a `wider` interval lies below it: too small to
    matter, or of the other sign. Of role "reported" it is shown and decides nothing.
    """

    what: str
    terms: tuple[Term, ...]
    least: float = 0.0
    role: Role = "decides"

    def measure(self, results: ByArm, level: float = LEVEL) -> Interval:
        """Its mean over the cases that all of its arms have."""
        samples = {str(i): by_case(results.get(t.arm, {}), t.reading) for i, t in enumerate(self.terms)}
        chances = all(is_chance(term.reading) for term in self.terms)
        if len(self.terms) == 1:
            return interval([x for x in samples["0"].values() if x is not None], level, chances)
        return interval(combined(samples, {str(i): term.weight for i, term in enumerate(self.terms)}), level, chances)

    def decision(self, measured: Interval, wider: Interval) -> Decision:
        """What an interval says of the claim; `wider` is the one that can refute it."""
        if measured.cases < ENOUGH:
            return "not decided"
        if measured.low > self.least:
            return "holds"
        return "fails" if wider.high < self.least else "not decided"


def difference(
    what: str,
    reading: str,
    first: str,
    second: str,
    *,
    least: float = 0.0,
    role: Role = "decides",
) -> Contrast:
    """The reading of the first arm less that of the second."""
    terms = Term(weight=1, arm=first, reading=reading), Term(weight=-1, arm=second, reading=reading)
    return Contrast(what=what, terms=terms, least=least, role=role)


def report_mean(what: str, reading: str, arm: str) -> Contrast:
    """The mean of an arm's reading, to be shown."""
    return Contrast(what=what, terms=(Term(weight=1, arm=arm, reading=reading),), role="reported")


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A reading over one parameter: lines by label, each a series of (x, name of the arm); `y` is for people.

    ValueError for a reading that there is not.
    """

    title: str
    x: str
    y: str
    reading: str
    lines: Mapping[str, tuple[tuple[float, str], ...]]

    def __post_init__(self) -> None:
        check_reading(self.reading)

    def to_json(self, results: ByArm) -> dict[str, Any]:
        """The curve as measured: every point with its interval."""
        lines = [{"label": label, "points": self._points(series, results)} for label, series in self.lines.items()]
        return {"title": self.title, "x": self.x, "y": self.y, "lines": lines}

    def _points(self, series: tuple[tuple[float, str], ...], results: ByArm) -> list[dict[str, Any]]:
        return [{"x": x, **report_mean("", self.reading, arm).measure(results).to_json()} for x, arm in series]
