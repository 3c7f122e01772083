"""What a study has collected, as plain rows: what the export and the analysis read."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from refedit.errors import EditError
from refedit.study.data.definition import Definition
from refedit.study.data.pairs import PairKind, Side
from refedit.study.data.said import Choice, Source
from refedit.study.data.tables import FILE, connect, is_new, is_of

REHEARSAL = "simulated"
"""The folder, in a study's own, in which made-up people take part."""


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """One answer with all that belongs to it; times are seconds since 1970, or milliseconds where named so.

    `choice` is the one that counts; `first_choice` what was said before the person went back, else the same.
    `repeats` is the position of the same question about the same pair, shown before with its sides swapped.
    """

    person: str
    source: Source
    finished: bool
    position: int
    showing: int
    pair: str
    kind: PairKind
    case: str
    prompt: str
    first_arm: str
    second_arm: str
    expected: Side | None
    question: str
    left: Side
    repeats: int | None
    choice: Choice
    first_choice: Choice
    ms: int
    hidden_ms: int
    first_key_ms: int | None
    stored: float

    @property
    def chosen(self) -> Side | None:
        """The result that was chosen, wherever it stood; None without a preference."""
        if self.choice is Choice.NONE:
            return None
        return self.left if self.choice is Choice.LEFT else self.left.other


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """Somebody who agreed to take part, and how far they came."""

    person: str
    source: Source
    consent: str
    pictures: bool
    consented: float
    finished: float | None
    asked: int
    answered: int


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """Something that happened to a person on the way."""

    person: str
    at: float
    kind: str
    position: int | None
    detail: str


@dataclass(frozen=True, kw_only=True)
class EditRow:
    """An arm's edit in a live study; the request is JSON."""

    person: str
    at: float
    showing: int
    arm: str
    request: str
    seconds: float
    rows: int
    failed: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a study is; the researcher's own tests count as `tests` only."""

    agreed: int
    finished: int
    answers: int
    least_shown: int
    most_shown: int
    refused: int
    screened: int
    withdrawn: int
    tests: int


def open_records(folder: Path) -> sqlite3.Connection:
    """A connection to a study's file; EditError if there is none yet, or it cannot be read."""
    if (folder / FILE).is_file():
        db = connect(folder / FILE)
        if not is_new(db):
            return db
    rehearsed = (folder / REHEARSAL / FILE).is_file()
    do = f"Those of the rehearsal are in '{folder / REHEARSAL}'." if rehearsed else "Serve the study first."
    raise EditError(f"There are no answers in '{folder}' yet. {do}")


def check_same(db: sqlite3.Connection, definition: Definition) -> None:
    """EditError unless the answers are to this definition: others would be left out, or counted for another arm."""
    if not is_of(db, definition.sha256):
        raise EditError("The answers are to another study.yaml than the one that is there now. Put that one back.")


def answers(db: sqlite3.Connection) -> tuple[AnswerRow, ...]:
    """All answers, person by person in the order of consent, in the order of their trials."""
    rows = db.execute(
        "SELECT p.person, p.source, p.finished NOTNULL AS finished, t.position, t.showing, r.id AS pair, r.kind, "
        'r."case", r.prompt, r.first_arm, r.second_arm, r.expected, t.question, t.left, e.position AS repeats, '
        "coalesce(c.choice, a.choice) AS choice, a.choice AS first_choice, a.ms, a.hidden_ms, a.first_key_ms, a.stored "
        "FROM answer a JOIN trial t ON t.id = a.trial JOIN pair r ON r.id = t.pair "
        "JOIN participant p ON p.id = t.participant LEFT JOIN trial e ON e.id = t.repeats "
        "LEFT JOIN answer_change c ON c.trial = a.trial ORDER BY p.consented, p.id, t.position"
    )
    return tuple(_answer(dict(row)) for row in rows)


def _answer(row: dict[str, object]) -> AnswerRow:
    kinds = {"source": Source, "finished": bool, "kind": PairKind, "left": Side}
    kinds |= {"choice": Choice, "first_choice": Choice}
    read = {name: kind(row[name]) for name, kind in kinds.items()}
    expected = Side(str(row["expected"])) if row["expected"] else None
    return AnswerRow(**(row | read | {"expected": expected}))  # type: ignore[arg-type]


def people(db: sqlite3.Connection) -> tuple[PersonRow, ...]:
    """Everybody who agreed, in that order."""
    rows = db.execute(
        "SELECT p.person, p.source, p.consent, p.pictures, p.consented, p.finished, "
        "count(t.id) AS asked, count(a.trial) AS answered FROM participant p "
        "LEFT JOIN trial t ON t.participant = p.id LEFT JOIN answer a ON a.trial = t.id GROUP BY p.id "
        "ORDER BY p.consented, p.id"
    )
    kinds = {"source": Source, "pictures": bool}
    return tuple(PersonRow(**(dict(row) | {name: kinds[name](row[name]) for name in kinds})) for row in rows)


def events(db: sqlite3.Connection) -> tuple[EventRow, ...]:
    """All events in the order in which they came."""
    rows = db.execute(
        "SELECT p.person, e.at, e.kind, e.position, e.detail FROM event e "
        "JOIN participant p ON p.id = e.participant ORDER BY e.at, e.id"
    )
    return tuple(EventRow(**dict(row)) for row in rows)


def edits(db: sqlite3.Connection) -> tuple[EditRow, ...]:
    """All edits of a live study in the order in which they ran."""
    rows = db.execute(
        "SELECT p.person, e.at, e.showing, e.arm, e.request, e.seconds, e.rows, e.failed FROM live_edit e "
        "JOIN participant p ON p.id = e.participant ORDER BY e.at, e.id"
    )
    return tuple(EditRow(**dict(row)) for row in rows)


def tallies(db: sqlite3.Connection) -> Mapping[str, int]:
    """How many refused, were too many, or withdrew: all that is kept of them."""
    counts = {row["what"]: row["count"] for row in db.execute("SELECT * FROM tally")}
    return {what: counts.get(what, 0) for what in ("refused", "screened", "withdrawn")}


def progress(db: sqlite3.Connection) -> Progress:
    """How many take part, how far they are, and how often the pairs were judged."""
    everybody = people(db)
    real = [person for person in everybody if person.source is not Source.TEST]
    judged = [
        row["times"]
        for row in db.execute(
            "SELECT count(DISTINCT p.id) AS times FROM pair r LEFT JOIN trial t ON t.pair = r.id AND t.repeats ISNULL "
            "LEFT JOIN answer a ON a.trial = t.id "
            "LEFT JOIN participant p ON p.id = t.participant AND p.source <> 'test' AND a.trial NOTNULL "
            "WHERE r.kind = 'pair' GROUP BY r.id"
        )
    ]
    return Progress(
        agreed=len(real),
        finished=sum(person.finished is not None for person in real),
        answers=sum(person.answered for person in real),
        least_shown=min(judged),
        most_shown=max(judged),
        tests=len(everybody) - len(real),
        **tallies(db),
    )
