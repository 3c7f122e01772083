"""Outcomes that are there already: files of JSON lines in a folder, so that equal runs happen once."""

import hashlib
import json
import queue
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import Case, CaseKind, case_at
from refedit.bench.experiment.outcome import Outcome, measured
from refedit.bench.experiment.runs import run_arm
from refedit.bench.experiment.workbench import Workbench, workbench_of
from refedit.editing.editor import Editor
from refedit.errors import EditError
from refedit.picturebook.world.true_edits import drawn


@dataclass(frozen=True)
class Share:
    """Every `of`-th case from the `place`-th on; places count from 1."""

    place: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """From "2/3", the second of three; EditError if it is none."""
        numbers = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", text)
        if not numbers or int(numbers[1]) > int(numbers[2]):
            raise EditError(f"'{text}' is no share. Write it as 1/2, the first of two.")
        return cls(int(numbers[1]), int(numbers[2]))

    @property
    def whole(self) -> bool:
        return self.of == 1

    @property
    def file(self) -> str:
        """The name that its outcomes are kept by: no two processes write to one file."""
        return "outcomes" if self.whole else f"outcomes-{self.place}-of-{self.of}"

    def of_cases(self, count: int) -> range:
        """Its numbers among `count` cases."""
        return range(self.place - 1, count, self.of)


WHOLE = Share()


_FIELDS = {field.name for field in fields(Outcome)}


class Store:
    """The outcomes in a folder by key; a line that was cut short, or has other fields, does not count.

    Those of every share are known, new ones go to the file of this one.
    """

    def __init__(self, folder: Path, share: Share = WHOLE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"{share.file}.jsonl"
        texts = {path: path.read_text("utf-8") for path in sorted(folder.glob(f"{WHOLE.file}*.jsonl"))}
        self._known: dict[str, Outcome] = {key: outcome for text in texts.values() for key, outcome in _read(text)}
        own = texts.get(self.path, "")
        self._gap = "" if own.endswith("\n") or not own else "\n"

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: str) -> Outcome | None:
        return self._known.get(key)

    def put(self, key: str, outcome: Outcome) -> None:
        self._known[key] = outcome
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._gap + json.dumps({"key": key, **asdict(outcome)}) + "\n")
        self._gap = ""


def outcomes(
    workbench: Workbench, store: Store, which: str, kind: CaseKind, numbers: range, arms: Sequence[Arm]
) -> Iterator[Outcome]:
    """Every arm on every case of a kind, from the store where it has them, else run and kept.

    Case by case, so that arms share what memory has of its pictures.
    """
    for number in numbers:
        case = case_at(which, kind, number)
        about = case_key(case, which, workbench)
        for arm in arms:
            timed = workbench.hardware if arm.alone else ""
            key = hashlib.sha256(f"{about} {arm.key} {timed}".encode()).hexdigest()[:24]
            outcome = store.get(key)
            if outcome is None:
                outcome = _made(workbench, case, arm)
                store.put(key, outcome)
            yield replace(outcome, method=arm.name)


def _made(workbench: Workbench, case: Case, arm: Arm) -> Outcome:
    """An outcome, of this process or of another; seconds are measured here, where nothing runs beside it."""
    if workbench.elsewhere is None or arm.alone:
        return outcome_of(workbench, case, arm)
    source = repr(case.source)  # arms on one picture share what memory has of it
    outcome: Outcome = workbench.elsewhere.run(source, _made_there, case, arm)
    return outcome


def outcome_of(workbench: Workbench, case: Case, arm: Arm) -> Outcome:
    """Runs an arm on a case and measures what came of it."""
    made = run_arm(workbench, case, arm)
    return measured(arm.case(case), arm.name, made, workbench.model.size, workbench.reader)


def _made_there(editor: Editor, case: Case, arm: Arm) -> Outcome:
    return outcome_of(workbench_of(editor), case, arm)


def spread(run: Callable[[Share], Iterable[Outcome]], parts: int) -> Iterator[Outcome]:
    """Runs so many shares side by side, each on a thread of its own, and gives what comes of them as it comes."""
    made: queue.SimpleQueue[Outcome | None] = queue.SimpleQueue()
    over = threading.Event()

    def one(share: Share) -> None:
        try:
            for outcome in run(share):
                made.put(outcome)
                if over.is_set():
                    return
        finally:
            made.put(None)

    with ThreadPoolExecutor(parts) as threads:
        works = [threads.submit(one, Share(place, parts)) for place in range(1, parts + 1)]
        try:
            for _ in works:
                yield from iter(made.get, None)
                for work in works:
                    if work.done():
                        work.result()  # raises what stopped it
        finally:
            over.set()
    for work in works:
        work.result()


def case_key(case: Case, which: str, workbench: Workbench) -> str:
    """What an outcome depends on besides its arm: set, kind and number, what is drawn and said, weights and code."""
    scenes = [scene for scene in (case.source, case.result, case.reference) if scene is not None]
    digest = hashlib.sha256(repr((scenes, case.prompts, workbench.model.schedule(50))).encode())
    for scene in scenes:
        drawing = drawn(scene, workbench.model.size)
        for plane in (drawing.picture, *drawing.masks.values()):
            digest.update(np.asarray(plane).tobytes())
    return f"{which} {case.kind} {case.number} {digest.hexdigest()} {workbench.made_by}"


def read_lines(text: str) -> Iterator[dict[str, Any]]:
    """The outcomes in a file as JSON objects, each with its key; a line that was cut short is left out."""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _read(text: str) -> Iterator[tuple[str, Outcome]]:
    for data in read_lines(text):
        key = data.pop("key")
        if data.keys() == _FIELDS:
            yield key, Outcome.from_json(data)
