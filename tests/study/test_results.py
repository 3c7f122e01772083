"""The report and its tables: everything is said, nothing comes from elsewhere, nothing that people wrote is HTML."""

import contextlib
import csv
import io
import json
from dataclasses import replace
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from refedit.__main__ import main
from refedit.errors import EditError
from refedit.reporting.axes import Axes
from refedit.study.analysis.analysis import Analysis, analyse
from refedit.study.analysis.charts import Bar, beside, intervals
from refedit.study.analysis.fits import Estimate
from refedit.study.analysis.measured import read_measured
from refedit.study.analysis.people import Rules
from refedit.study.analysis.planted import Planted, drawn_votes
from refedit.study.analysis.report import case_pictures, page
from refedit.study.analysis.summary import SIMULATED, summary
from refedit.study.analysis.tables import headline
from refedit.study.analysis.write import PEOPLE, RESULTS, people, results, write_analysis
from refedit.study.data.pairs import read_built
from refedit.study.data.said import Answer, Choice, Source
from refedit.study.running import open_study
from tests.study.answered import check, rows_of, study
from tests.study.made_up import write_study

PLANTED = Planted(strengths={"specref": 0.0, "words": -3.0, "other": 0.0}, case_sd=0.4)
NOBODY = {"refused": 0, "screened": 0, "withdrawn": 0}


@pytest.fixture(scope="module")
def found() -> Analysis:
    rows = rows_of(drawn_votes(PLANTED, 12, 8, 12, np.random.default_rng(0)))
    measured = {
        f"case-{case:02}": {arm: {"distance": 0.1 * case + 0.1 * place} for place, arm in enumerate(PLANTED.arms)}
        for case in range(8)
    }
    return analyse(study(), [*rows, check(right=False, person="p000", position=99)], measured)


def test_the_page_needs_nothing_else_and_escapes_what_people_wrote(found: Analysis) -> None:
    html = page(found, NOBODY)
    assert not any(word in html for word in ("http", "<script", "url(", "@import", "<link"))
    assert "Which &lt;is&gt; better?" in html and "<is>" not in html
    assert "Which is more &amp; more like it?" in html
    assert html.count("<svg") == 3 and "prefers-color-scheme: dark" in html


def test_page_and_summary_say_the_same(found: Analysis) -> None:
    html, text = page(found, {**NOBODY, "withdrawn": 2}), summary(found, {**NOBODY, "withdrawn": 2})
    assert "2 withdrew" in html and "2 withdrew" in text
    for told in headline(found.everyone[0]):
        assert f"- {told}" in text and escape(told) in html
    assert "without those who are flagged" in text and "checks failed" in text
    assert "if votes were independent" in html and "if votes were independent" in text
    assert all(person.person in html and person.person in text for person in found.people)


def test_a_rehearsal_is_called_one(found: Analysis) -> None:
    for told in (page(found, NOBODY, planted=PLANTED), summary(found, NOBODY, PLANTED)):
        assert SIMULATED in told.replace("&#x27;", "'") and "planted" in told
    assert SIMULATED not in page(found, NOBODY) and SIMULATED not in summary(found, NOBODY)


def test_headlines_name_the_arm_that_was_chosen_more_often_first(found: Analysis) -> None:
    told = list(headline(found.everyone[0]))
    assert told[0].startswith("specref is preferred to words: specref was chosen in ")
    assert "not told apart" in told[1]
    assert told[2].startswith("other is preferred to words: other was chosen in ")


def test_tables_have_the_columns_of_the_codebook(found: Analysis) -> None:
    assert {len(row) for row in results(found)} == {len(RESULTS)}
    assert {len(row) for row in people(found)} == {len(PEOPLE)}
    kinds = {str(row[list(RESULTS).index("what")]) for row in results(found)}
    assert kinds >= {"share", "independent", "strength", "side", "left", "agreement", "correlation"}
    assert all(f"{kind} (" in RESULTS["what"] for kind in kinds)
    sets = {row[list(RESULTS).index("people")] for row in results(found)}
    assert sets == {"everyone", "without those who are flagged"}


def test_charts_are_sound_and_stay_inside_their_frame(found: Analysis) -> None:
    wide = Estimate(value=0.5, low=-3.0, high=9.0)
    bars = [Bar(label="a <b>", estimates=[wide, Estimate(value=0.2)])]
    correlation = found.everyone[0].correlation
    assert correlation is not None
    for svg in (intervals("A & b", "%", bars, 0.5, (0.0, 1.0)), beside("Case by case", correlation)):
        figure = ElementTree.fromstring(svg)
        places = [float(dot.get("cx", "-1")) for dot in figure.iter("circle")]
        places += [float(line.get(end, "-1")) for line in figure.iter("line") for end in ("x1", "x2")]
        assert len(places) > 2 and all(0 <= place <= Axes.width for place in places)


