"""Answers on their way to a storage bucket of the Hugging Face Hub, since the disk of a Space forgets.

Every few seconds, and when a person is done, what is new goes there as one small file a person:
NAME/answers/PERSON/BOOT-NUMBER.jsonl. At the start all files are read again; what is there already is not read twice.
Whoever withdraws is deleted there before it is acknowledged. A line leaves the list of what is not shipped only after
the bucket has it.
"""

import json
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from refedit.errors import EditError
from refedit.study.data import tables
from refedit.study.data.said import Contradiction
from refedit.study.data.store import Store


@runtime_checkable
class Bucket(Protocol):
    """Files by name, somewhere else; every call raises OSError if it cannot be reached."""

    def names(self, prefix: str) -> Sequence[str]: ...

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]: ...

    def change(self, add: Sequence[tuple[bytes, str]] = (), delete: Sequence[str] = ()) -> None: ...


class HubBucket:
    """A private storage bucket of the Hugging Face Hub, made if it is not there; HF_TOKEN says whose."""

    def __init__(self, name: str, api: Any = None) -> None:
        """`api` is for tests; otherwise it is the Hub's."""
        from huggingface_hub import HfApi  # a requirement of gradio

        self.name, self.api = name, api or HfApi()
        self._try(lambda: self.api.create_bucket(name, private=True, exist_ok=True))

    def names(self, prefix: str) -> Sequence[str]:
        listed = self._try(lambda: list(self.api.list_bucket_tree(self.name, prefix=prefix, recursive=True)))
        return [item.path for item in listed if item.type == "file"]

    def read(self, names: Sequence[str]) -> Mapping[str, bytes]:
        with tempfile.TemporaryDirectory() as folder:
            places = {name: Path(folder) / str(number) for number, name in enumerate(names)}
            files: list[Any] = [*places.items()]
            self._try(lambda: self.api.download_bucket_files(self.name, files=files, raise_on_missing_files=True))
            return {name: place.read_bytes() for name, place in places.items()}

    def change(self, add: Sequence[tuple[bytes, str]] = (), delete: Sequence[str] = ()) -> None:
        self._try(lambda: self.api.batch_bucket_files(self.name, add=list(add), delete=list(delete)))

    def _try(self, call: Any) -> Any:
        """The call's answer; whatever is wrong with the network or the Hub is an OSError."""
        try:
            return call()
        except Exception as error:  # from several libraries below, some without a common base
            raise OSError(f"The bucket {self.name} cannot be reached: {error}") from error


