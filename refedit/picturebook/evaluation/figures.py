"""Measured figures, as rows of Markdown tables and as JSON."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import NormalDist

HEAD = "| on unseen scenes of the drawn world | goal | measured, shares with 95 % interval | cases |\n|---|---|---|---|"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured value: a "share" in 0..1 or anything with a unit, how many cases it rests on, and its goal, if any."""

    what: str
    value: float
    unit: str
    cases: int
    goal: str = ""

    def __str__(self) -> str:
        # Three digits, or 97.9 % would pass for the 98 % that are wanted.
        value = f"{100 * self.value:.3g} %{self._spread()}" if self.unit == "share" else self._number()
        return f"| {self.what} | {self.goal or '-'} | {value} | {self.cases} |"

    def _number(self) -> str:
        # Two places of decibels, or 27.98 dB would pass for the 28 dB that are wanted.
        return f"{self.value:.2f} dB" if self.unit == "dB" else f"{self.value:.3g} {self.unit}".strip()

    def _spread(self) -> str:
        """The interval of a share of cases; a mean of several shares has none."""
        right = self.value * self.cases
        if abs(right - round(right)) > 1e-6:
            return ""
        low, high = wilson(round(right), self.cases)
        return f" ({100 * low:.0f} to {100 * high:.0f})"


def wilson(right: float, cases: int, level: float = 0.95) -> tuple[float, float]:
    """Wilson's interval (1927) of a share, as (low, high) in 0..1: unlike a bootstrap's, never a point."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = right + z * z / 2
    reach = z * math.sqrt(right * (cases - right) / cases + z * z / 4)
    return max(middle - reach, 0) / (cases + z * z), min((middle + reach) / (cases + z * z), 1.0)


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table."""
    return "\n".join([HEAD, *map(str, figures)])


def write_figures(figures: Sequence[Figure], path: Path) -> None:
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> list[Figure]:
    """What `write_figures` wrote."""
    return [Figure(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
