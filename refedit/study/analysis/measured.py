"""What people prefer beside what was measured: on drawn cases the distance of every result to the truth is known."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from refedit.errors import EditError
from refedit.study.analysis.fits import Estimate, rank_correlation
from refedit.study.analysis.votes import Pair, Votes
from refedit.study.data.pairs import BUILT

MEASURED = BUILT / "measured.json"
DISTANCE = "distance"

Measured = Mapping[str, Mapping[str, Mapping[str, float]]]
"""By case, arm and reading: "distance" (of the reader's features to the truth) and "whole" (PSNR in dB)."""


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Of two arms on one case: how much nearer to the truth the first is, and how often it was chosen."""

    case: str
    pair: Pair
    nearer: float
    share: float
    votes: int


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """All points of a question, and the rank correlation of nearness with preference.

    Which of two arms is named first is arbitrary, so every point counts in both orders.
    """

    points: tuple[Beside, ...]
    estimate: Estimate

    @property
    def alike(self) -> tuple[int, int]:
        """On how many points the nearer result was chosen more often, and how many there are without a draw."""
        decided = [point for point in self.points if point.nearer and point.share != 0.5]
        return sum((point.nearer > 0) == (point.share > 0.5) for point in decided), len(decided)


def write_measured(measured: Measured, folder: Path) -> None:
    """Writes what the build measured into a study's folder."""
    (folder / MEASURED).write_text(json.dumps(measured, indent=1) + "\n", "utf-8")


def read_measured(folder: Path) -> Measured:
    """What `write_measured` wrote; nothing if there is none, EditError if it is damaged."""
    file = folder / MEASURED
    try:
        return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}
    except (ValueError, TypeError):
        raise EditError(f"'{file}' is damaged. Run: python -m refedit study build {folder}") from None


def correlation(votes: Votes, names: tuple[str, ...], measured: Measured) -> Correlation | None:
    """Preference beside distances; None unless at least three cases have both, and not all of one are the same.

    `names` are those of the cases.
    """
    points = tuple(_points(votes, names, measured))
    if len({point.case for point in points}) < 3:
        return None
    seen = np.array([(point.nearer, point.share - 0.5) for point in points])
    cases = np.array([names.index(point.case) for point in points])
    estimate = rank_correlation(np.concatenate([seen, -seen]), np.concatenate([cases, cases]))
    return None if math.isnan(estimate.value) else Correlation(points=points, estimate=estimate)


def _points(votes: Votes, names: tuple[str, ...], measured: Measured) -> list[Beside]:
    found = []
    for pair in votes.pairs:
        between = votes.between(pair)
        for code in np.unique(between.cases):
            case, on_case = names[code], between.where(between.cases == code)
            first, second = (measured.get(case, {}).get(arm, {}).get(DISTANCE) for arm in pair)
            if first is not None and second is not None:
                share = float(on_case.scores.mean())
                found.append(Beside(case=case, pair=pair, nearer=second - first, share=share, votes=len(on_case)))
    return found
