"""The headline table of both methods, the sheet of pictures, and the choice of parameters."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from refedit.bench.experiment.cases import POSE, REFERENCE
from refedit.bench.experiment.store import WHOLE, Share, Store
from refedit.bench.experiment.workbench import Workbench
from refedit.bench.suites import edits, tune
from refedit.bench.suites.edits import SIDE, sheet
from refedit.machine.cache import Cache
from refedit.methods import SpecRef
from refedit.picturebook.world.factors import FACTORS
from tests.bench.conftest import quick_arm
from tests.bench.made_up import outcome


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    few = {kind: tuple(map(quick_arm, arms)) for kind, arms in edits.ARMS.items()}
    monkeypatch.setattr(edits, "ARMS", few)


def test_shares_count_the_cases_whose_factors_are_right() -> None:
    specref: dict[str, Any] = {"kind": REFERENCE, "method": edits.SPECREF, "changed": ("colour", "pattern")}
    found = [
        outcome(0, **specref),
        outcome(1, wrong=("pattern",), **specref),
        outcome(0, wrong=("pose",), method=edits.BARET),
    ]
    timed = [outcome(0, **specref, seconds=4.0), outcome(1, **specref, seconds=2.0)]
    rows = {figure.what: figure for figure in edits.figures(found, timed)}
    assert rows["SpecRef: colour and pattern of the reference"].value == 0.5
    assert rows["SpecRef: colour"].value == 1 and rows["SpecRef: colour"].cases == 2
    assert rows["BARET: new pose or expression"].value == 0
    assert rows["BARET: kind, colour, pattern, background kept"].value == 1
    assert rows["SpecRef, one edit"].value == 3.0
    assert "BARET, one edit" not in rows and "BARET: kind and pose kept there" not in rows


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_a_run_goes_on_where_it_stood(workbench: Workbench, tmp_path: Path) -> None:
    workbench = replace(workbench, cache=Cache(1 << 30))
    first = list(edits.run_cases(workbench, "test", 1, tmp_path))
    assert {item.method for item in first} == {arm.name for arms in edits.ARMS.values() for arm in arms}
    again = list(edits.run_cases(workbench, "test", 2, tmp_path))
    assert [item for item in again if item.number == 0] == first
    assert len((tmp_path / f"{WHOLE.file}.jsonl").read_text().splitlines()) == len(again) == 2 * len(first)
    timed = list(edits.run_timed(workbench, "test", 1, tmp_path))
    assert [(item.kind, item.method) for item in timed] == list(edits.TIMED.items())
    assert timed[0].rows == first[0].rows > 0  # the first edit of a case finds nothing in memory


@pytest.mark.long
@pytest.mark.usefixtures("quick")
def test_shares_leave_nothing_to_the_whole(workbench: Workbench, tmp_path: Path) -> None:
    parts = [list(edits.run_cases(workbench, "test", 2, tmp_path, Share(place, 2))) for place in (1, 2)]
    whole = list(edits.run_cases(workbench, "test", 2, tmp_path))
    assert {item.number for item in parts[0]} == {0} and {item.number for item in parts[1]} == {1}
    assert sorted(map(repr, whole)) == sorted(map(repr, [*parts[0], *parts[1]]))
    assert not (tmp_path / f"{WHOLE.file}.jsonl").exists()


@pytest.mark.usefixtures("quick")
def test_a_sheet_has_a_row_for_every_case(workbench: Workbench) -> None:
    assert sheet(workbench, "test", rows=1).size == (6 * SIDE, 3 * SIDE)


def test_tuning_keeps_the_best_of_what_it_tried_and_goes_on_from_there(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tune, "STARTS", {REFERENCE: SpecRef(steps=2, guidance=5.0)})
    monkeypatch.setattr(tune, "OPTIONS", {REFERENCE: {"guidance": (1.0, 5.0), "own_keys": (True, False)}})
    *trials, best = tune.tune(workbench, Store(tmp_path), REFERENCE, 1)
    assert [dict(trial.settings) for trial in trials[:2]] == [{}, {"guidance": 1.0}]
    assert best in trials and best.score == max(trial.score for trial in trials)
    assert {trial.settings.get("own_keys") for trial in trials} == {None, False}
    kept = Store(tmp_path).path.read_bytes()
    assert [*trials, best] == list(tune.tune(workbench, Store(tmp_path), REFERENCE, 1))
    assert Store(tmp_path).path.read_bytes() == kept


def test_what_is_to_change_weighs_as_much_as_all_that_is_to_stay() -> None:
    kept = {name: 1.0 for name in FACTORS if name != "pose"}
    assert tune.score(outcome(kind=POSE, changed=("pose",), distance=0.25, chance={**kept, "pose": 0.0})) == 0.25


def test_a_trial_is_given_up_once_it_is_surely_behind_and_not_before() -> None:
    best = [0.5 + 0.1 * (number % 3) for number in range(24)]
    behind = [score - 0.2 - 0.1 * (number % 2) for number, score in enumerate(best)]
    close = [score - 0.1 * (-1) ** number for number, score in enumerate(best)]
    assert list(tune.until_behind(behind, best)) == behind[:8]
    assert list(tune.until_behind(close, best)) == close
    assert list(tune.until_behind([score + 0.2 for score in best], best)) == [score + 0.2 for score in best]
