"""Links: what they carry, and what is made of wrong ones."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from refedit.editing.editor import Editor
from refedit.editing.request import LONGEST_PROMPT
from refedit.errors import EditError
from refedit.methods import METHODS, parameters_of, values_of
from refedit.ui.events.links import open_page
from refedit.ui.state.examples import Example, read_examples
from refedit.ui.state.form import PROMPTS, Form
from refedit.ui.state.link import FIXED, MOST_NOTES, NOT_OURS, query_of, read_link
from refedit.ui.view.layout import Page

QUESTIONS = "a größer & <b>redder</b> mug = 100 %?"


@pytest.mark.parametrize("name", METHODS)
def test_a_link_brings_everything_small_back(name: str, form: Form) -> None:
    for preset in METHODS[name].presets():
        values = values_of(METHODS[name].presets()[preset]) | {"steps": 7, "guidance": 2.5}
        asked = replace(form, method=name, preset=preset, values=values, prompt=QUESTIONS)
        query = dict(parse_qsl(query_of(asked, "some/model")))
        assert query.keys() == {"method", "preset", "model", "prompt", "source_prompt", "steps", "guidance"}
        link = read_link(query)
        assert link is not None and link.notes == () and link.model == "some/model"
        assert link.form.values == values and link.form.preset == preset and link.form.method == name
        assert link.form.source is None and link.form.reference is None


def test_every_prompt_of_a_form_travels_in_links_and_examples(form: Form, tmp_path: Path) -> None:
    texts = {field.name for field in fields(Form) if field.type is str}
    assert texts == {"method", "preset", *PROMPTS}
    asked: dict[str, Any] = {name: f"{QUESTIONS} {name}" for name in PROMPTS}
    link = read_link(dict(parse_qsl(query_of(replace(form, **asked), ""))))
    assert link is not None and {name: getattr(link.form, name) for name in PROMPTS} == asked
    row = {"title": "One", "method": "specref", "preset": "recommended", "source": "cat.png", **asked}
    (tmp_path / "examples.json").write_text(json.dumps([row]))
    (example,) = read_examples(tmp_path)
    assert {name: getattr(example.words, name) for name in PROMPTS} == asked


def test_every_parameter_can_travel() -> None:
    for method in METHODS.values():
        assert not {parameter.name for parameter in parameters_of(method)} & {*FIXED, *NOT_OURS}
        changed: dict[str, Any] = {}
        for parameter in parameters_of(method):
            others: dict[type, Any] = {bool: not parameter.default, str: "a b&c=d"}
            changed[parameter.name] = (
                parameter.choices[-1] if parameter.choices else others.get(parameter.kind, parameter.high or 3)
            )
        first = next(iter(method.presets()))
        form = Form(method=method.name, preset=first, values=changed)
        link = read_link(dict(parse_qsl(query_of(form, ""), keep_blank_values=True)))
        assert link is not None and link.notes == () and link.form.values == changed


def test_an_address_without_anything_of_ours_changes_nothing(page: Page, editor: Editor, tmp_path: Path) -> None:
    participant = {"PROLIFIC_PID": "5f", "STUDY_ID": "6a", "utm_source": "letter"}
    for query in ({}, {"__theme": "dark", "view": "api", "__sign": "x"}, participant):
        assert read_link(query) is None
        assert open_page(page, editor, (), query, tmp_path) == {"__type__": "update"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"method": "magic"}, "the method “magic”, which is not here; “specref” stands in"),
        ({"method": "baret", "preset": "magic"}, "the preset “magic”"),
        ({"nonsense": "1"}, "“nonsense”, which SpecRef does not have"),
        ({"steps": "many"}, "'many' is no value for steps"),
        ({"steps": "1000"}, "steps is 1000, but has to lie between"),
        ({"guidance": "nan"}, "guidance is nan"),
        ({"prompt": "x" * (LONGEST_PROMPT + 1)}, "longer than 2000 characters; its end was cut off"),
    ],
)
def test_what_does_not_fit_is_named_and_the_rest_is_used(query: dict[str, str], says: str) -> None:
    link = read_link({"source_prompt": "a cat", **query})
    assert link is not None and len(link.notes) == 1 and says in link.notes[0]
    assert link.form.source_prompt == "a cat"
    assert link.form.values == values_of(METHODS[link.form.method].presets()[link.form.preset])


def test_a_flood_of_nonsense_stays_short() -> None:
    link = read_link({f"nonsense{number}": "x" * 10_000 for number in range(500)} | {"steps": "y" * 10_000})
    assert link is not None and len(link.notes) == MOST_NOTES + 1 and "498 more things" in link.notes[-1]
    assert sum(map(len, link.notes)) < 1500


def test_a_page_opens_with_a_links_example_or_the_first_one(
    page: Page, editor: Editor, examples: tuple[Example, ...], tmp_path: Path
) -> None:
    for query, prompt in (({}, "a dog"), ({"example": "one"}, "a red dog"), ({"example": "magic"}, "a dog")):
        assert open_page(page, editor, examples, query, tmp_path)[page.inputs.prompt] == prompt
    link = open_page(page, editor, examples, {"prompt": "a cat"}, tmp_path)
    assert link[page.inputs.prompt] == "a cat" and page.inputs.source.canvas not in link
    both = open_page(page, editor, examples, {"example": "one", "method": "baret", "prompt": "a cat"}, tmp_path)
    assert both[page.inputs.prompt] == "a cat" and both[page.inputs.source.canvas]["picture"]


def test_a_link_of_another_model_has_a_note(page: Page, editor: Editor, tmp_path: Path) -> None:
    seen = open_page(page, editor, (), {"model": "<other>", "steps": "3"}, tmp_path)
    assert "“&lt;other&gt;”" in str(seen[page.outputs.notes].value) and seen[page.outputs.notes].visible
    assert "Filled in from a link" in seen[page.outputs.status]
    assert not open_page(page, editor, (), {"model": editor.facts.name}, tmp_path)[page.outputs.notes].visible


def test_no_link_is_made_of_what_no_edit_would_take(form: Form) -> None:
    with pytest.raises(EditError, match="steps is 0"):
        query_of(replace(form, values={"steps": 0}), "")
