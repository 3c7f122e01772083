"""What people said, in one SQLite file: acknowledged means on the disk, and nothing is stored twice or changed.

Every write is one transaction that is begun as a write (BEGIN IMMEDIATE) and synced (synchronous=FULL). Every thread
has a connection of its own. Tokens and recruiters' ids are kept as HMACs with the study's own salt.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

import refedit
from refedit.errors import EditError
from refedit.study.assignment import Shown, Trial, assign
from refedit.study.definition import Definition
from refedit.study.pairs import Built, Pair, Side

FILE = "study.sqlite"
SCHEMA = Path(__file__).with_name("schema.sql")
VERSION = 1
HOLD = 3 * 3600
"""Seconds for which the pairs of somebody who has not finished count as shown, answered or not."""


class Unknown(EditError):
    """A token that nobody holds."""


class Elsewhere(EditError):
    """A token of somebody who went on in another browser."""


class Contradiction(EditError):
    """Other words for what is stored already."""


class Full(EditError):
    """The study has all the people that it wants."""


class Unfinished(EditError):
    """Somebody wants to be done, but has not answered everything."""


class Choice(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


class Source(StrEnum):
    """How a person came; tests are the researcher's own."""

    PROLIFIC = "prolific"
    LINK = "link"
    TEST = "test"


