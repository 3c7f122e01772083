"""Choices of made-up people whose tastes are known: what bots answer, and what tests and the power of a study rest on.

Functions of random numbers; nothing is sent anywhere.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import permutations
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from refedit.errors import EditError
from refedit.study.analysis.votes import Pair, Votes

PLANTED = "planted.json"
LARGEST, FARTHEST = 10.0, 100.0
"""Standard deviations and strengths, in log odds, beyond which nothing about people would be told."""


@dataclass(frozen=True, kw_only=True)
class Planted:
    """What made-up people prefer.

    `strengths` are the arms' log odds to be chosen, `side` what the left picture has ahead. Every person, and every
    case, adds tastes of its own: `person_sd` and `case_sd` are the standard deviations, in log odds, of the difference
    between two arms. A share `ties` of answers is "no preference". A share `careless` of people clicks at random.
    """

    strengths: Mapping[str, float]
    side: float = 0.0
    person_sd: float = 0.6
    case_sd: float = 0.8
    ties: float = 0.1
    careless: float = 0.0

    def __post_init__(self) -> None:
        for name, share in (("ties", self.ties), ("careless", self.careless)):
            if not 0 <= share <= 1:
                raise EditError(f"'{name}' is {share:g}, but has to be a share from 0 to 1.")
        for sd in (self.person_sd, self.case_sd):
            if not 0 <= sd <= LARGEST:
                raise EditError(f"People and cases differ by 0 to {LARGEST:g} log odds, not by {sd:g}.")
        for odds in (self.side, *self.strengths.values()):
            if not abs(odds) <= FARTHEST:
                raise EditError(f"A strength of {odds:g} log odds is beyond {FARTHEST:g}. Take a smaller step or side.")

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(self.strengths)


def write_planted(planted: Planted, folder: Path) -> None:
    """Notes in a study's folder that its people are made up, and with which tastes."""
    (folder / PLANTED).write_text(json.dumps(asdict(planted), indent=1) + "\n", "utf-8")


def read_planted(folder: Path) -> Planted | None:
    """What `write_planted` wrote; None of a study whose people are real."""
    file = folder / PLANTED
    return Planted(**json.loads(file.read_text("utf-8"))) if file.is_file() else None


@dataclass(frozen=True, kw_only=True)
class Tastes:
    """What everyone and every case adds to the arms' strengths, and who clicks at random."""

    people: Float[np.ndarray, "people arms"]
    cases: Float[np.ndarray, "cases arms"]
    careless: np.ndarray = field(repr=False)

    @classmethod
    def drawn(cls, planted: Planted, people: int, cases: int, rng: np.random.Generator) -> "Tastes":
        arms = len(planted.strengths)
        return cls(
            people=rng.normal(0, planted.person_sd / np.sqrt(2), (people, arms)),
            cases=rng.normal(0, planted.case_sd / np.sqrt(2), (cases, arms)),
            careless=rng.random(people) < planted.careless,
        )


def scores(
    planted: Planted,
    tastes: Tastes,
    people: Int[np.ndarray, " votes"],
    cases: Int[np.ndarray, " votes"],
    left: Int[np.ndarray, " votes"],
    right: Int[np.ndarray, " votes"],
    rng: np.random.Generator,
) -> Float[np.ndarray, " votes"]:
    """What these people answer: 1 for the left picture, 0 for the right one, 0.5 for no preference."""
    strengths = np.array(list(planted.strengths.values()))
    liked = strengths + tastes.people[people] + tastes.cases[cases]  # (votes, arms)
    votes = np.arange(len(people))
    odds = planted.side + liked[votes, left] - liked[votes, right]
    chosen = (rng.random(len(votes)) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    chosen[rng.random(len(votes)) < planted.ties] = 0.5
    clicked = rng.integers(0, 2, len(votes)).astype(np.float64)
    return np.where(tastes.careless[people], clicked, chosen)


def drawn_votes(planted: Planted, people: int, cases: int, trials: int, rng: np.random.Generator) -> Votes:
    """A whole study of made-up people: `trials` each, least shown first, sides at random."""
    pairs = np.array([pair for pair in permutations(range(len(planted.arms)), 2) if pair[0] < pair[1]])
    who = np.repeat(np.arange(people), trials)
    slots = len(pairs) * cases
    # One shuffled round after another: nothing is shown twice before all was shown once.
    shown = np.concatenate([rng.permutation(slots) for _ in range(-(-len(who) // slots))])[: len(who)]
    left, right = pairs[shown // cases].T
    swapped = rng.random(len(who)) < 0.5
    left, right = np.where(swapped, right, left), np.where(swapped, left, right)
    given = scores(planted, Tastes.drawn(planted, people, cases, rng), who, shown % cases, left, right, rng)
    return Votes(arms=planted.arms, people=who, cases=shown % cases, left=left, right=right, scores=given)


@dataclass(frozen=True, kw_only=True)
class Averaged:
    """What a fit of very many votes would come to: the side's log odds, and each arm's over the first one's."""

    side: float
    strengths: Mapping[str, float]


def averaged(planted: Planted) -> Averaged:
    """The truth that intervals should hold.

    Tastes, ties and random clicks bring votes nearer to a half, so these are smaller than what was planted. Exact:
    the expected scores, fitted as votes are.
    """
    # Three times each: a fit wants more votes than columns, and equal votes change nothing.
    orders = np.array([*permutations(range(len(planted.arms)), 2)] * 3)
    nobody = np.zeros(len(orders), np.int64)
    strengths = np.array(list(planted.strengths.values()))
    expected = expected_scores(planted, planted.side + strengths[orders[:, 0]] - strengths[orders[:, 1]])
    votes = Votes(
        arms=planted.arms, people=nobody, cases=nobody, left=orders[:, 0], right=orders[:, 1], scores=expected
    )
    side, *others = votes.coefficients()
    return Averaged(side=side, strengths=dict(zip(planted.arms, (0.0, *others), strict=True)))


def averaged_share(planted: Planted, pair: Pair) -> float:
    """How often the first of two arms would be chosen, ties as a half each, if it stood left as often as right."""
    ahead = planted.strengths[pair[0]] - planted.strengths[pair[1]]
    left, right = expected_scores(planted, np.array([ahead + planted.side, ahead - planted.side]))
    return float(left + right) / 2


def expected_scores(planted: Planted, odds: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
    """The mean score over all tastes, by Gauss-Hermite, where that of a person and case without any has these odds."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    spread = np.hypot(planted.person_sd, planted.case_sd)
    chosen = (weights / weights.sum()) @ (1 / (1 + np.exp(-(odds + spread * nodes[:, None]))))
    careful = planted.ties / 2 + (1 - planted.ties) * chosen
    return planted.careless / 2 + (1 - planted.careless) * careful