class Shipper:
    """Carries a study's answers to its bucket; one at a time, from any thread."""

    def __init__(self, store: Store, bucket: Bucket) -> None:
        self.store, self.bucket = store, bucket
        self.root = store.definition.name
        self.boot = f"{time.time_ns():016x}"
        self._turn, self._end, self._tally = threading.Lock(), threading.Event(), ""
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Reads what the bucket has, and ships from now on; OSError or EditError if it cannot be begun."""
        self._replay()
        assert self.store.definition.ship is not None
        every = self.store.definition.ship.seconds
        self._thread = threading.Thread(target=self._run, args=(every,), name="study-shipping", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ships what is left, if the bucket can be reached, and ends."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, every: float) -> None:
        ended = False
        while not ended:
            ended = self._end.wait(every)
            try:
                self.ship()
            except OSError as error:
                print(f"Answers are not in the bucket yet. {error}", flush=True)

    def ship(self) -> None:
        """Carries all that is not in the bucket yet, and deletes what must not be there; OSError if that fails."""
        with self._turn:
            db = self.store.connection()
            self._forget([row["person"] for row in db.execute("SELECT person FROM unforgotten")])
            rows = db.execute(
                "SELECT u.id, p.person, u.line FROM unshipped u "
                "JOIN participant p ON p.id = u.participant ORDER BY u.id"
            ).fetchall()
            tally = json.dumps({row["what"]: row["count"] for row in db.execute("SELECT * FROM tally ORDER BY what")})
            files = self._files(rows)
            if tally not in (self._tally, "{}"):
                files.append((tally.encode(), f"{self.root}/tally.json"))
            if files:
                self.bucket.change(add=files)
            self._tally = tally
            if rows:
                with self.store.writing() as writing:
                    writing.executemany("DELETE FROM unshipped WHERE id = ?", [(row["id"],) for row in rows])

    def waiting(self) -> int:
        """So many lines are not in the bucket yet."""
        db = self.store.connection()
        return int(
            db.execute("SELECT (SELECT count(*) FROM unshipped) + (SELECT count(*) FROM unforgotten)").fetchone()[0]
        )

    def _files(self, rows: Iterable[sqlite3.Row]) -> list[tuple[bytes, str]]:
        by_person: dict[str, list[sqlite3.Row]] = {}
        for row in rows:
            by_person.setdefault(row["person"], []).append(row)
        return [
            ("".join(f"{row['line']}\n" for row in own).encode(), self._name(person, own[-1]["id"]))
            for person, own in by_person.items()
        ]

    def _name(self, person: str, number: int) -> str:
        return f"{self.root}/answers/{person}/{self.boot}-{number:08d}.jsonl"

    def _forget(self, people: Sequence[str]) -> None:
        for person in people:
            names = self.bucket.names(f"{self.root}/answers/{person}/")
            if names:
                self.bucket.change(delete=names)
            with self.store.writing() as db:
                db.execute("DELETE FROM unforgotten WHERE person = ?", (person,))
            self.store.empty_log()

    def _replay(self) -> None:
        """Takes over what the bucket has of this study; EditError if that is another definition's."""
        place = f"{self.root}/study.json"
        if place not in self.bucket.names(f"{self.root}/"):
            self.bucket.change(add=[(self._told().encode(), place)])
            return
        told = json.loads(self.bucket.read([place])[place])
        if told["sha256"] != self.store.definition.sha256:
            raise EditError(
                "The bucket has answers to another study.yaml of this name. Put it back, or give the study a new name."
            )
        self.store.take_salt(bytes.fromhex(told["salt"]))
        names = sorted(self.bucket.names(f"{self.root}/answers/"))
        read = self.bucket.read(names)
        with self.store.writing() as db:
            for name in names:
                _take(db, name.split("/")[-2], read[name].decode())
            self._take_tally(db)

    def _told(self) -> str:
        definition = self.store.definition
        return json.dumps({"sha256": definition.sha256, "salt": self.store.salt.hex(), "name": definition.name})

    def _take_tally(self, db: sqlite3.Connection) -> None:
        place = f"{self.root}/tally.json"
        if place in self.bucket.names(f"{self.root}/"):
            for what, count in json.loads(self.bucket.read([place])[place]).items():
                db.execute("INSERT INTO tally VALUES (?, ?) ON CONFLICT DO NOTHING", (what, count))


def _take(db: sqlite3.Connection, person: str, lines: str) -> None:
    """The lines of a person's file, as far as they are not there yet; none of somebody who withdrew."""
    if db.execute("SELECT 1 FROM unforgotten WHERE person = ?", (person,)).fetchone():
        return
    for line in lines.splitlines():
        told = json.loads(line)
        what = told.pop("what")
        row = db.execute("SELECT id FROM participant WHERE person = ?", (person,)).fetchone()
        if row is None and what == "person":
            tables.insert_trials(db, tables.insert_person(db, *told["row"]), told["trials"])
        elif row is None:  # what is left of somebody who withdrew while the bucket could not be reached
            db.execute("INSERT INTO unforgotten VALUES (?) ON CONFLICT DO NOTHING", (person,))
        else:
            _take_line(db, row["id"], what, told)


def _take_line(db: sqlite3.Connection, who: int, what: str, told: dict[str, Any]) -> None:
    match what:
        case "answer" | "answer_change":
            try:
                tables.insert_answer(db, what, who, told, told["stored"])
            except Contradiction:
                pass  # this disk's own words were acknowledged first
        case "event":
            tables.insert_event(db, who, told["at"], told)
        case "live_edit":
            pictures = {name: bytes.fromhex(told[name]) if told[name] else None for name in ("source", "result")}
            tables.insert_edit(db, who, told["at"], told | pictures)
        case "finished":
            tables.finish_person(db, who, told["at"])
        case "token":
            db.execute("INSERT INTO former_token VALUES (?, ?) ON CONFLICT DO NOTHING", (told["former"], who))
            # Only the next one: this disk may know a later token already.
            db.execute(
                "UPDATE participant SET token = ? WHERE id = ? AND token = ?", (told["token"], who, told["former"])
            )
