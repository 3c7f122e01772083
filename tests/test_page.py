"""The page's parts as plain functions: what is read from it, what is shown on it, what a run does to it."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from refedit.edit import EditEvent, Finished, Preview, Progress
from refedit.editor import Editor
from refedit.errors import EditError
from refedit.images import write_picture
from refedit.methods import METHODS, knobs
from refedit.models import BUILTIN, CARDS
from refedit.recipe import Result, read_result
from refedit.ui import status
from refedit.ui.controls import Controls, build_controls, preset_settings
from refedit.ui.display import Screen
from refedit.ui.examples import TILE, Example, read_examples
from refedit.ui.forms import Form, all_inputs, fill_in, read_form
from refedit.ui.history import BYTES, ENTRIES, Entry, History, remembered
from refedit.ui.layout import Page, draw
from refedit.ui.model_table import model_table
from refedit.ui.notes import about, looks_like_photograph, notes
from refedit.ui.page import build_page, launch_options
from refedit.ui.painting import OPACITY, painted_picture, read_painting, to_value
from refedit.ui.result_events import make_room, restored, use_result
from refedit.ui.running import Failed, Halted, RunEvent, Started, Tickets, paced, run
from refedit.ui.settings import Settings
from refedit.ui.wiring import show_method
from tests.conftest import box_mask, picture

BOX = box_mask((64, 64), (16, 8, 40, 48))


def saved(value: dict[str, Any], folder: Path) -> dict[str, Any]:
    """An editor's value as it comes back from the browser: as files."""
    value["background"].save(folder / "background.png")
    for number, layer in enumerate(value["layers"]):
        layer.save(folder / f"layer{number}.png")
    layers = [str(folder / f"layer{number}.png") for number in range(len(value["layers"]))]
    return {"background": str(folder / "background.png"), "layers": layers}


@pytest.fixture
def form(tmp_path: Path) -> Form:
    source, reference = tmp_path / "source", tmp_path / "reference"
    source.mkdir()
    reference.mkdir()
    return Form(
        method="specref",
        source=saved(to_value(picture(1), BOX), source),
        reference=saved(to_value(picture(2), None), reference),
        source_prompt="a cat",
        prompt="a dog",
        preset="recommended",
        settings={"steps": 2},
    )


@pytest.fixture
def examples(tmp_path: Path) -> tuple[Example, ...]:
    for name, seed in (("cat", 1), ("dog", 2)):
        picture(seed).save(tmp_path / f"{name}.png")
    BOX.to_image().save(tmp_path / "region.png")
    both = {"title": "Both", "method": "specref", "source": "cat.png", "region": "region.png", "reference": "dog.png"}
    rows = [
        both
        | {
            "subject": None,
            "source_prompt": "a cat",
            "prompt": "a dog",
            "preset": "official",
            "settings": {"steps": 3},
        },
        {"title": "One", "method": "baret", "source": "dog.png", "prompt": "a red dog", "preset": "rigid"},
    ]
    (tmp_path / "examples.json").write_text(json.dumps(rows))
    return read_examples(tmp_path)


@pytest.fixture
def page() -> Page:
    with gr.Blocks(analytics_enabled=False):
        return draw("", "", (), ())


# Settings


def test_settings_come_from_the_environment() -> None:
    assert Settings.from_environment({}) == Settings()
    asked = {"REFEDIT_HOST": "0.0.0.0", "REFEDIT_PORT": "8080", "REFEDIT_MODEL": "x/y", "REFEDIT_EXAMPLES": "tiles"}
    settings = Settings.from_environment(asked)
    assert (settings.host, settings.port, settings.model, settings.examples) == ("0.0.0.0", 8080, "x/y", Path("tiles"))
    assert launch_options(settings)["server_name"] == "0.0.0.0"


