"""Examples and parameters: what one click fills in."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from refedit.errors import EditError
from refedit.methods import METHODS, parameters_of, values_of, with_values
from refedit.ui.events.choices import show_kind
from refedit.ui.events.form_io import all_inputs, fill_in, read_form
from refedit.ui.state.examples import TILE, Example, read_examples
from refedit.ui.state.form import Form
from refedit.ui.state.kinds import CHOICES
from refedit.ui.view.layout import Page
from refedit.ui.view.parameter_panel import draw_panel
from tests.page.parts import BOX


def test_examples_are_read_from_the_table(examples: tuple[Example, ...]) -> None:
    both, one = examples
    assert both.words.values["steps"] == 3
    assert both.words.values["interpolation"] == "nearest", "the preset decides what the settings leave out"
    assert both.tile().size == one.tile().size == (2 * TILE, TILE)
    source = both.form().source
    assert source is not None and source.mask is not None and (source.mask.values == BOX.values).all()
    assert one.form().reference is None


def test_a_folder_without_a_table_has_no_examples(tmp_path: Path) -> None:
    assert read_examples(tmp_path) == ()


@pytest.mark.parametrize("wrong", [{"method": "magic"}, {"preset": "magic"}, {"magic": 1}, {"settings": {"magic": 1}}])
@pytest.mark.usefixtures("examples")
def test_a_wrong_example_is_found_at_the_start(wrong: dict[str, Any], tmp_path: Path) -> None:
    table = tmp_path / "examples.json"
    rows = json.loads(table.read_text())
    table.write_text(json.dumps([rows[0] | wrong, *rows[1:]]))
    with pytest.raises(EditError, match="magic"):
        read_examples(tmp_path)


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_has_a_labelled_control(name: str) -> None:
    with gr.Blocks(analytics_enabled=False):
        panel = draw_panel(METHODS[name])
    shown = {(part.label, part.value) for part in panel.components}  # type: ignore[attr-defined]
    preset = next(iter(METHODS[name].presets().values()))
    assert shown == {(parameter.told, getattr(preset, parameter.name)) for parameter in parameters_of(METHODS[name])}


@pytest.mark.parametrize("name", METHODS)
def test_a_preset_sets_every_parameter(page: Page, name: str) -> None:
    panel = page.inputs.panels[name]
    for method in METHODS[name].presets().values():
        filled = panel.filled(values_of(method))
        assert tuple(filled) == panel.components
        assert (
            panel.values(filled) == values_of(method) and with_values(METHODS[name](), panel.values(filled)) == method
        )


def test_a_kind_sets_its_method_to_its_preset(page: Page) -> None:
    for one in CHOICES:
        panel, shown = page.inputs.panels[one.method], show_kind(page, one.kind)
        assert shown.pop(panel.preset) == one.preset
        assert panel.values(shown) == values_of(METHODS[one.method].presets()[one.preset])


def test_an_example_fills_in_a_form_that_runs(
    page: Page, examples: tuple[Example, ...], form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    inputs = page.inputs
    for example in examples:
        values: dict[Any, Any] = dict.fromkeys(all_inputs(inputs)) | fill_in(inputs, example.form(), tmp_path)
        request = read_form(inputs, values).request()
        assert request.prompt == example.words.prompt
        assert values_of(request.method) == example.words.values
        assert (request.region is None) == ("region" not in example.files)
