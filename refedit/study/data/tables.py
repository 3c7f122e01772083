"""The tables of a study's file and the statements that fill them; `schema.sql` says what may stand in them."""

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, astuple, fields
from pathlib import Path
from typing import Any

import refedit
from refedit.errors import EditError
from refedit.study.data.assignment import Shown, Trial
from refedit.study.data.definition import Definition
from refedit.study.data.pairs import Built, Pair
from refedit.study.data.said import Contradiction, LiveEdit

FILE = "study.sqlite"
SCHEMA = Path(__file__).with_name("schema.sql")
VERSION = 1
PATIENCE = 30.0
"""Seconds for which a connection waits for others."""
HOLD = 3 * 3600
"""Seconds for which the pairs of somebody who has not finished count as shown, answered or not."""


def connect(file: Path) -> sqlite3.Connection:
    """A connection that commits when told to, and then to the disk; EditError if the file cannot be used."""
    try:
        db = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA journal_mode = WAL")
    except sqlite3.DatabaseError as error:
        raise EditError(
            f"The answers in '{file}' cannot be read or written: {error}. Check the disk, and whose file it is, or put "
            "a sound copy in its place."
        ) from error
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")  # who withdraws is gone from the file's free pages, too
    return db


def emptied(db: sqlite3.Connection, patience: float) -> bool:
    """Moves all of the write-ahead log into the file and cuts it to nothing; False if others held on to it so long."""
    db.execute(f"PRAGMA busy_timeout = {int(1000 * patience)}")
    try:
        return not db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError:
        return False
    finally:
        db.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE)}")


def prepare(db: sqlite3.Connection, definition: Definition, built: Built) -> None:
    if is_new(db):
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


def is_new(db: sqlite3.Connection) -> bool:
    """True if the file has no tables yet; EditError if they are another version's."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, VERSION):
        raise EditError(f"{FILE} was made by another version of RefEdit ({version}). Use that one.")
    return bool(version == 0)


def is_of(db: sqlite3.Connection, sha256: str) -> bool:
    """True if the tables are those of the definition with this checksum."""
    row = db.execute("SELECT sha256 FROM study").fetchone()
    return row is not None and row["sha256"] == sha256


def _is_the_same(db: sqlite3.Connection, built: Built) -> bool:
    kept = {tuple(pair) for pair in db.execute("SELECT * FROM pair")}
    return is_of(db, built.sha256) and kept == {astuple(pair) for pair in built.pairs}


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


def shown(db: sqlite3.Connection) -> Shown:
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


def as_row(trial: Trial) -> tuple[Any, ...]:
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


def count(db: sqlite3.Connection, what: str) -> None:
    db.execute("INSERT INTO tally VALUES (?, 1) ON CONFLICT (what) DO UPDATE SET count = count + 1", (what,))
