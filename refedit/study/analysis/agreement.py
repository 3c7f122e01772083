"""Whether people agree with one another, and each with what they said before."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int

from refedit.study.analysis.fits import Estimate, share
from refedit.study.analysis.people import main_answers
from refedit.study.data.records import AnswerRow


def krippendorff(counts: Int[np.ndarray, "units values"]) -> float | None:
    """Krippendorff's alpha of nominal values (2011): 1 if all agree, 0 if they do so as often as by chance.

    `counts` says how many people gave which value to which unit; units with fewer than two values tell nothing. None
    if there is nothing to compare, or only one value was ever given.
    """
    paired = counts[counts.sum(1) > 1].astype(np.float64)
    sizes, totals = paired.sum(1), paired.sum(0)
    everything = totals.sum()
    expected = everything**2 - (totals**2).sum()
    if not expected > 0:
        return None
    observed = ((sizes**2 - (paired**2).sum(1)) / (sizes - 1)).sum()
    return float(1 - (everything - 1) * observed / expected)


def agreement(answers: Iterable[AnswerRow]) -> float | None:
    """Alpha of one question's answers: first, second or no preference for every pair."""
    counts: dict[str, list[int]] = {}
    for row in main_answers(answers):
        values = counts.setdefault(row.pair, [0, 0, 0])
        values[0 if row.chosen is None else 1 if row.chosen == "first" else 2] += 1
    return krippendorff(np.array(list(counts.values()))) if counts else None


def repeats(answers: Sequence[AnswerRow]) -> tuple[Estimate, int] | None:
    """How often one question was answered alike when the pair came again, sides swapped, and of how many; or None."""
    same = {(row.person, row.pair): alike for row, alike in _repeated(answers)}
    if not same:
        return None
    people, cases = (_codes([key[place] for key in same]) for place in (0, 1))
    return share(np.array(list(same.values()), np.float64), people, cases), len(same)


def _repeated(answers: Sequence[AnswerRow]) -> Iterable[tuple[AnswerRow, bool]]:
    before: Mapping[tuple[str, int], AnswerRow] = {(row.person, row.position): row for row in answers}
    for row in answers:
        earlier = before.get((row.person, row.repeats)) if row.repeats is not None else None
        if earlier is not None:
            yield row, row.chosen == earlier.chosen


def _codes(names: Sequence[str]) -> Int[np.ndarray, " rows"]:
    return np.unique(names, return_inverse=True)[1]
