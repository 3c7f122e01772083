"""The votes on one question as columns of numbers, and what they come to: strengths, side, shares of pairs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from refedit.study.analysis.fits import Estimate, Fit, fit, share

Pair = tuple[str, str]
"""Two arms, the one that stands first in the study's definition first."""


@dataclass(frozen=True, kw_only=True)
class Strengths:
    """A Bradley-Terry fit: the side's log odds, and those of every arm over the first one, which has 0."""

    side: Estimate
    arms: Mapping[str, Estimate]
    differences: Mapping[Pair, Estimate]
    """Of two arms: how far the first is ahead of the second."""


@dataclass(frozen=True, kw_only=True)
class Votes:
    """Votes, one a row: who, on which case, which arms stood left and right, and the score of the left one.

    A score is 1 where the left picture was chosen, 0 where the right one was, 0.5 for no preference; `left` and
    `right` are places in `arms`.
    """

    arms: tuple[str, ...]
    people: Int[np.ndarray, " votes"]
    cases: Int[np.ndarray, " votes"]
    left: Int[np.ndarray, " votes"]
    right: Int[np.ndarray, " votes"]
    scores: Float[np.ndarray, " votes"]

    def __len__(self) -> int:
        return len(self.scores)

    def where(self, chosen: Bool[np.ndarray, " votes"]) -> "Votes":
        """Only those votes."""
        columns = {name: getattr(self, name)[chosen] for name in ("people", "cases", "left", "right", "scores")}
        return replace(self, **columns)

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of arms that have votes."""
        return tuple(pair for pair in combinations(self.arms, 2) if len(self.between(pair)))

    def between(self, pair: Pair) -> "Votes":
        """The votes on two arms, scored for the first one wherever it stood."""
        first, second = (self.arms.index(arm) for arm in pair)
        swapped = (self.left == second) & (self.right == first)
        chosen = self.where(((self.left == first) & (self.right == second)) | swapped)
        scores = np.where(chosen.left == first, chosen.scores, 1 - chosen.scores)
        left, right = (np.full_like(chosen.left, arm) for arm in (first, second))
        return replace(chosen, left=left, right=right, scores=scores)

    def share(self) -> Estimate:
        """How often the left picture was chosen, ties as a half each: of `between`, how often the first arm was."""
        return share(self.scores, self.people, self.cases)

    def strengths(self) -> Strengths | None:
        """Bradley-Terry with a column for the side; None if the votes do not determine it (see `fit`)."""
        fitted = self._fitted()
        if fitted is None:
            return None
        return Strengths(
            side=fitted.contrast(self._weights({})),
            arms={arm: fitted.contrast(self._weights({arm: 1, self.arms[0]: -1}, 0)) for arm in self.arms},
            differences={
                pair: fitted.contrast(self._weights({pair[0]: 1, pair[1]: -1}, 0))
                for pair in combinations(self.arms, 2)
            },
        )

    def coefficients(self) -> list[float]:
        """The side's log odds and those of all arms but the first, without intervals; ValueError if undetermined."""
        fitted = self._fitted()
        if fitted is None:
            raise ValueError("these votes do not determine strengths")
        return [float(x) for x in fitted.coefficients]

    def _fitted(self) -> Fit | None:
        votes, design = np.arange(len(self)), np.zeros((len(self), 1 + len(self.arms)))
        design[:, 0] = 1
        design[votes, 1 + self.left] += 1
        design[votes, 1 + self.right] -= 1
        # The first arm's column is left out: only differences are seen.
        return fit(self.scores, np.delete(design, 1, axis=1), self.people, self.cases)

    def _weights(self, arms: Mapping[str, float], side: float = 1) -> list[float]:
        return [side, *(arms.get(arm, 0.0) for arm in self.arms[1:])]
