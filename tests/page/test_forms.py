"""Examples and parameters: what one click fills in."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
import pytest

from refedit.bench.baselines.base import PlainDdim
from refedit.bench.experiment.code_fingerprint import verdict_fingerprint
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.errors import EditError
from refedit.methods import METHODS, parameters_of, tries, values_of, with_values
from refedit.methods.parameters import parameter
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.choices import show_kind
from refedit.ui.events.form_io import all_inputs, fill_in, read_form
from refedit.ui.events.selecting import answers_of
from refedit.ui.state.examples import TILE, Example, read_examples
from refedit.ui.state.form import Form
from refedit.ui.state.kinds import choices, kind_of
from refedit.ui.view.layout import Page, Told, draw
from refedit.ui.view.parameter_panel import draw_panel
from tests.page.parts import BOX
from tests.page_server import tiny_segmenter


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
    for one in choices():
        panel, shown = page.inputs.panels[one.method], show_kind(page, one.kind)
        assert shown.pop(panel.preset) == one.preset
        assert panel.values(shown) == values_of(METHODS[one.method].presets()[one.preset])


@dataclass(frozen=True, kw_only=True)
class Plain(PlainDdim):
    """A method that nothing knows but the tuple of methods."""

    name: ClassVar[str] = "plain"
    title: ClassVar[str] = "Plain <DDIM>"
    summary: ClassVar[str] = "Draw it again by another sentence."

    steps: int = parameter(2, "Steps", "DDIM steps.", low=1, high=9, step=1, plain="How often it is refined")
    guidance: float = parameter(
        3.0, "Guidance", "Of the prompt.", low=1, high=9, step=1, plain="How strongly it acts", strength=True
    )


def test_a_method_that_is_only_listed_has_a_card_a_panel_and_a_form_that_runs(
    form: Form, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    verdicts = verdict_fingerprint.__wrapped__()
    monkeypatch.setitem(METHODS, Plain.name, Plain)  # type: ignore[arg-type]
    with gr.Blocks(analytics_enabled=False):
        page = draw(Told(kept="an hour"), (), (), answers_of(editor, EmbeddingCache(tiny_segmenter)))
    card = page.inputs.kind.html_template.split('data-method="plain" ')[1]
    assert card.startswith('data-needs="source_prompt" ') and "Plain &lt;DDIM&gt;" in card and Plain.summary in card
    assert [one.kind for one in choices()][-1] == kind_of("plain", "default") == "plain"
    asked = replace(form, method="plain", preset="default", values=values_of(Plain()))
    values: dict[Any, Any] = dict.fromkeys(all_inputs(page.inputs)) | fill_in(page.inputs, asked, tmp_path)
    request = read_form(page.inputs, values).request()
    assert request.method == Plain() and request.reference is None and request.source_prompt == "a cat"
    assert isinstance(list(editor.edit(request))[-1], Finished)
    assert [one.guidance for one in tries(Plain(), 2, painted=True)] == [3.0, 2.0]
    assert verdict_fingerprint.__wrapped__() == verdicts, "published verdicts are of the methods that they judge"


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
