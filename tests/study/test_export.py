"""The tables for the researcher: a row for every answer, and nothing in them that a spreadsheet would run."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

from refedit.study.data.definition import read_definition
from refedit.study.data.export import codebook, table_csv, write_tables
from refedit.study.data.pairs import read_built, write_built
from refedit.study.data.said import Event, EventKind
from tests.study.made_up import write_study
from tests.study.server import ADMIN
from tests.study.visitor import Visitor, table


def test_the_export_has_one_row_per_answer(opened: Any, tmp_path: Path) -> None:
    study = opened()
    visitors = [Visitor(study) for _ in range(3)]
    for visitor in visitors[:2]:
        visitor.answer_all()
    got = visitors[0].ask("admin/answers.csv", token=ADMIN)
    rows = list(csv.DictReader(io.StringIO(got.text)))
    assert got.headers["content-type"].startswith("text/csv") and len(rows) == 48
    assert len({(row["person"], row["position"]) for row in rows}) == 48
    for row in rows:
        assert row["chosen"] == row["left"] and row["choice"] == "left"
    write_tables(study.store.connection(), tmp_path / "out")
    for name, columns in codebook().items():
        assert (tmp_path / "out" / f"{name}.csv").read_text().splitlines()[0] == ",".join(columns)
    status = visitors[0].ask("admin/status", token=ADMIN).json()
    assert (status["agreed"], status["finished"], status["answers"], status["unshipped"]) == (3, 0, 48, 0)


def test_no_cell_of_the_export_is_a_formula(opened: Any) -> None:
    study = opened()
    visitor = Visitor(study)
    formulas = ("=1+1", "+1", "-1", "@A1", "\tx", "\rx", '=HYPERLINK("http://x","y")', "\uff1d1+1")
    for number, formula in enumerate(formulas):
        study.store.note(visitor.token, Event(uuid=f"event-{number}", kind=EventKind.FAIL, detail=formula))
    assert [row["detail"] for row in table(study, "events")] == [f"'{formula}" for formula in formulas]


def test_no_cell_is_a_formula_wherever_a_spreadsheet_parts_cells(opened: Any) -> None:
    study = opened()
    visitor, said = Visitor(study), ("a;=1+1", "b\t@A1", 'c";-1', "d\r\n+1", "e;;\uff1d1", "f\0;=1", ";-)", "a = b; c")
    for number, detail in enumerate(said):
        study.store.note(visitor.token, Event(uuid=f"event-{number}", kind=EventKind.FAIL, detail=detail))
    text = table_csv("events", study.store.connection())
    read = [row["detail"].replace("'", "") for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert read == [detail.replace("\0", "\ufffd") for detail in said]
    for delimiter in ",;\t|":
        cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) for cell in row]
        assert len(cells) > len(said) and not any(cell.startswith((*"=+-@", "\uff1d")) for cell in cells)


def test_a_prompt_that_is_a_formula_is_escaped(opened: Any, tmp_path: Path) -> None:
    write_study(tmp_path)
    built = read_built(tmp_path, read_definition(tmp_path))
    write_built(replace(built, pairs=tuple(replace(pair, prompt="=1+1") for pair in built.pairs)), tmp_path)
    study = opened()
    Visitor(study).answer_all()
    assert {row["prompt"] for row in table(study, "answers")} == {"'=1+1"}