class EventKind(StrEnum):
    BLUR = "blur"
    RELOAD = "reload"
    RUN = "run"
    STOP = "stop"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person says at a position, named by the browser (`uuid`), with its milliseconds.

    `ms` runs from when both pictures were there, `hidden_ms` of it while the page could not be seen; `first_key_ms` is
    when the first key or click came, even if it was too early to count.
    """

    position: int
    uuid: str
    choice: Choice
    ms: int
    hidden_ms: int = 0
    first_key_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a person on the way; `position` is where, if anywhere."""

    uuid: str
    kind: EventKind
    position: int | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class LiveEdit:
    """An arm's edit in a live study: its request without pictures, what it cost, and why it failed ("" if not).

    The pictures are PNGs, None unless the person agreed to keep them.
    """

    uuid: str
    showing: int
    arm: str
    request: dict[str, str]
    seconds: float
    rows: int
    failed: str = ""
    source: bytes | None = None
    result: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who takes part: row and public name in the tables, and whether their pictures may be kept."""

    id: int
    person: str
    pictures: bool
    finished: bool
    test: bool


@dataclass(frozen=True, kw_only=True)
class Given:
    """A trial as one person has it, with the choice that counts now, if there is one."""

    position: int
    showing: int
    pair: Pair
    question: str
    left: Side
    choice: Choice | None
    changed: bool


class Store:
    """The file of one study; may be used from any thread."""

    def __init__(self, file: Path, definition: Definition, built: Built) -> None:
        """Opens the file, or makes it; EditError if people have answered another definition, or other pictures."""
        self.file, self.definition = file, definition
        self.pairs = {pair.id: pair for pair in built.pairs}
        self._local = threading.local()
        with self.writing() as db:
            _prepare(db, definition, built)
            self.salt: bytes = db.execute("SELECT salt FROM study").fetchone()[0]

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it is on the disk afterwards, or nothing."""
        db = self.connection()
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def connection(self) -> sqlite3.Connection:
        """This thread's connection; what it reads outside of `writing` is committed."""
        if not hasattr(self._local, "db"):
            self._local.db = connect(self.file)
        found: sqlite3.Connection = self._local.db
        return found

    def sealed(self, secret: str) -> str:
        """A secret as the tables hold it."""
        return hmac.new(self.salt, secret.encode(), hashlib.sha256).hexdigest()

    def enrol(self, source: Source, outside: str, consent: str, pictures: bool = False) -> str:
        """A token for somebody who agrees, and all that they will be asked; raises Full.

        `outside` is the recruiter's id ("" if there is none): whoever comes with it again goes on, with a new token.
        """
        token = secrets.token_urlsafe(24)
        sealed, seal = self.sealed(token), self.sealed(f"outside:{outside}") if outside else None
        with self.writing() as db:
            known = db.execute("SELECT id, token FROM participant WHERE outside = ?", (seal,)).fetchone()
            if known:
                db.execute("INSERT INTO former_token VALUES (?, ?)", (known["token"], known["id"]))
                db.execute("UPDATE participant SET token = ? WHERE id = ?", (sealed, known["id"]))
                self._ship(db, known["id"], "token", token=sealed, former=known["token"])
                return token
            self._check_room(db, source)
            seed = secrets.randbits(62)
            row = (secrets.token_hex(8), sealed, seal, source, seed, consent, int(pictures), time.time())
            who = insert_person(db, *row)
            trials = assign(tuple(self.pairs.values()), _shown(db), self.definition, seed)
            insert_trials(db, who, [_as_row(trial) for trial in trials])
            self._ship(db, who, "person", row=row, trials=[_as_row(trial) for trial in trials])
        return token

    def _check_room(self, db: sqlite3.Connection, source: Source) -> None:
        if not self.definition.people or source is Source.TEST:
            return
        done = db.execute("SELECT count(*) FROM participant WHERE finished NOTNULL AND source <> 'test'").fetchone()[0]
        if done >= self.definition.people:
            raise Full("This study has all the people that it needs. Thank you for coming.")

    def person(self, token: str, db: sqlite3.Connection | None = None) -> Person:
        """Who holds a token; raises Unknown or Elsewhere."""
        db, sealed = db or self.connection(), self.sealed(token)
        row = db.execute("SELECT * FROM participant WHERE token = ?", (sealed,)).fetchone()
        if row is None:
            if db.execute("SELECT 1 FROM former_token WHERE token = ?", (sealed,)).fetchone():
                raise Elsewhere("You went on with this study in another window. Go on there.")
            raise Unknown("Nobody takes part with this token.")
        return Person(
            id=row["id"],
            person=row["person"],
            pictures=bool(row["pictures"]),
            finished=row["finished"] is not None,
            test=row["source"] == Source.TEST,
        )

    def trials(self, token: str) -> tuple[Given, ...]:
        """All trials of whoever holds the token, in their order."""
        who = self.person(token)
        rows = self.connection().execute(
            "SELECT t.*, coalesce(c.choice, a.choice) AS choice, c.trial NOTNULL AS changed FROM trial t "
            "LEFT JOIN answer a ON a.trial = t.id LEFT JOIN answer_change c ON c.trial = t.id "
            "WHERE t.participant = ? ORDER BY t.position",
            (who.id,),
        )
        return tuple(self._given(row) for row in rows)

    def _given(self, row: sqlite3.Row) -> Given:
        return Given(
            position=row["position"],
            showing=row["showing"],
            pair=self.pairs[row["pair"]],
            question=row["question"],
            left=Side(row["left"]),
            choice=Choice(row["choice"]) if row["choice"] else None,
            changed=bool(row["changed"]),
        )

    def answer(self, token: str, answer: Answer, change: bool = False) -> None:
        """Stores an answer, or the one change of it; the same words again do nothing.

        Raises Contradiction for other words, Unknown and Elsewhere.
        """
        table = "answer_change" if change else "answer"
        with self.writing() as db:
            who = self.person(token, db)
            self._check_open(db, who, answer.position, change)
            stored = insert_answer(db, table, who.id, asdict(answer), time.time())
            if stored:
                self._ship(db, who.id, table, **asdict(answer), stored=stored)

    def _check_open(self, db: sqlite3.Connection, who: Person, position: int, change: bool) -> None:
        row = db.execute(
            "SELECT t.id, a.trial FROM trial t LEFT JOIN answer a ON a.trial = t.id "
            "WHERE t.participant = ? AND t.position = ?",
            (who.id, position),
        ).fetchone()
        if row is None:
            raise Unknown("There is no such question for you.")
        if change and row["trial"] is None:
            raise Contradiction("There is no answer yet that could be changed.")
        if change and who.finished:
            raise Contradiction("You are done with this study; answers can no longer be changed.")

    def note(self, token: str, event: Event) -> None:
        """Stores an event; the same one again does nothing."""
        with self.writing() as db:
            who = self.person(token, db)
            at = time.time()
            if insert_event(db, who.id, at, asdict(event)):
                self._ship(db, who.id, "event", at=at, **asdict(event))

    def keep_edit(self, token: str, edit: LiveEdit) -> None:
        """Stores an edit of a live study; its pictures only if the person agreed."""
        with self.writing() as db:
            who = self.person(token, db)
            told = asdict(edit) | ({} if who.pictures else {"source": None, "result": None})
            at = time.time()
            if insert_edit(db, who.id, at, told):
                shown = {name: value.hex() if isinstance(value, bytes) else value for name, value in told.items()}
                self._ship(db, who.id, "live_edit", at=at, **shown)

    def finish(self, token: str) -> None:
        """Marks somebody as done; raises Unfinished while a question is open."""
        with self.writing() as db:
            who = self.person(token, db)
            open_ones = db.execute(
                "SELECT count(*) FROM trial t LEFT JOIN answer a ON a.trial = t.id "
                "WHERE t.participant = ? AND a.trial ISNULL",
                (who.id,),
            ).fetchone()[0]
            if open_ones:
                raise Unfinished(f"There are {open_ones} questions left.")
            if not who.finished:
                at = time.time()
                finish_person(db, who.id, at)
                self._ship(db, who.id, "finished", at=at)

    def withdraw(self, token: str) -> str:
        """Deletes a person and all that they said; gives their public name. Raises Unknown, and Elsewhere never."""
        sealed = self.sealed(token)
        with self.writing() as db:
            row = db.execute(
                "SELECT id, person FROM participant WHERE token = :token "
                "OR id = (SELECT participant FROM former_token WHERE token = :token)",
                {"token": sealed},
            ).fetchone()
            if row is None:
                raise Unknown("Nobody takes part with this token.")
            db.execute("DELETE FROM participant WHERE id = ?", (row["id"],))
            _count(db, "withdrawn")
            if self.definition.ship:
                db.execute("INSERT INTO unforgotten VALUES (?)", (row["person"],))
        return str(row["person"])

    def count(self, what: str) -> None:
        """One more who refused ("refused"), or for whom there was no room ("screened")."""
        with self.writing() as db:
            _count(db, what)

    def _ship(self, db: sqlite3.Connection, who: int, what: str, **line: Any) -> None:
        """Puts a line aside for the bucket, in the transaction of what it tells."""
        if self.definition.ship:
            spelled = json.dumps({"what": what, **line}, ensure_ascii=False)
            db.execute("INSERT INTO unshipped (participant, line) VALUES (?, ?)", (who, spelled))


