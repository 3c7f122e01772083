"""What a study's answers come to, question by question, with and without the people who are flagged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from refedit.errors import EditError
from refedit.study.analysis.agreement import agreement, repeats
from refedit.study.analysis.fits import Estimate, holm, independent_share
from refedit.study.analysis.measured import Correlation, Measured, correlation
from refedit.study.analysis.people import Participant, Rules, counted, main_answers, participants
from refedit.study.analysis.votes import Pair, Strengths, Votes
from refedit.study.data.definition import Definition, Question
from refedit.study.data.pairs import Side
from refedit.study.data.records import AnswerRow
from refedit.study.data.said import Choice


@dataclass(frozen=True, kw_only=True)
class PairResult:
    """Two arms side by side: how often each was chosen, ties, and the first one's share with ties as a half each.

    `independent` is Wilson's interval, as if votes were independent. `holm` is the p value of the share's being a half,
    adjusted for the number of pairs of arms of this question.
    """

    pair: Pair
    first: int
    second: int
    ties: int
    share: Estimate
    independent: Estimate
    holm: float | None


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What came of one question."""

    question: Question
    votes: int
    people: int
    cases: int
    pairs: tuple[PairResult, ...]
    strengths: Strengths | None
    left: Estimate
    agreement: float | None
    repeated: tuple[Estimate, int] | None
    median_ms: float
    correlation: Correlation | None


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A study's results: `everyone` by question, `unflagged` without the people who are flagged (None if nobody is)."""

    definition: Definition
    rules: Rules
    people: tuple[Participant, ...]
    everyone: tuple[Answered, ...]
    unflagged: tuple[Answered, ...] | None

    @property
    def flagged(self) -> tuple[Participant, ...]:
        return tuple(person for person in self.people if person.flags)


def analyse(
    definition: Definition, rows: Sequence[AnswerRow], measured: Measured | None = None, rules: Rules | None = None
) -> Analysis:
    """Analyses answers; those of the researcher's own tests are left out. EditError if there are none."""
    rules, answers = rules or Rules(), counted(rows)
    if not any(main_answers(answers)):
        raise EditError("Nobody has answered anything yet, so there is nothing to analyse.")
    people = participants(answers, rules)
    flagged = {person.person for person in people if person.flags}
    rest = [row for row in answers if row.person not in flagged]
    return Analysis(
        definition=definition,
        rules=rules,
        people=people,
        everyone=_answered(definition, answers, measured or {}),
        unflagged=_answered(definition, rest, measured or {}) if flagged and any(main_answers(rest)) else None,
    )


def _answered(definition: Definition, answers: Sequence[AnswerRow], measured: Measured) -> tuple[Answered, ...]:
    by_question = {item: [row for row in answers if row.question == item.id] for item in definition.questions}
    return tuple(
        _question(item, definition, rows, measured) for item, rows in by_question.items() if any(main_answers(rows))
    )


def _question(question: Question, definition: Definition, rows: Sequence[AnswerRow], measured: Measured) -> Answered:
    main = list(main_answers(rows))
    votes, names = votes_of(main, definition)
    return Answered(
        question=question,
        votes=len(votes),
        people=len(np.unique(votes.people)),
        cases=len(np.unique(votes.cases)),
        pairs=_pairs(votes),
        strengths=votes.strengths(),
        left=votes.share(),
        agreement=agreement(rows),
        repeated=repeats(rows),
        median_ms=float(median(row.ms - row.hidden_ms for row in main)),
        correlation=correlation(votes, names, measured),
    )


def _pairs(votes: Votes) -> tuple[PairResult, ...]:
    between = {pair: votes.between(pair) for pair in votes.pairs}
    shares = {pair: some.share() for pair, some in between.items()}
    adjusted = holm({pair: share.p for pair, share in shares.items()})
    return tuple(_pair(pair, some, shares[pair], adjusted[pair]) for pair, some in between.items())


def _pair(pair: Pair, votes: Votes, share: Estimate, adjusted: float | None) -> PairResult:
    first, second, ties = (int((votes.scores == score).sum()) for score in (1, 0, 0.5))
    independent = independent_share(votes.scores)
    return PairResult(
        pair=pair, first=first, second=second, ties=ties, share=share, independent=independent, holm=adjusted
    )


_SCORES: Mapping[Choice, float] = {Choice.LEFT: 1.0, Choice.NONE: 0.5, Choice.RIGHT: 0.0}


def votes_of(rows: Sequence[AnswerRow], definition: Definition) -> tuple[Votes, tuple[str, ...]]:
    """Answers as votes, and the names of their cases in the order of their numbers.

    In a live study everybody's every showing is a case of its own.
    """
    live, arms = definition.kind == "live", tuple(definition.arms)
    cases = [f"{row.person} {row.showing}" if live else row.case for row in rows]
    names, codes = np.unique(cases, return_inverse=True)
    first_left = [row.left is Side.FIRST for row in rows]
    lefts = [row.first_arm if left else row.second_arm for row, left in zip(rows, first_left, strict=True)]
    rights = [row.second_arm if left else row.first_arm for row, left in zip(rows, first_left, strict=True)]
    votes = Votes(
        arms=arms,
        people=np.unique([row.person for row in rows], return_inverse=True)[1],
        cases=codes,
        left=np.array([arms.index(arm) for arm in lefts]),
        right=np.array([arms.index(arm) for arm in rights]),
        scores=np.array([_SCORES[row.choice] for row in rows]),
    )
    return votes, tuple(map(str, names))
