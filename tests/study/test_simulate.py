"""A rehearsal: made-up people go through a real server, and what they said is what is stored."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from refedit.__main__ import main
from refedit.errors import EditError
from refedit.study.analysis.planted import PLANTED, Planted, read_planted, write_planted
from refedit.study.bots import Crowd, Faults, allowed
from refedit.study.data import records
from refedit.study.data.definition import read_definition
from refedit.study.data.pairs import PairKind, read_built
from refedit.study.data.records import AnswerRow
from refedit.study.data.said import Choice
from refedit.study.simulate import copy_study, send_all, serving
from tests.study.made_up import write_study

PEOPLE = 6


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with a rehearsal in it, made by the command."""
    folder = tmp_path_factory.mktemp("study")
    write_study(folder, people=3, recruit={"prolific": {"completed": "SECRET_THAT_IS_NOT_SET"}})
    assert main(["study", "simulate", str(folder), "--people", str(PEOPLE), "--careless", "0.5"]) == 0
    return folder / "simulated"


@pytest.fixture(scope="module")
def rows(rehearsal: Path) -> tuple[AnswerRow, ...]:
    return records.answers(records.open_records(rehearsal))


def test_everybody_answers_everything_once(rehearsal: Path, rows: tuple[AnswerRow, ...]) -> None:
    definition = read_definition(rehearsal)
    asked = definition.trials + definition.checks + definition.repeats
    answers = Counter(row.person for row in rows)
    assert len(answers) == PEOPLE and set(answers.values()) == {asked} and all(row.finished for row in rows)
    assert not {row.choice for row in rows} - set(Choice) and all(row.choice == row.first_choice for row in rows)
    assert all(row.ms > definition.minimum_ms for row in rows)


def test_careful_people_pass_checks_and_take_their_time(rehearsal: Path, rows: tuple[AnswerRow, ...]) -> None:
    planted = read_planted(rehearsal)
    assert planted is not None and planted.careless == 0.5
    times = {name: np.median([row.ms for row in rows if row.person == name]) for name in {r.person for r in rows}}
    careful = {name for name, ms in times.items() if ms > 1000}
    assert 0 < len(careful) < PEOPLE
    checks = [row for row in rows if row.kind is PairKind.CHECK and row.person in careful]
    assert sum(row.chosen == row.expected for row in checks) >= len(checks) - 2


def test_a_rehearsal_is_analysed_as_one(rehearsal: Path, tmp_path: Path) -> None:
    assert main(["study", "analyse", str(rehearsal), "--out", str(tmp_path), "--without-pictures"]) == 0
    assert "made up" in (tmp_path / "report.html").read_text("utf-8")
    assert not (rehearsal.parent / "study.sqlite").exists()
    with pytest.raises(EditError, match="rehearsal are in '.*simulated'"):
        records.open_records(rehearsal.parent)


def test_what_bots_send_is_what_is_stored(tmp_path: Path) -> None:
    definition = write_study(tmp_path)
    planted = Planted(strengths=dict.fromkeys(definition.arms, 0.0), ties=0.3)
    crowd = Crowd.of(read_built(tmp_path, definition), planted, 2, Faults(twice=1.0, contradicted=1.0))
    with serving(tmp_path) as address:
        sent = list(send_all(crowd, 2, address))
    stored = records.answers(records.open_records(tmp_path))
    said = sorted((position, choice) for each in sent for position, choice in each.choices.items())
    assert sorted((row.position, row.choice) for row in stored) == said
    for each in sent:
        assert each.acknowledged == each.resent == each.refused == len(each.choices) and each.finished


def test_no_preference_is_not_said_where_it_cannot_be() -> None:
    asked = [Choice.LEFT, Choice.RIGHT, Choice.NONE]
    rng = np.random.default_rng(0)
    found = [allowed(choice, False, rng) for choice in asked for _ in range(20)]
    assert found[:40] == [Choice.LEFT] * 20 + [Choice.RIGHT] * 20 and set(found[40:]) == {Choice.LEFT, Choice.RIGHT}
    assert [allowed(choice, True, rng) for choice in asked] == asked


def test_a_copy_has_no_secrets_and_overwrites_nothing_but_a_copy(tmp_path: Path) -> None:
    study, to = tmp_path / "study", tmp_path / "copy"
    definition = write_study(study, people=3, recruit={"link": "https://example.org"}, ship={"bucket": "a/b"})
    planted = Planted(strengths={"a": 0.0})
    copy_study(study, to, planted)
    copied = read_definition(to)
    assert copied.sha256 == definition.sha256 and not copied.recruit.link and copied.ship is None and not copied.people
    assert read_planted(to) == planted and read_planted(study) is None
    (to / "study.sqlite").write_text("")
    copy_study(study, to, planted)
    assert not (to / "study.sqlite").exists()
    with pytest.raises(EditError, match="is no rehearsal"):
        copy_study(to, study, planted)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "consent.md").unlink()
    with pytest.raises(EditError, match="consent"), serving(tmp_path):
        pass


def test_planted_tastes_are_read_as_they_were_written(tmp_path: Path) -> None:
    planted = Planted(strengths={"b": 0.5, "a": 0.0}, careless=0.25)
    write_planted(planted, tmp_path)
    assert read_planted(tmp_path) == planted
    assert list(json.loads((tmp_path / PLANTED).read_text("utf-8"))["strengths"]) == ["b", "a"]
