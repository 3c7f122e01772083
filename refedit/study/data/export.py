"""The collected rows as tables that a spreadsheet or a program reads, and what their columns mean."""

import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from refedit.errors import EditError
from refedit.study.data import records

TABLES: Mapping[str, tuple[type, Callable[[sqlite3.Connection], Sequence[Any]]]] = {
    "answers": (records.AnswerRow, records.answers),
    "people": (records.PersonRow, records.people),
    "events": (records.EventRow, records.events),
    "edits": (records.EditRow, records.edits),
}
"""The tables by name: what a row is, and how they are read. `answers` has one row per answer."""

_SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(rf"^(?=[{_SIGNS}\t\r\n])|(?<=[;|\t\r\n])(?=[{_SIGNS}])")
"""Where a spreadsheet would run what follows: signs, in the wide form too, that begin a cell. In many countries cells
are parted at semicolons, whatever quotes there are, so that a text may have several."""

CODEBOOK: Mapping[str, str] = {
    "person": "a random name of the person within this study",
    "source": "how the person came: prolific, link, or test (the researcher's own trial)",
    "finished": "answers: whether the person answered everything; people: when, in seconds since 1970, or empty",
    "position": "the place of the question among all that the person was asked, from 0",
    "showing": "the place of the pair on the screen, from 0; several questions may share one",
    "pair": "the pair's id",
    "kind": "pair, or check if the better side is known; of events what happened",
    "case": "the case that was edited",
    "prompt": "the sentence that was shown",
    "first_arm": "the arm of the pair's first result",
    "second_arm": "the arm of the pair's second result",
    "expected": "the better side of a check: first or second",
    "question": "the question's id",
    "left": "which result stood on the left: first or second",
    "repeats": "the position of the same question about the same pair before, sides swapped; empty if it is new",
    "choice": "left, right or none, as it counts",
    "chosen": "which result that is: first or second; empty without a preference",
    "first_choice": "what was said before the person went back; else the same as choice",
    "ms": "milliseconds from when both results were there until the choice, measured by the browser",
    "hidden_ms": "of these, while the page could not be seen",
    "first_key_ms": "milliseconds until the first key or click for an answer, even if it was too early to count",
    "stored": "when the answer was stored, in seconds since 1970",
    "consent": "the SHA-256 sum of the text that the person agreed to",
    "pictures": "whether the person's own pictures may be kept",
    "consented": "when the person agreed, in seconds since 1970",
    "asked": "how many questions the person was to answer",
    "answered": "how many of them were answered",
    "at": "when it happened, in seconds since 1970",
    "detail": "more about it",
    "arm": "the arm that edited",
    "request": "the edit's words and numbers, as JSON",
    "seconds": "how long the edit took",
    "rows": "what it cost, in UNet rows",
    "failed": "why it failed, empty if it did not",
}
"""What every column means."""


def table_csv(name: str, db: sqlite3.Connection) -> str:
    """A table as `csv_text` writes it; EditError if there is none of that name."""
    if name not in TABLES:
        raise EditError(f"There is no table '{name}'. Choose one of {', '.join(TABLES)}.")
    kind, read = TABLES[name]
    columns = columns_of(kind)
    return csv_text(columns, ([getattr(row, column) for column in columns] for row in read(db)))


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV; what a spreadsheet would take for a formula has an apostrophe before it."""
    file = io.StringIO()
    writer = csv.writer(file)  # its line ends, CR LF, are what makes it quote a cell with either
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue()


def columns_of(kind: type) -> list[str]:
    """The columns of a table; answers tell the chosen result beside the side."""
    columns = [item.name for item in fields(kind)]
    if kind is records.AnswerRow:
        columns.insert(columns.index("choice") + 1, "chosen")
    return columns


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, str):
        return value
    return _FORMULA.sub("'", value.replace("\0", "\ufffd"))  # many readers end a file at a zero


def codebook() -> dict[str, dict[str, str]]:
    """The meaning of every column, by table."""
    return {name: {column: CODEBOOK[column] for column in columns_of(kind)} for name, (kind, _) in TABLES.items()}


def write_tables(db: sqlite3.Connection, out: Path) -> None:
    """Writes every table, the codebook, and the numbers of those who are in none of them, into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        (out / f"{name}.csv").write_bytes(table_csv(name, db).encode())
    (out / "codebook.json").write_text(json.dumps(codebook(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    (out / "tallies.json").write_text(json.dumps(dict(records.tallies(db)), indent=1) + "\n", "utf-8")
