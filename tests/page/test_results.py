"""Results of before: restored, remembered, used again."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from refedit.edit import Finished
from refedit.editor import Editor
from refedit.errors import EditError
from refedit.recipe import Result
from refedit.ui.forms import all_inputs, read_form
from refedit.ui.history import BYTES, ENTRIES, Entry, History, remembered
from refedit.ui.layout import Page
from refedit.ui.result_events import make_room, restored, use_result
from refedit.ui.running import run
from tests.conftest import picture
from tests.page.parts import packed, saved


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
        history = remembered(history, Entry.of(replace(result, prompt=str(number)), b""))
    assert [entry.caption for entry in history] == [f"SpecRef: {number}" for number in range(ENTRIES + 2, 2, -1)]
    large = Entry.of(result, bytes(BYTES + 1))
    assert remembered(history, large) == (large,)


def test_the_result_becomes_the_source(page: Page, result: Result, tmp_path: Path) -> None:
    changed = use_result(page, packed(result, tmp_path))
    assert changed[page.inputs.source.editor]["background"].tobytes() == result.image.tobytes()
    assert changed[page.inputs.source.editor]["layers"] == [] and changed[page.inputs.source_prompt] == "a dog"