def answered(folder: Path, people: int = 3) -> None:
    """A served study in which everybody chooses the left picture."""
    write_study(folder)
    opened = open_study(folder, {})
    for _ in range(people):
        token = opened.store.enrol(Source.LINK, "", opened.consent_sha256)
        for given in opened.store.trials(token):
            answer = Answer(position=given.position, uuid=f"{token}-{given.position:04}", choice=Choice.LEFT, ms=2000)
            opened.store.answer(token, answer)
        opened.store.finish(token)


def test_a_folder_is_analysed_into_one_page_and_its_tables(tmp_path: Path) -> None:
    answered(tmp_path)
    told = list(write_analysis(tmp_path, tmp_path / "out", Rules()))
    assert str(tmp_path / "out" / "report.html") in told
    book = json.loads((tmp_path / "out" / "codebook.json").read_text("utf-8"))
    for name, columns in book.items():
        table = list(csv.reader(io.StringIO((tmp_path / "out" / f"{name}.csv").read_text("utf-8"))))
        assert table[0] == list(columns) and len(table) > 1 and all(columns.values())
    html = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "always the same side" in html  # nobody is left: then there are no second results
    assert html.count("data:image/webp") == 8 * 5  # source, reference and three arms of every case


@pytest.mark.parametrize(("before", "after"), [("id: like", "id: likes"), ("  words:", "  wordy:"), ("made-up", "b")])
def test_answers_to_another_definition_are_not_analysed(before: str, after: str, tmp_path: Path) -> None:
    answered(tmp_path)
    file = tmp_path / "study.yaml"
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(EditError, match="another study.yaml"):
        list(write_analysis(tmp_path, tmp_path / "out", Rules(), pictures=False))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("held", "says"), [(b"not what it was", "study.sqlite"), (b"", "no answers")])
def test_a_damaged_file_of_answers_is_one_sentence(held: bytes, says: str, tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "study.sqlite").write_bytes(held)
    with pytest.raises(EditError, match=says):
        list(write_analysis(tmp_path, tmp_path / "out", Rules()))


@pytest.mark.parametrize("held", ["", "{", "3"])
def test_damaged_measurements_are_one_sentence(held: str, tmp_path: Path) -> None:
    write_study(tmp_path)
    (tmp_path / "built" / "measured.json").write_text(held)
    with pytest.raises(EditError, match="measured.json"):
        read_measured(tmp_path)


def test_a_case_is_shown_with_how_often_each_arm_was_chosen(tmp_path: Path) -> None:
    definition = write_study(tmp_path)
    alike = Planted(strengths=dict.fromkeys(definition.arms, 0.0))
    rows = rows_of(drawn_votes(alike, 6, 8, 12, np.random.default_rng(0)))
    built = read_built(tmp_path, definition)
    cases = {pair.case for pair in built.pairs}
    named = dict(zip(sorted({row.case for row in rows}), sorted(cases), strict=True))
    shown = case_pictures(built, [replace(row, case=named[row.case]) for row in rows], definition, tmp_path)
    assert {case.name for case in shown} == cases
    for case in shown:
        labels = [label for label, file in case.pictures if file.is_file()]
        assert [label.split()[0] for label in labels] == ["source", "reference", *definition.arms]
        assert all(label.endswith("%") for label in labels[2:])


def test_results_of_a_question_are_of_that_question_in_both_sets() -> None:
    """Whoever is not flagged may have answered the second question only."""
    definition = replace(
        study(), questions=(*study().questions, replace(study().questions[0], id="keep", text="Keep?"))
    )
    rows = rows_of(drawn_votes(PLANTED, 6, 6, 12, np.random.default_rng(1)))
    second = [replace(row, question="keep", person=f"{row.person} too") for row in rows]
    failed = [check(right=False, person=name, position=99) for name in {row.person for row in rows}]
    found = analyse(definition, [*rows, *second, *failed])
    assert found.unflagged is not None and [one.question.id for one in found.unflagged] == ["keep"]
    like, keep = page(found, NOBODY).split("<h2>")[1:3]
    assert like.count("<h3>") == 1 and keep.count("<h3>") == 2


@pytest.mark.parametrize(
    "wrong",
    [
        *("power --people 0", "power --ties 1.5", "power --preference 2", "power --cases x", "power --case-sd nan"),
        *("simulate --people -3", "simulate --step inf", "simulate --side nan", "simulate --person-sd -1"),
        *("analyse --one-side 7", "analyse --failed-checks -1", "analyse --fastest-ms -1", "serve --port 65536"),
        *("export --out study.yaml/x", "init --out x"),
    ],
)
def test_impossible_numbers_are_told(wrong: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_study(tmp_path)
    command, option, value = wrong.split()
    answered(tmp_path)
    out = ["--out", str(tmp_path / "out")] if command == "analyse" else []
    value = value.replace("study.yaml", str(tmp_path / "study.yaml"))
    with contextlib.suppress(SystemExit):
        assert main(["study", command, str(tmp_path), *out, option, value]) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert told[-1].startswith("refedit") and "Traceback" not in "".join(told)