@pytest.mark.parametrize("port", ["", "-1", "0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match="REFEDIT_PORT"):
        Settings.from_environment({"REFEDIT_PORT": port})


# Painted pictures


def test_a_mask_survives_the_way_to_the_editor_and_back(tmp_path: Path) -> None:
    painting = read_painting(saved(to_value(picture(1), BOX), tmp_path), "source")
    assert painting.mask is not None
    np.testing.assert_allclose(painting.mask.values, BOX.values, atol=0.01)
    assert (np.asarray(painting.picture) == np.asarray(picture(1))).all()


def test_the_layers_are_united(tmp_path: Path) -> None:
    left, right = box_mask((64, 64), (0, 0, 8, 64)), box_mask((64, 64), (56, 0, 64, 64))
    value: dict[str, Any] = to_value(picture(1), left)
    value["layers"] += to_value(picture(1), right)["layers"]
    mask = read_painting(saved(value, tmp_path), "source").mask
    assert mask is not None
    np.testing.assert_allclose(mask.values, np.maximum(left.values, right.values), atol=0.01)


@pytest.mark.parametrize("alpha", [0, round(255 * OPACITY * 0.3)])
def test_an_untouched_or_erased_layer_is_nothing_painted(tmp_path: Path, alpha: int) -> None:
    value: dict[str, Any] = to_value(picture(1), None) | {"layers": [Image.new("RGBA", (64, 64), (255, 0, 0, alpha))]}
    assert read_painting(saved(value, tmp_path), "source").mask is None


def test_no_picture_is_one_sentence() -> None:
    values: list[dict[str, Any] | None] = [None, {"background": None, "layers": []}]
    for value in values:
        with pytest.raises(EditError, match="There is no source picture. Upload one, or click an example."):
            read_painting(value, "source")


def test_a_mask_of_another_size_is_one_sentence(tmp_path: Path) -> None:
    value: dict[str, Any] = to_value(picture(1), None) | {"layers": [Image.new("RGBA", (32, 64), "red")]}
    with pytest.raises(EditError, match="mask of the source is 32x64 pixels, its picture 64x64"):
        read_painting(saved(value, tmp_path), "source")


def test_bombs_and_rubbish_are_refused_by_our_own_reader(tmp_path: Path) -> None:
    bomb, rubbish = tmp_path / "bomb.png", tmp_path / "rubbish.png"
    Image.new("1", (13000, 13000)).save(bomb)
    rubbish.write_text("no picture")
    with pytest.raises(EditError, match="40"):
        read_painting({"background": str(bomb), "layers": []}, "source")
    with pytest.raises(EditError, match="not a readable"):
        read_painting({"background": str(rubbish), "layers": []}, "source")


def test_the_editor_decodes_nothing(tmp_path: Path) -> None:
    (tmp_path / "rubbish.png").write_text("no picture")
    editor = painted_picture(label="Source", placeholder="", elem_id="source")
    data = editor.data_model.model_validate({"background": {"path": str(tmp_path / "rubbish.png")}})
    assert editor.preprocess(data) == {"background": str(tmp_path / "rubbish.png"), "layers": []}
    assert editor.preprocess(None) is None


# Examples


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


# Parameters


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_has_a_labelled_control(name: str) -> None:
    with gr.Blocks(analytics_enabled=False):
        controls: Controls = build_controls(METHODS[name], True)
    shown = {(part.label, part.value) for part in controls.components}  # type: ignore[attr-defined]
    preset = next(iter(METHODS[name].presets().values()))
    assert shown == {(knob.label, getattr(preset, knob.name)) for knob in knobs(METHODS[name])}


@pytest.mark.parametrize("name", METHODS)
def test_a_preset_sets_every_parameter(name: str) -> None:
    for preset, method in METHODS[name].presets().items():
        assert preset_settings(METHODS[name], preset) == {
            knob.name: getattr(method, knob.name) for knob in knobs(METHODS[name])
        }


# What is said


def test_nothing_a_visitor_wrote_becomes_html() -> None:
    for html in (status.failed("<img src=x>"), status.notes(("<b>",)), status.table({"<i>": "<script>"})):
        assert not any(tag in html for tag in ("<img", "<script", "<i>", "<b></"))


def test_progress_names_stage_step_and_time() -> None:
    html = status.running(Progress(stage="Editing", step=3, of=20, fraction=0.5, seconds_left=75))
    assert all(part in html for part in ("Editing", "step 3 of 20", "1 min 15 s", 'aria-valuenow="50"'))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.97, "10 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_seconds_are_said_as_a_person_would(seconds: float, words: str) -> None:
    assert status.seconds_in_words(seconds) == words


def test_photographs_are_told_from_drawings() -> None:
    grain = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert looks_like_photograph(Image.fromarray(grain))
    assert not looks_like_photograph(Image.new("RGB", (64, 64), "red"))


def test_only_the_built_in_model_needs_notes(form: Form, editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    request = form.request()
    assert notes(editor.model, request) == () and about(editor.model) == ""
    monkeypatch.setattr(editor.model, "name", BUILTIN)
    assert about(editor.model)
    assert all("unknown" not in note for note in notes(editor.model, request))


def test_the_model_at_work_is_marked_among_all() -> None:
    table = model_table(CARDS, BUILTIN)
    assert table.count("(at work)") == 1 and all(card.title in table and card.licence in table for card in CARDS)
    assert "&lt;mine&gt; <b>(at work)" in model_table(CARDS, "<mine>")


# Running


def test_a_form_asks_for_what_the_method_takes(form: Form) -> None:
    request = form.request()
    assert request.region is not None and request.reference is not None and request.reference.subject is None
    baret = replace(form, method="baret", preset="rigid", settings={}, source_prompt="left over").request()
    assert baret.reference is None and baret.source_prompt == "" and baret.region is not None


def test_a_run_ends_with_the_result(form: Form, editor: Editor) -> None:
    events = list(run(editor, [form], threading.Event()))
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    assert any(isinstance(event, Preview) for event in events)


def test_an_error_is_the_last_event(form: Form, editor: Editor) -> None:
    assert list(run(editor, [replace(form, prompt=" ")], threading.Event())) == [
        Failed(message="The target prompt is empty. Describe the picture you want.")
    ]


def test_an_unexpected_error_keeps_its_details_in_the_log(
    form: Form, editor: Editor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Iterator[EditEvent]:
        raise RuntimeError("secret detail")
        yield

    monkeypatch.setattr(editor, "edit", broken)
    last = list(run(editor, [form], threading.Event()))[-1]
    assert isinstance(last, Failed) and "secret detail" not in last.message
    assert "secret detail" in caplog.text


def test_a_set_flag_halts_and_the_next_run_works(form: Form, editor: Editor) -> None:
    flag, seen = threading.Event(), []
    for event in run(editor, [form], flag):
        seen.append(event)
        flag.set()
    assert isinstance(seen[-1], Halted)
    assert isinstance(list(run(editor, [form], threading.Event()))[-1], Finished)


def test_a_closed_run_frees_the_device(form: Form, editor: Editor) -> None:
    events = run(editor, [form], threading.Event())
    next(events)
    next(events)
    events.close()
    assert isinstance(list(run(editor, [form], threading.Event()))[-1], Finished)


def test_nobody_stops_anothers_edit() -> None:
    tickets = Tickets()
    mine, yours = tickets.start("me"), tickets.start("you")
    tickets.stop("me")
    assert mine.stop.is_set() and not yours.stop.is_set()
    tickets.stop("nobody")
    newer = tickets.start("you")
    assert yours.stop.is_set() and not newer.stop.is_set(), "a visitor has one edit at a time"
    tickets.end("you", yours)
    tickets.stop("you")
    assert newer.stop.is_set(), "an old edit's end does not forget the newer ticket"


def test_stopping_waits_until_the_edit_has_ended() -> None:
    tickets = Tickets()
    ticket = tickets.start("me")

    def obey() -> None:
        ticket.stop.wait(5)
        tickets.end("me", ticket)

    worker = threading.Thread(target=obey)
    worker.start()
    tickets.stop("me", patience=5)
    assert ticket.ended.is_set()
    worker.join()


def test_pacing_drops_only_hasty_progress() -> None:
    def progress(stage: str, step: int) -> Progress:
        return Progress(stage=stage, step=step, of=9, fraction=0.1)

    look = Preview(image=picture(1), stage="b", step=1, of=9)
    events: list[RunEvent] = [progress("a", 1), progress("a", 2), progress("b", 1), look, progress("b", 2)]
    assert list(paced(events, seconds=60)) == [events[0], events[2], look]
    assert list(paced(events, seconds=0)) == events


# The page


def test_a_method_shows_only_what_it_needs(page: Page) -> None:
    inputs = page.inputs
    baret, specref = show_method(page, "baret"), show_method(page, "specref")
    for part in (inputs.reference_column, inputs.source_prompt, inputs.controls["specref"].panel):
        assert not baret[part].visible and specref[part].visible
    assert "whole picture" in baret[inputs.source.hint] and "words decide" in specref[inputs.source.hint]


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


def test_events_change_the_page(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    outputs = page.outputs
    screen, seen = Screen(outputs, editor.model, (), tmp_path), dict[Any, Any]()
    for event in run(editor, [form], threading.Event()):
        seen |= screen.show(event)
    assert "Done in" in seen[outputs.status]
    assert not seen[outputs.preview]["visible"] and seen[outputs.result]["visible"] and seen[outputs.after].visible
    assert seen[outputs.run].interactive and not seen[outputs.stop].interactive
    for download, inputs in ((outputs.download, True), (outputs.download_bare, False)):
        read = read_result(Path(seen[download]))
        assert (read.inputs is not None) == inputs and read.prompt == "a dog" and read.parameters["steps"] == "2"
    assert read_result(seen[outputs.shown]).image.size == (64, 64)
    assert [entry.caption for entry in seen[outputs.history]] == ["SpecRef: a dog"]


def test_both_methods_run_on_the_same_inputs(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    forms = [form, replace(form, method="baret", preset="rigid", settings={"steps": 2})]
    outputs, events = page.outputs, list(run(editor, forms, threading.Event()))
    started = [event.request for event in events if isinstance(event, Started)]
    assert [request.method.name for request in started] == ["specref", "baret"]
    assert started[0].source.tobytes() == started[1].source.tobytes()
    screen, seen, said = Screen(outputs, editor.model, (), tmp_path), dict[Any, Any](), []
    for event in events:
        changed = screen.show(event)
        said.append(changed.get(outputs.status, ""))
        assert outputs.run not in changed or event is events[-1], "Run stays locked between the two"
        seen |= changed
    assert any("SpecRef: Editing" in text for text in said) and any("BARET: Editing" in text for text in said)
    assert seen[outputs.view]["value"] == "Both methods" and len(seen[outputs.history]) == 2
    assert [seen[picture]["label"] for picture in outputs.results] == ["SpecRef", "BARET"]


def test_nothing_runs_unless_every_form_is_complete(form: Form, editor: Editor) -> None:
    events = list(run(editor, [form, replace(form, source=None)], threading.Event()))
    assert len(events) == 1 and isinstance(events[0], Failed)


@pytest.mark.filterwarnings("ignore:No.")  # outside of an event, gr.Warning warns in Python's way
@pytest.mark.parametrize("event", [Failed(message="No."), Halted()])
def test_after_an_early_end_the_page_can_run_again(page: Page, editor: Editor, event: Any, tmp_path: Path) -> None:
    changed = Screen(page.outputs, editor.model, (), tmp_path).show(event)
    assert changed[page.outputs.run].interactive
    assert not {page.outputs.preview, page.outputs.result} & changed.keys(), "the last picture stays"


def test_the_loss_is_drawn_from_every_step(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    baret = replace(form, method="baret", preset="rigid", settings={"steps": 3, "stop": 0})
    screen, drawn = Screen(page.outputs, editor.model, (), tmp_path), ""
    for event in run(editor, [baret], threading.Event()):
        drawn += str(screen.show(screen.saw(event)).get(page.outputs.status, ""))
    assert len(screen.losses) >= 3 and "<polyline" in drawn and f"{screen.losses[-1]:.2g} now" in drawn


# Results of before


@pytest.fixture
def result(form: Form, editor: Editor) -> Result:
    events = list(run(editor, [form], threading.Event()))
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    return Result.of(events[0].request, events[-1])


def packed(result: Result, folder: Path, inputs: bool = True) -> bytes:
    write_picture(result.image, folder / "packed.png", result.text(inputs))
    return (folder / "packed.png").read_bytes()


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


def test_the_page_is_built_and_keeps_all_but_two_events_private(
    examples: tuple[Example, ...], editor: Editor, tmp_path: Path
) -> None:
    blocks = build_page(editor, Settings(examples=tmp_path))
    assert set(blocks.get_api_info()["named_endpoints"]) == {"/edit", "/segment"}
    limited = [fn for fn in blocks.fns.values() if fn.concurrency_id == "device"]
    assert {fn.concurrency_limit for fn in limited} == {1}
