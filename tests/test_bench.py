"""Measurements run and say what the tests of the methods count; tables are read again as they were written."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from refedit.__main__ import main
from refedit.bench import edits, tune
from refedit.bench.cases import POSE, REFERENCE, case_at
from refedit.bench.outcome import Outcome, edit_case, measured
from refedit.bench.sheet import SIDE, sheet
from refedit.command_ship import assemble, with_table
from refedit.editor import Editor
from refedit.errors import EditError
from refedit.methods import Baret, SpecRef
from refedit.picturebook import captions
from refedit.picturebook.clip import build_clip
from refedit.picturebook.drawing import draw
from refedit.picturebook.factors import FACTORS, factors_of
from refedit.picturebook.figures import Figure, read_figures, table, write_figures
from refedit.picturebook.networks import SIZES
from refedit.picturebook.reader import Reader
from refedit.picturebook.vocabulary import build_tokenizer

QUICK = {"steps": 2}


@pytest.fixture(scope="module")
def reader() -> Reader:
    torch.manual_seed(0)
    tokenizer = build_tokenizer(captions.words())
    return Reader(build_clip(SIZES["tiny"], tokenizer, FACTORS), tokenizer, torch.device("cpu"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {
        kind: {name: replace(method, **QUICK) for name, method in methods.items()}  # type: ignore[type-var]
        for kind, methods in edits.METHODS_OF.items()
    }
    monkeypatch.setattr(edits, "METHODS_OF", few)
    monkeypatch.setattr("refedit.bench.sheet.METHODS_OF", few)


def outcome(kind: str, number: int, method: str, wrong: tuple[str, ...] = ()) -> Outcome:
    truth = factors_of(case_at("test", kind, number).result)
    read = {name: "?" if name in wrong else word for name, word in truth.items()}
    chance = dict.fromkeys(FACTORS, 0.5)
    return Outcome(
        number=number, kind=kind, method=method, inside=20.0, outside=30.0, distance=0.25, read=read, chance=chance,
        rows=1, seconds=1.0,
    )  # fmt: skip


def test_the_truth_itself_is_a_perfect_result(editor: Editor, reader: Reader) -> None:
    case = case_at("test", POSE, 0)
    finished = edit_case(editor, case, Baret(steps=2))
    found = measured(case, "truth", replace(finished, image=draw(case.result, 64).picture), 64, reader)
    assert found.distance == 0 and found.inside is not None and found.inside > 80
    assert all(0 <= chance <= 1 for chance in found.chance.values())


def test_shares_count_the_cases_whose_factors_are_right() -> None:
    found = [outcome(REFERENCE, 0, edits.SPECREF), outcome(REFERENCE, 1, edits.SPECREF, wrong=("pattern",))]
    rows = {figure.what: figure for figure in edits.figures([*found, outcome(POSE, 0, edits.BARET, ("pose",))], "test")}
    assert rows["SpecRef: colour and pattern of the reference"].value == 0.5
    assert rows["SpecRef: colour"].value == 1 and rows["SpecRef: colour"].cases == 2
    assert rows["BARET: new pose or expression"].value == 0
    assert rows["BARET: kind, colour, pattern, background kept"].value == 1


@pytest.mark.usefixtures("quick")
def test_a_run_goes_on_where_it_stood(editor: Editor, reader: Reader, tmp_path: Path) -> None:
    first = list(edits.run_cases(editor, reader, "test", 1, tmp_path))
    assert {item.method for item in first} == {edits.SPECREF, edits.PLAIN, edits.BARET}
    again = list(edits.run_cases(editor, reader, "test", 2, tmp_path))
    assert [item for item in again if item.number == 0] == first
    assert len(edits.read_outcomes(tmp_path / "test.jsonl")) == len(again) == 2 * len(first)
    assert sheet(editor, "test", rows=1).size == (5 * SIDE, 3 * SIDE)


def test_tuning_keeps_the_best_of_what_it_tried(
    editor: Editor, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "STARTS", {REFERENCE: SpecRef(steps=2, guidance=5.0)})
    monkeypatch.setattr(tune, "OPTIONS", {REFERENCE: {"guidance": (1.0, 5.0), "own_keys": (True, False)}})
    *trials, best = tune.tune(editor, reader, REFERENCE, 1)
    assert [dict(trial.settings) for trial in trials[:2]] == [{}, {"guidance": 1.0}]
    assert len(trials) == 3 and best.score == max(trial.score for trial in trials)
    assert tune.score(outcome(POSE, 0, "")) == 0.25


def test_figures_are_written_read_and_shown(tmp_path: Path) -> None:
    figures = [
        Figure(what="right", value=0.456, unit="share", cases=10, goal=">= 80 %"),
        Figure(what="time", value=1.234, unit="s", cases=3),
    ]
    write_figures(figures, tmp_path / "figures.json")
    assert read_figures(tmp_path / "figures.json") == figures
    assert table(figures).splitlines()[2:] == ["| right | >= 80 % | 46 % | 10 |", "| time | - | 1.23 s | 3 |"]
    readme = "a\n<!-- measured -->\nold\n<!-- /measured -->\nb"
    assert with_table(readme, "new") == readme.replace("old", "new")
    with pytest.raises(EditError, match="has no '<!-- measured -->'"):
        with_table("a", "new")


def test_parts_of_trainings_are_put_together(tmp_path: Path) -> None:
    for place in ("one/pipeline/unet", "two/pipeline/sam", "model/unet", "model/vae"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "weights").write_text(place)
    assemble([tmp_path / "one", tmp_path / "two"], tmp_path / "model")
    found = {path.parent.name: path.read_text() for path in (tmp_path / "model").rglob("weights")}
    assert found == {"unet": "one/pipeline/unet", "sam": "two/pipeline/sam", "vae": "model/vae"}
    with pytest.raises(EditError, match="no trained network"):
        assemble([tmp_path / "three"], tmp_path / "model")


def test_speed_counts_rows_and_bytes(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "speed.json"
    options = ["--model", str(tiny_folder), "--device", "cpu", "--steps", "10", "--without-sd15", "--out", str(out)]
    assert main(["bench", "speed", *options]) == 0
    found = {row["edit"]: row for row in json.loads(out.read_text())["edits"]}
    assert set(found) == {"SpecRef recommended", "SpecRef official", "BARET non-rigid", "BARET rigid"}
    for row in found.values():
        assert row["rows_again"] < row["rows_first"] and row["seconds_first"] > 0
    assert 0 < found["SpecRef official"]["feature_bytes"] < 0.3 * found["SpecRef official"]["everything_bytes"]
    assert "rows_first" in capsys.readouterr().out
