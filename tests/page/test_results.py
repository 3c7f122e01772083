"""Earlier results: restored."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import gradio as gr
import pytest
from PIL import Image

from refedit.editing import provenance
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.editing.result import Result
from refedit.editing.result_png import read_result
from refedit.errors import EditError
from refedit.methods import Baret
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.form_io import all_inputs, read_form
from refedit.ui.events.results import restored
from refedit.ui.events.running_edits import run
from refedit.ui.page import build_page
from refedit.ui.settings import Settings
from refedit.ui.state.examples import Example
from refedit.ui.view.layout import Page
from tests.conftest import picture
from tests.page.parts import packed, reacting
from tests.page_server import tiny_segmenter


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


def test_a_restored_result_runs_again_to_the_same_picture(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    inputs, file = page.inputs, packed(result, tmp_path)
    values: dict[Any, Any] = dict.fromkeys(all_inputs(inputs)) | restored(page, editor, file, tmp_path)
    assert "Restored" in values[page.outputs.status]
    again = list(run(editor, [read_form(inputs, values)], threading.Event()))[-1]
    assert isinstance(again, Finished) and again.image.tobytes() == result.image.tobytes()
    stage = values[page.outputs.stage]
    assert stage["shows"] == "results" and stage["before"] and stage["reference"]
    assert read_result(Path(stage["results"][0]["full"]["path"])).recipe == result.recipe


def test_a_restored_result_has_the_preset_that_it_was_changed_from(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    rigid = replace(Baret.presets()["rigid"], steps=3, eta_schedule="constant")
    file = packed(replace(result, recipe=replace(result.recipe, method=rigid), request=None), tmp_path)
    changed = restored(page, editor, file, tmp_path)
    assert changed[page.inputs.panels["baret"].preset] == "rigid" and changed[page.inputs.kind] == "look"


def test_a_result_without_pictures_keeps_the_visitors(
    page: Page, result: Result, editor: Editor, tmp_path: Path
) -> None:
    changed = restored(page, editor, packed(result, tmp_path, inputs=False), tmp_path)
    assert not {page.inputs.source.canvas, page.inputs.reference.canvas} & changed.keys()
    assert changed[page.inputs.prompt] == "a dog" and changed[page.outputs.stage]["before"] is None


def test_a_foreign_picture_restores_nothing(page: Page, editor: Editor, tmp_path: Path) -> None:
    picture(1).save(tmp_path / "plain.png")
    with pytest.raises(EditError, match="carries no parameters"):
        restored(page, editor, tmp_path / "plain.png", tmp_path)


def test_a_result_tells_programs_that_a_model_edited_it(result: Result, tmp_path: Path) -> None:
    packed(result, tmp_path)
    with Image.open(tmp_path / "packed.png") as image:
        packet = ElementTree.fromstring(image.info[provenance.KEY].encode())
    (told,) = packet.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description")
    name = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert told.get(name) == provenance.SOURCE_TYPE
    assert provenance.KEY not in read_result(tmp_path / "packed.png").parameters


def test_what_cannot_be_restored_is_said(examples: tuple[Example, ...], editor: Editor, tmp_path: Path) -> None:
    bringing = reacting(
        build_page(editor, Settings(examples=tmp_path), EmbeddingCache(tiny_segmenter)), "history", "upload"
    )
    assert bringing.queue, "what has to be said needs the queue"
    for file in (None, {"path": "/etc/passwd"}, {"path": str(tmp_path / "cat.png")}):
        with pytest.warns(UserWarning):  # outside of an event, gr.Warning warns in Python's way
            assert bringing.fn(file) == gr.skip()
