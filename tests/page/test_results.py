"""Earlier results: restored, remembered, used again."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.editing.result import Result
from refedit.errors import EditError
from refedit.methods import Baret
from refedit.ui.events.form_io import all_inputs, read_form
from refedit.ui.events.results import EXPIRED, chooser, empty_source, kept, make_room, opener, restored, use_result
from refedit.ui.events.running_edits import run
from refedit.ui.page import build_page
from refedit.ui.settings import Settings
from refedit.ui.state.examples import Example
from refedit.ui.state.history import BYTES, ENTRIES, Entry, History, remembered
from refedit.ui.view.layout import Page
from refedit.ui.view.pane import CLICK_TOOL
from refedit.ui.view.result_column import COMPARE, RESULT
from tests.conftest import picture
from tests.page.parts import packed, reacting, saved


def test_a_restored_result_runs_again_to_the_same_picture(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    inputs, file = page.inputs, packed(result, tmp_path)
    values: dict[Any, Any] = dict.fromkeys(all_inputs(inputs)) | make_room(page, file)
    assert values[page.outputs.pending] == file and values[inputs.source.editor] is None
    values |= restored(page, editor, file, tmp_path)
    assert "Restored" in values[page.outputs.status] and values[page.outputs.pending] is None
    for pane in (inputs.source, inputs.reference):
        folder = tmp_path / f"restored-{pane.name}"
        folder.mkdir()
        values[pane.editor] = saved(values[pane.editor], folder)
    again = list(run(editor, [read_form(inputs, values)], threading.Event()))[-1]
    assert isinstance(again, Finished) and again.image.tobytes() == result.image.tobytes()


def test_the_view_is_opened_before_a_restored_result_comes(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    """What comes last comes twice, and would undo what the visitor has chosen in between."""
    outputs, file = page.outputs, packed(result, tmp_path)
    opened = make_room(page, file)
    assert opened[outputs.view] == gr.update(choices=[RESULT, COMPARE], value=RESULT)
    assert opened[outputs.result]["visible"] and not opened[outputs.compare]["visible"]
    changed = restored(page, editor, file, tmp_path)
    assert not {outputs.view, outputs.side_by_side, outputs.use, outputs.details} & changed.keys()
    assert "visible" not in changed[outputs.result] | changed[outputs.compare]


def test_a_restored_result_has_the_preset_that_it_was_changed_from(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    rigid = replace(Baret.presets()["rigid"], steps=3, eta_schedule="constant")
    file = packed(replace(result, recipe=replace(result.recipe, method=rigid), request=None), tmp_path)
    changed = restored(page, editor, file, tmp_path)
    assert changed[page.inputs.panels["baret"].preset] == "rigid"
    assert changed[page.outputs.result]["label"] == "Result of BARET rigid, 2 changed"


def test_a_result_without_pictures_keeps_the_visitors(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    file = packed(result, tmp_path, inputs=False)
    changed = make_room(page, file) | restored(page, editor, file, tmp_path)
    assert not {page.inputs.source.editor, page.inputs.reference.editor} & changed.keys()
    assert changed[page.inputs.prompt] == "a dog" and "yours are kept" in changed[page.outputs.status]


def test_a_foreign_picture_restores_nothing(page: Page, tmp_path: Path) -> None:
    picture(1).save(tmp_path / "plain.png")
    with pytest.raises(EditError, match="carries no parameters"):
        make_room(page, (tmp_path / "plain.png").read_bytes())


def test_the_history_keeps_the_newest_within_its_limits(result: Result) -> None:
    history: History = ()
    for number in range(ENTRIES + 3):
        history = remembered(history, Entry.of(replace(result, recipe=replace(result.recipe, prompt=str(number))), b""))
    words = "SpecRef recommended, 1 changed"
    assert [entry.caption for entry in history] == [f"{words}: {number}" for number in range(ENTRIES + 2, 2, -1)]
    large = Entry.of(result, bytes(BYTES + 1))
    assert remembered(history, large) == (large,)


def test_the_result_becomes_the_source(page: Page, result: Result, tmp_path: Path) -> None:
    changed = use_result(page, packed(result, tmp_path))
    assert changed[page.inputs.source.editor]["background"].tobytes() == result.image.tobytes()
    assert changed[page.inputs.source.editor]["layers"] == [] and changed[page.inputs.source_prompt] == "a dog"
    assert empty_source(page, packed(result, tmp_path))[page.inputs.source.editor] is None


def test_what_gradio_has_forgotten_is_one_sentence_and_changes_nothing(page: Page) -> None:
    with pytest.raises(EditError, match="deleted after an hour. Run again."):
        empty_source(page, None)
    assert use_result(page, None) == gr.skip()
    forgotten: History = ()
    with pytest.raises(EditError, match="deleted after an hour"):
        kept(forgotten, 2)
    with pytest.raises(EditError, match="deleted after an hour"):
        opener(page.outputs, 1)(())
    assert list(chooser(page.outputs, 1)(())) == [gr.skip()]


def test_handlers_of_results_say_what_is_wrong(examples: tuple[Example, ...], editor: Editor, tmp_path: Path) -> None:
    blocks = build_page(editor, Settings(examples=tmp_path))
    using, bringing = reacting(blocks, "use", "click"), reacting(blocks, "history", "select")
    choosing = reacting(blocks, "choose-baret", "click")
    with pytest.warns(UserWarning, match=EXPIRED):  # outside of an event, gr.Warning warns in Python's way
        assert using.fn(None) == gr.skip()
    assert using.queue, "what has to be said needs the queue"
    with pytest.warns(UserWarning, match=EXPIRED):
        assert bringing.fn((), gr.SelectData(None, {"index": 1, "value": None})) == gr.skip()
    with pytest.warns(UserWarning, match=EXPIRED):
        assert choosing.fn(()) == gr.skip()


def test_a_result_that_is_too_large_for_the_brush_says_so(page: Page, result: Result, tmp_path: Path) -> None:
    large = packed(replace(result, image=picture(1, (1600, 800)), request=None, pasted=None), tmp_path)
    with pytest.warns(UserWarning, match="1600x800 pixels, too many for the brush"):
        assert use_result(page, large)[page.inputs.source.tool] == CLICK_TOOL
