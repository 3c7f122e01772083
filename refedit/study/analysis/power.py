"""How many people and cases a study needs: made-up studies, analysed as real ones are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from refedit.errors import EditError
from refedit.study.analysis.fits import LEVEL, holm
from refedit.study.analysis.planted import Planted, averaged_share, drawn_votes
from refedit.study.analysis.votes import Pair

STUDIES = 200
"""Made-up studies for each number: a power of 80 % is then known to within 6 points."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What so many people and cases give.

    `power` is the share of studies that tell the first arm from the second, p adjusted by Holm; `reach` half the width
    of the interval of their share, on average; `votes` how many there are for these two arms.
    """

    people: int
    cases: int
    power: float
    reach: float
    votes: float


def preferring(arms: Sequence[str], share: float, plain: Planted) -> Planted:
    """People who choose the first arm over any other in this share of votes, and know no difference between the rest.

    Everything else is that of `plain`. EditError if ties leave no room for such a share.
    """
    low, high = 0.0, 12.0
    others = dict.fromkeys(arms, 0.0)

    def planted(strength: float) -> Planted:
        return replace(plain, strengths={**others, arms[0]: strength})

    pair = (arms[0], arms[1])
    if not 0.5 <= share < averaged_share(planted(high), pair):
        most = 100 * averaged_share(planted(high), pair)
        raise EditError(f"A preference has to lie between 0.5 and {most / 100:.2f}, which ties leave at most.")
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if averaged_share(planted(middle), pair) < share else (low, middle)
    return planted(low)


def grid(
    planted: Planted, people: Sequence[int], cases: Sequence[int], trials: int, studies: int = STUDIES, seed: int = 0
) -> Iterator[Cell]:
    """Every number of people with every number of cases; nobody is shown a pair of arms on a case twice."""
    pairs = len(planted.arms) * (len(planted.arms) - 1) // 2
    for some in people:
        for few in cases:
            yield _cell(planted, some, few, min(trials, pairs * few), studies, np.random.default_rng((seed, some, few)))


def _cell(planted: Planted, people: int, cases: int, trials: int, studies: int, rng: np.random.Generator) -> Cell:
    told, reaches, votes = 0, [], []
    pair: Pair = (planted.arms[0], planted.arms[1])
    for _ in range(studies):
        drawn = drawn_votes(planted, people, cases, trials, rng)
        shares = {each: drawn.between(each).share() for each in drawn.pairs}
        adjusted, share = holm({each: found.p for each, found in shares.items()}).get(pair), shares.get(pair)
        told += adjusted is not None and adjusted < 1 - LEVEL
        votes.append(len(drawn.between(pair)))
        if share and share.low is not None and share.high is not None:
            reaches.append((share.high - share.low) / 2)
    return Cell(
        people=people,
        cases=cases,
        power=told / studies,
        reach=float(np.mean(reaches)) if reaches else 0.5,
        votes=float(np.mean(votes)),
    )


def power_table(cells: Sequence[Cell]) -> tuple[list[str], list[list[str]]]:
    """The names of columns, and a row for each cell."""
    columns = ["people", "cases", "votes on two arms", "power", "interval, +- points"]
    rows = [
        [str(cell.people), str(cell.cases), f"{cell.votes:.0f}", f"{100 * cell.power:.0f} %", f"{100 * cell.reach:.1f}"]
        for cell in cells
    ]
    return columns, rows
