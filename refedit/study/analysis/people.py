"""Who took part, person by person, and who is flagged: nobody's answers are deleted, results are shown both ways."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from refedit.errors import EditError
from refedit.study.data.pairs import PairKind
from refedit.study.data.records import AnswerRow
from refedit.study.data.said import Choice, Source


class Flag(StrEnum):
    """Why a person is left out of the second set of results."""

    CHECKS = "checks failed"
    FAST = "too fast"
    ONE_SIDE = "always the same side"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When people are flagged; decide before you look, and say so beforehand.

    More than `failed_checks` wrong answers to checks, where no preference is not wrong; a median time below
    `fastest_ms`; a share of at least `one_side` of the answers for the same side, of at least `fewest` answers.
    """

    failed_checks: int = 0
    fastest_ms: int = 1000
    one_side: float = 0.95
    fewest: int = 12

    def __post_init__(self) -> None:
        if self.failed_checks < 0 or self.fastest_ms < 0:
            raise EditError("Failed checks and the fastest time cannot be less than 0.")
        if not 0.5 < self.one_side <= 1:
            raise EditError(f"One side's share is {self.one_side:g}, but has to be over 0.5 and at most 1.")

    def __str__(self) -> str:
        return (
            f"{Flag.CHECKS}: more than {self.failed_checks}, where no preference is no failure; {Flag.FAST}: half of "
            f"the answers in less than {self.fastest_ms / 1000:g} s; {Flag.ONE_SIDE}: {100 * self.one_side:g} % of "
            f"the answers, of at least {self.fewest}"
        )


@dataclass(frozen=True, kw_only=True)
class Participant:
    """What one person did. `one_side` is the larger side's share of the answers that chose one."""

    person: str
    source: Source
    finished: bool
    answers: int
    checks: int
    checks_failed: int
    median_ms: float
    one_side: float
    flags: tuple[Flag, ...]


def counted(answers: Iterable[AnswerRow]) -> tuple[AnswerRow, ...]:
    """The answers of all but the researcher's own tests."""
    return tuple(row for row in answers if row.source is not Source.TEST)


def main_answers(answers: Iterable[AnswerRow]) -> Iterator[AnswerRow]:
    """Those that say which arm is better: neither to checks nor to pairs that came again."""
    return (row for row in answers if row.kind is PairKind.PAIR and row.repeats is None)


def participants(answers: Sequence[AnswerRow], rules: Rules) -> tuple[Participant, ...]:
    """Everybody who answered something, in that order."""
    by_person: dict[str, list[AnswerRow]] = {}
    for row in answers:
        by_person.setdefault(row.person, []).append(row)
    return tuple(_participant(rows, rules) for rows in by_person.values())


def _participant(rows: Sequence[AnswerRow], rules: Rules) -> Participant:
    checks = [row for row in rows if row.kind is PairKind.CHECK]
    failed = sum(row.chosen not in (None, row.expected) for row in checks)
    middle = float(median(row.ms - row.hidden_ms for row in rows))
    sided, decided = _one_side(rows)
    raised = {
        Flag.CHECKS: failed > rules.failed_checks,
        Flag.FAST: middle < rules.fastest_ms,
        Flag.ONE_SIDE: decided >= rules.fewest and sided >= rules.one_side,
    }
    return Participant(
        person=rows[0].person,
        source=rows[0].source,
        finished=rows[0].finished,
        answers=len(rows),
        checks=len(checks),
        checks_failed=failed,
        median_ms=middle,
        one_side=sided,
        flags=tuple(flag for flag, there in raised.items() if there),
    )


def _one_side(rows: Sequence[AnswerRow]) -> tuple[float, int]:
    """The larger side's share of the answers that chose a side, and how many these are."""
    chosen = [row.choice for row in rows if row.choice is not Choice.NONE]
    left = sum(choice is Choice.LEFT for choice in chosen)
    return (max(left, len(chosen) - left) / len(chosen) if chosen else 0.0), len(chosen)
