"""Measured figures, as rows of Markdown tables and as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HEAD = "| what, on unseen scenes of the drawn world | goal | measured | cases |\n|---|---|---|---|"


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
        value = f"{100 * self.value:.3g} %" if self.unit == "share" else f"{self.value:.3g} {self.unit}".strip()
        return f"| {self.what} | {self.goal or '-'} | {value} | {self.cases} |"


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table."""
    return "\n".join([HEAD, *map(str, figures)])


def write_figures(figures: Sequence[Figure], path: Path) -> None:
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=1) + "\n", encoding="utf-8")


def read_figures(path: Path) -> list[Figure]:
    """What `write_figures` wrote."""
    return [Figure(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