def connect(file: Path) -> sqlite3.Connection:
    """A connection that commits when told to, and then to the disk."""
    db = sqlite3.connect(file, timeout=30, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")  # who withdraws is gone from the file's free pages, too
    return db


def _prepare(db: sqlite3.Connection, definition: Definition, built: Built) -> None:
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise EditError(f"{FILE} was made by another version of RefEdit ({version}). Use that one.")
    if version == 0:
        for statement in _statements(SCHEMA.read_text("utf-8")):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {VERSION}")
    if _is_the_same(db, built):
        return
    if db.execute("SELECT 1 FROM participant").fetchone():
        raise EditError(
            "study.yaml or the built pictures have changed since people took part. Put them back, or begin a new "
            "study in a new folder."
        )
    write_study(db, definition, built, secrets.token_bytes(32))


def _is_the_same(db: sqlite3.Connection, built: Built) -> bool:
    row = db.execute("SELECT sha256 FROM study").fetchone()
    kept = {tuple(pair) for pair in db.execute("SELECT * FROM pair")}
    return row is not None and row["sha256"] == built.sha256 and kept == {astuple(pair) for pair in built.pairs}


def write_study(db: sqlite3.Connection, definition: Definition, built: Built, salt: bytes) -> None:
    """Writes what the study is, in place of what it was."""
    db.execute("DELETE FROM study")
    db.execute("DELETE FROM pair")
    told = json.dumps(asdict(definition), ensure_ascii=False)
    row = (1, told, definition.sha256, salt, refedit.__version__, built.model, time.time())
    db.execute("INSERT INTO study VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    marks = ", ".join("?" * len(fields(Pair)))
    db.executemany(f"INSERT INTO pair VALUES ({marks})", [astuple(pair) for pair in built.pairs])


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _shown(db: sqlite3.Connection) -> Shown:
    """What counts as shown: first showings that were answered, or that somebody may still be looking at."""
    rows = db.execute(
        "SELECT pair, count(*) AS times, sum(left = 'first') AS first_left FROM ("
        "  SELECT t.participant, t.showing, t.pair, t.left FROM trial t "
        "  JOIN participant p ON p.id = t.participant LEFT JOIN answer a ON a.trial = t.id "
        "  WHERE t.repeats ISNULL AND p.source <> 'test' AND (a.trial NOTNULL OR p.consented > ?) "
        "  GROUP BY t.participant, t.showing"
        ") GROUP BY pair",
        (time.time() - HOLD,),
    ).fetchall()
    times = {row["pair"]: row["times"] for row in rows}
    return Shown(times=times, first_left={row["pair"]: row["first_left"] for row in rows})


def _as_row(trial: Trial) -> tuple[Any, ...]:
    return trial.position, trial.showing, trial.pair.id, trial.question, trial.left, trial.repeats


def insert_person(db: sqlite3.Connection, *row: Any) -> int:
    """A participant from all columns after the id, but for the end; gives the id."""
    names = "person, token, outside, source, seed, consent, pictures, consented"
    marks = ", ".join("?" * len(row))
    done = db.execute(f"INSERT INTO participant ({names}) VALUES ({marks})", row)
    assert done.lastrowid is not None
    return done.lastrowid


def insert_trials(db: sqlite3.Connection, who: int, rows: list[Any]) -> None:
    """A person's trials; the last column is the position that a repeat repeats."""
    db.executemany(
        "INSERT INTO trial (participant, position, showing, pair, question, left, repeats) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT id FROM trial WHERE participant = ?1 AND position = ?7))",
        [(who, *row) for row in rows],
    )


def insert_answer(db: sqlite3.Connection, table: str, who: int, told: dict[str, Any], stored: float) -> float | None:
    """An answer or its change; None if it is there already, in the same words. Raises Contradiction for others."""
    names = ("uuid", "choice", "ms", "hidden_ms", "first_key_ms")
    trial = db.execute(
        "SELECT id FROM trial WHERE participant = ? AND position = ?", (who, told["position"])
    ).fetchone()["id"]
    values = tuple(told[name] for name in names)
    done = db.execute(
        f"INSERT INTO {table} (trial, {', '.join(names)}, stored) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (trial, *values, stored),
    )
    if done.rowcount:
        return stored
    kept = db.execute(f"SELECT {', '.join(names)} FROM {table} WHERE trial = ?", (trial,)).fetchone()
    if kept is None or tuple(kept) != values:
        raise Contradiction("Another answer to this question is stored already.")
    return None


def insert_event(db: sqlite3.Connection, who: int, at: float, told: dict[str, Any]) -> bool:
    """False if it is there already."""
    row = (who, told["uuid"], at, told["kind"], told["position"], told["detail"])
    names = "participant, uuid, at, kind, position, detail"
    return bool(
        db.execute(f"INSERT INTO event ({names}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount
    )


def insert_edit(db: sqlite3.Connection, who: int, at: float, told: dict[str, Any]) -> bool:
    """False if it is there already."""
    told = told | {"request": json.dumps(told["request"], ensure_ascii=False)}
    names = [item.name for item in fields(LiveEdit)]
    done = db.execute(
        f"INSERT INTO live_edit (participant, at, {', '.join(names)}) VALUES (?, ?{', ?' * len(names)}) "
        "ON CONFLICT DO NOTHING",
        (who, at, *(told[name] for name in names)),
    )
    return bool(done.rowcount)


def finish_person(db: sqlite3.Connection, who: int, at: float) -> None:
    """Marks a person as done."""
    db.execute("UPDATE participant SET finished = ?, ended_as = 'completed' WHERE id = ?", (at, who))


def _count(db: sqlite3.Connection, what: str) -> None:
    db.execute("INSERT INTO tally VALUES (?, 1) ON CONFLICT (what) DO UPDATE SET count = count + 1", (what,))
