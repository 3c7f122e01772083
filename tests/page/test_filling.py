"""Examples and parameters: what one click fills in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from refedit.errors import EditError
from refedit.methods import METHODS, parameters_of, values_of, with_values
from refedit.ui.events.form_io import all_inputs, fill_in, read_form
from refedit.ui.page import show_method
from refedit.ui.state.examples import TILE, Example, read_examples
from refedit.ui.state.form import Form
from refedit.ui.view.controls import Controls, build_controls, preset_settings
from refedit.ui.view.layout import Page
from tests.page.parts import BOX, saved


def test_examples_are_read_from_the_table(examples: tuple[Example, ...]) -> None:
    both, one = examples
    assert both.parameters["steps"] == 3
    assert both.parameters["interpolation"] == "nearest", "the preset decides what the settings leave out"
    assert both.tile().size == one.tile().size == (TILE, TILE)
    source = both.filling().source
    assert source is not None and source.mask is not None and (source.mask.values == BOX.values).all()
    assert one.filling().reference is None


def test_a_folder_without_a_table_has_no_examples(tmp_path: Path) -> None:
    assert read_examples(tmp_path) == ()


@pytest.mark.parametrize("wrong", [{"method": "magic"}, {"preset": "magic"}])
def test_a_wrong_example_is_found_at_the_start(examples: tuple[Example, ...], wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="magic"):
        replace(examples[0], **wrong)  # type: ignore[arg-type]
    with pytest.raises(EditError, match="magic"):
        replace(examples[0], settings={"magic": 1})


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_has_a_labelled_control(name: str) -> None:
    with gr.Blocks(analytics_enabled=False):
        controls: Controls = build_controls(METHODS[name], True)
    shown = {(part.label, part.value) for part in controls.components}  # type: ignore[attr-defined]
    preset = next(iter(METHODS[name].presets().values()))
    assert shown == {(knob.label, getattr(preset, knob.name)) for knob in parameters_of(METHODS[name])}


@pytest.mark.parametrize("name", METHODS)
def test_a_preset_sets_every_parameter(name: str) -> None:
    for preset, method in METHODS[name].presets().items():
        values = preset_settings(METHODS[name], preset)
        assert list(values) == [knob.name for knob in parameters_of(METHODS[name])]
        assert values == values_of(method) and with_values(METHODS[name](), values) == method


def test_a_method_shows_only_what_it_needs(page: Page) -> None:
    inputs = page.inputs
    baret, specref = show_method(page, "baret"), show_method(page, "specref")
    for part in (inputs.reference_column, inputs.source_prompt, inputs.controls["specref"].panel):
        assert not baret[part].visible and specref[part].visible
    assert "largest square in the middle" in baret[inputs.source.hint] and "words decide" in specref[inputs.source.hint]
    assert "largest square in its middle" in inputs.reference.hint.value
    assert "repeat the sentence" in specref[inputs.prompt].info and "repeat" not in baret[inputs.prompt].info


def test_an_example_fills_in_a_form_that_runs(
    page: Page, examples: tuple[Example, ...], form: Form, tmp_path: Path
) -> None:
    inputs = page.inputs
    for example in examples:
        values: dict[Any, Any] = dict.fromkeys(all_inputs(inputs)) | fill_in(inputs, example.filling())
        for pane in (inputs.source, inputs.reference):
            values[pane.editor] = values[pane.editor] and saved(values[pane.editor], tmp_path)
        request = read_form(inputs, values).request()
        assert request.prompt == example.prompt
        assert {knob: getattr(request.method, knob) for knob in example.parameters} == example.parameters
        assert (request.region is None) == (example.region is None)
