"""Answers made by hand, and those that made-up people would give."""

from typing import Any

from refedit.study.analysis.votes import Votes
from refedit.study.data.definition import Definition, parse
from refedit.study.data.pairs import PairKind, Side
from refedit.study.data.records import AnswerRow
from refedit.study.data.said import Choice, Source

STUDY = """
v: 1
name: made-up
title: Which <is> better?
contact: someone@example.org
arms:
  specref: {method: specref}
  words: {bench: prompt-to-prompt}
  other: {bench: masactrl}
cases: {from: bench, kind: reference, numbers: 0-23}
questions: [{id: like, text: "Which is more & more like it?"}]
trials: 24
"""


def study() -> Definition:
    return parse(STUDY)


def row(**fields: Any) -> AnswerRow:
    """An answer to the first pair of `study`, for its first arm, which stood left; `fields` replaces any of it."""
    plain: dict[str, Any] = {
        "person": "p0", "source": Source.LINK, "finished": True, "position": 0, "showing": 0, "pair": "0",
        "kind": PairKind.PAIR, "case": "case-0", "prompt": "a dog", "first_arm": "specref", "second_arm": "words",
        "expected": None, "question": "like", "left": Side.FIRST, "repeats": None, "choice": Choice.LEFT,
        "first_choice": Choice.LEFT, "ms": 3000, "hidden_ms": 0, "first_key_ms": None, "stored": 0.0,
    }  # fmt: skip
    return AnswerRow(**{**plain, **fields})


def check(right: bool | None = True, **fields: Any) -> AnswerRow:
    """An answer to a check whose truth stood left: right, wrong, or no preference."""
    choice = {True: Choice.LEFT, False: Choice.RIGHT, None: Choice.NONE}[right]
    arms = {"first_arm": "truth", "second_arm": "source", "pair": "check", "case": "case-check"}
    return row(kind=PairKind.CHECK, expected=Side.FIRST, choice=choice, **arms, **fields)


def rows_of(votes: Votes) -> list[AnswerRow]:
    """Votes as answers, the pair's first arm being the one that stands first in `votes.arms`."""
    given = {1.0: Choice.LEFT, 0.0: Choice.RIGHT, 0.5: Choice.NONE}
    rows = []
    for place in range(len(votes)):
        left, right = int(votes.left[place]), int(votes.right[place])
        first, second = sorted((left, right))
        rows.append(
            row(
                person=f"p{votes.people[place]:03}",
                position=place,
                showing=place,
                pair=f"{votes.cases[place]}-{first}-{second}",
                case=f"case-{votes.cases[place]:02}",
                first_arm=votes.arms[first],
                second_arm=votes.arms[second],
                left=Side.FIRST if left == first else Side.SECOND,
                choice=given[float(votes.scores[place])],
            )
        )
    return rows
