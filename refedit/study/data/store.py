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
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from refedit.errors import EditError
from refedit.study.data import tables
from refedit.study.data.assignment import assign
from refedit.study.data.definition import Definition
from refedit.study.data.pairs import Built, Pair, Side
from refedit.study.data.said import (
    Answer,
    Choice,
    Contradiction,
    Elsewhere,
    Event,
    Full,
    LiveEdit,
    Source,
    TooFast,
    Unfinished,
    Unknown,
)

EVENTS = 1000
"""Events of one person at most: a study has a few for each of its pages."""


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
        self._local, self._log_held = threading.local(), False
        with self.writing() as db:
            tables.prepare(db, definition, built)
            self.salt: bytes = db.execute("SELECT salt FROM study").fetchone()[0]
        self.empty_log()

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
        if self._log_held:
            self.empty_log()

    def connection(self) -> sqlite3.Connection:
        """This thread's connection; what it reads outside of `writing` is committed."""
        if not hasattr(self._local, "db"):
            self._local.db = tables.connect(self.file)
        found: sqlite3.Connection = self._local.db
        return found

    def sealed(self, secret: str) -> str:
        """A secret as the tables hold it."""
        return hmac.new(self.salt, secret.encode(), hashlib.sha256).hexdigest()

    def take_salt(self, salt: bytes) -> None:
        """Goes on with the salt of an earlier disk; EditError if people were kept here with another one."""
        if salt == self.salt:
            return
        with self.writing() as db:
            if db.execute("SELECT 1 FROM participant").fetchone():
                raise EditError(f"{self.file} and the bucket have people of different studies. Begin in a new folder.")
            db.execute("UPDATE study SET salt = ?", (salt,))
        self.salt = salt

    def enrol(self, source: Source, outside: str, consent: str, pictures: bool = False) -> str:
        """A token for somebody who agrees, and all that they will be asked; raises Full.

        `outside` is the recruiter's id ("" if there is none): whoever comes with it again goes on, with a new token.
        A test has none, else it could take the place of somebody who is still to come.
        """
        token, named = secrets.token_urlsafe(24), outside and source is not Source.TEST
        sealed, seal = self.sealed(token), self.sealed(f"outside:{outside}") if named else None
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
            who = tables.insert_person(db, *row)
            trials = assign(tuple(self.pairs.values()), tables.shown(db), self.definition, seed)
            tables.insert_trials(db, who, [tables.as_row(trial) for trial in trials])
            self._ship(db, who, "person", row=row, trials=[tables.as_row(trial) for trial in trials])
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

        Raises Contradiction for other words, TooFast, Unknown and Elsewhere.
        """
        if answer.ms < self.definition.minimum_ms:
            raise TooFast(f"An answer takes at least {self.definition.minimum_ms} ms. Look at the pictures first.")
        table = "answer_change" if change else "answer"
        with self.writing() as db:
            who = self.person(token, db)
            self._check_open(db, who, answer.position, change)
            stored = tables.insert_answer(db, table, who.id, asdict(answer), time.time())
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
        """Stores an event; the same one again does nothing. Raises Full for a program that sends them without end."""
        with self.writing() as db:
            who = self.person(token, db)
            if db.execute("SELECT count(*) FROM event WHERE participant = ?", (who.id,)).fetchone()[0] >= EVENTS:
                raise Full("More has been noted here than a study needs. Your answers count all the same.")
            at = time.time()
            if tables.insert_event(db, who.id, at, asdict(event)):
                self._ship(db, who.id, "event", at=at, **asdict(event))

    def keep_edit(self, token: str, edit: LiveEdit) -> None:
        """Stores an edit of a live study; its pictures only if the person agreed."""
        with self.writing() as db:
            who = self.person(token, db)
            told = asdict(edit) | ({} if who.pictures else {"source": None, "result": None})
            at = time.time()
            if tables.insert_edit(db, who.id, at, told):
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
                tables.finish_person(db, who.id, at)
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
            tables.count(db, "withdrawn")
            if self.definition.ship:
                db.execute("INSERT INTO unforgotten VALUES (?)", (row["person"],))
        self.empty_log(patience=1.0)
        return str(row["person"])

    def empty_log(self, patience: float = 0.0) -> None:
        """Leaves nothing of what was deleted in the file beside the file (the write-ahead log).

        Whoever reads meanwhile, as a backup does, prevents that; then it is tried again after every write, and when the
        study is opened. `patience` is in seconds.
        """
        self._log_held = not tables.emptied(self.connection(), patience)

    def count(self, what: str) -> None:
        """One more who refused ("refused"), or for whom there was no room ("screened")."""
        with self.writing() as db:
            tables.count(db, what)

    def _ship(self, db: sqlite3.Connection, who: int, what: str, **line: Any) -> None:
        """Puts a line aside for the bucket, in the transaction of what it tells."""
        if self.definition.ship:
            spelled = json.dumps({"what": what, **line}, ensure_ascii=False)
            db.execute("INSERT INTO unshipped (participant, line) VALUES (?, ?)", (who, spelled))
