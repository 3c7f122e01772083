"""study.yaml: what is read from it, and the line of what is wrong."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from refedit.errors import EditError
from refedit.study.beginning import BEGINNING, left_to_write, write_beginning
from refedit.study.data.definition import (
    BenchArm,
    BenchCases,
    Definition,
    MethodArm,
    parse,
    read_consent,
    read_definition,
)

TEXT = """\
v: 1
name: specref-against-words
kind: curated
contact: someone@example.org
arms:
  specref: {method: specref, preset: recommended, settings: {steps: 20}}
  official: {method: specref, preset: official}
  words: {bench: prompt-to-prompt}
cases: {from: bench, set: test, kind: reference, numbers: 0-23}
questions:
  - {id: like, text: "Which thing looks more like the reference?"}
  - {id: keep, text: "Which keeps the rest better?"}
trials: 24
checks: 2
repeats: 2
recruit: {prolific: {completed: STUDY_DONE, refused: STUDY_NO}}
ship: {bucket: owner/name, every: 20s}
"""


def test_a_definition_is_read() -> None:
    definition = parse(TEXT)
    assert definition.arms["specref"] == MethodArm(method="specref", preset="recommended", settings={"steps": 20})
    assert definition.arms["words"] == BenchArm(bench="prompt-to-prompt")
    assert isinstance(definition.cases, BenchCases) and definition.cases.chosen == tuple(range(24))
    assert definition.arm_pairs == (("specref", "official"), ("specref", "words"), ("official", "words"))
    assert definition.most_pairs == 72 and definition.no_preference and definition.ship is not None
    assert (definition.ship.seconds, [question.id for question in definition.questions]) == (20, ["like", "keep"])


@pytest.mark.parametrize(
    ("before", "after", "line", "says"),
    [
        ("trials: 24", "trials: 73", 13, "only 72 pairs"),
        ("trials: 24", "trials: 0", 13, "between 1 and 500"),
        ("trials: 24", "trials: many", 13, "has to be a whole number"),
        ("trials: 24", "trials: 24\ntrials: 3", 14, "'trials' twice"),
        ("trials: 24\n", "", 1, "lacks the key 'trials'"),
        ("kind: curated", "kind: lively", 3, "'curated' or 'live'"),
        ("kind: curated", "kind: live", 9, "live study has no 'cases'"),
        ("v: 1", "v: 2", 1, "has to be 1"),
        ("bench: prompt-to-prompt", "bench: magic", 8, "'prompt-to-prompt'"),
        ("words: {bench", "words: {banch", 8, "'method: ...'"),
        ("words: {bench", "Words!: {bench", 5, "one word"),
        ("numbers: 0-23", "numbers: 9-3", 9, "different cases"),
        ("numbers: 0-23", "numbers: [1, 1]", 9, "different cases"),
        ("numbers: 0-23", "numbers: {a: 1}", 9, "numbers"),
        ("from: bench", "from: moon", 9, "'from: examples'"),
        ("repeats: 2", "repeats: 25", 15, "between 0 and 24"),
        ("id: keep", "id: like", 10, "id of its own"),
        ("questions:", "asks:", 10, "unknown key 'asks'"),
        ("contact: someone@example.org", "contact: nobody", 4, "mail address"),
        ("every: 20s", "every: 20m", 17, "seconds"),
        ("refused: STUDY_NO", "refused: C0DE-in-clear", 16, "environment variable"),
        ("prolific: {", "link: ftp://x, prolific: {", 16, "Leave one out"),
        ("settings: {steps: 20}", "settings: 20", 6, "mapping"),
        ("numbers: 0-23", "numbers: [1, x]", 9, "a list, a whole number or a text"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(before: str, after: str, line: int, says: str) -> None:
    assert TEXT.count(before) == 1
    with pytest.raises(EditError, match=rf"line {line}: .*{re.escape(says)}") as raised:
        parse(TEXT.replace(before, after))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("text", "line"), [("v: 1\n\tname: x", 2), ("v: 1\nname: a: b", 2), ("v: 1\nname: [", 2)])
def test_what_is_no_yaml_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(EditError, match=rf"^study\.yaml, line {line}, is not YAML: [^\n\"]*$"):
        parse(text)


@pytest.mark.parametrize("text", ["", "- 1", "a", "v: [", "\t", "v: !!python/object:os.system {}", "{1: 2}"])
def test_what_is_no_study_is_refused(text: str) -> None:
    with pytest.raises(EditError):
        parse(text)


def test_what_people_see_decides_the_checksum_and_how_they_come_does_not() -> None:
    same = [
        ("contact: someone@", "contact: others@"),
        ("every: 20s", "every: 30s"),
        ("trials: 24", "trials: 24\npeople: 9"),
    ]
    other = [("the rest better?", "the rest?"), ("repeats: 2", "repeats: 3"), ("steps: 20", "steps: 21")]
    before = parse(TEXT).sha256
    assert {parse(TEXT.replace(*change)).sha256 for change in same} == {before}
    assert before not in {parse(TEXT.replace(*change)).sha256 for change in other}


def test_the_beginning_is_a_study(tmp_path: Path) -> None:
    written = list(write_beginning(tmp_path / "My First Study"))
    definition = read_definition(tmp_path / "My First Study")
    assert {file.name for file in written} == {"study.yaml", "consent.md"} and definition.name == "my-first-study"
    assert read_consent(tmp_path / "My First Study", definition)
    with pytest.raises(EditError, match="already"):
        list(write_beginning(tmp_path / "My First Study"))
    commented = re.sub(r"^# (recruit|ship|people):", r"\1:", BEGINNING.format(name="x"), flags=re.MULTILINE)
    whole = parse(commented.replace("OWNER/NAME", "owner/name"))
    assert isinstance(whole, Definition) and whole.ship and whole.people and whole.recruit.prolific


def test_what_was_not_written_yet_is_told_until_it_is(tmp_path: Path) -> None:
    list(write_beginning(tmp_path))
    definition = read_definition(tmp_path)
    consent = read_consent(tmp_path, definition)
    left = set(left_to_write(definition, consent))
    assert len(left) == 2 and all(words in consent for words in left)
    for words in left:
        consent = consent.replace(words, "me")
    assert not list(left_to_write(replace(definition, contact="me@example.org"), consent))


def test_a_consent_text_that_is_not_utf8_is_one_sentence(tmp_path: Path) -> None:
    list(write_beginning(tmp_path))
    (tmp_path / "consent.md").write_bytes("Ä".encode("latin-1"))
    with pytest.raises(EditError, match="UTF-8"):
        read_consent(tmp_path, read_definition(tmp_path))


def test_the_consent_text_lies_in_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.md").write_text("Secret")
    folder = tmp_path / "study"
    list(write_beginning(folder))
    definition = parse((folder / "study.yaml").read_text().replace("consent.md", "../outside.md"))
    with pytest.raises(EditError, match="not in"):
        read_consent(folder, definition)
