"""What events change on the page."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from refedit.editing.editor import Editor
from refedit.editing.request import Progress
from refedit.editing.result_png import read_result
from refedit.methods import METHODS, tries, values_of
from refedit.ui.events.form_io import fill_in
from refedit.ui.events.run import asked_for
from refedit.ui.events.run_view import RunView
from refedit.ui.events.running_edits import Failed, Halted, Started, run
from refedit.ui.state.form import Form
from refedit.ui.view.layout import Page
from refedit.ui.view.stage import BOTH


def test_events_change_the_page(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    outputs = page.outputs
    view, seen = RunView(outputs, editor.facts, tmp_path), dict[Any, Any]()
    stages, previews = [], []
    for event in run(editor, [form], threading.Event()):
        changed = view.update(event)
        stages += [changed[outputs.announced]] if changed.get(outputs.announced) else []
        previews += [changed[outputs.stage]["preview"]["url"]] if "preview" in changed.get(outputs.stage, {}) else []
        seen |= changed
    assert seen[outputs.announced] == "" and previews and all(url.startswith("data:image/jpeg") for url in previews)
    assert len(stages) == len(set(stages)) > 1 and all('role="status"' in stage for stage in stages), "each stage once"
    assert seen[outputs.run].interactive and not seen[outputs.stop].interactive
    stage = seen[outputs.stage]
    (shown,) = stage["results"]
    assert stage["shows"] == "results" and stage["before"] and stage["reference"]
    for file, inputs in ((shown["full"], True), (shown["image"], False)):
        read = read_result(Path(file["path"]))
        assert (read.request is not None) == inputs and read.recipe.prompt == "a dog"
        assert read.parameters["steps"] == "2"


def ran(page: Page, forms: list[Form], editor: Editor, folder: Path) -> tuple[dict[Any, Any], list[str]]:
    """What a run has changed in the end, and all that its status said."""
    view, seen, messages = RunView(page.outputs, editor.facts, folder), dict[Any, Any](), []
    for event in run(editor, forms, threading.Event()):
        changed = view.update(event)
        messages.append(changed.get(page.outputs.status, ""))
        seen |= changed
    return seen, messages


def test_several_results_are_shown_together_and_told_apart(
    page: Page, form: Form, editor: Editor, tmp_path: Path
) -> None:
    methods = tries(form.chosen(), 3, painted=True)
    seen, messages = ran(page, [replace(form, values=values_of(one)) for one in methods], editor, tmp_path)
    shown = seen[page.outputs.stage]["results"]
    assert [one["label"] for one in shown] == ["seed 0", "seed 1", "seed 2"]
    pictures = [read_result(Path(one["image"]["path"])).image.tobytes() for one in shown]
    assert len(set(pictures)) == 3, "another seed is another picture"
    assert any("2 of 3" in text for text in messages)


def test_every_method_runs_on_the_same_inputs(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    presets = {name: next(iter(method.presets())) for name, method in METHODS.items()}
    forms = [replace(form, method=name, preset=preset, values={"steps": 2}) for name, preset in presets.items()]
    seen, messages = ran(page, forms, editor, tmp_path)
    assert len(seen[page.outputs.stage]["results"]) == len(METHODS)
    assert all(
        any(f"{method.title}: Editing" in text for text in messages[1:]) for method in list(METHODS.values())[1:]
    )


def test_a_run_asks_for_as_many_tries_as_are_wanted(
    page: Page, form: Form, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    values: dict[Any, Any] = fill_in(page.inputs, replace(form, values=values_of(form.chosen())), tmp_path)
    for name, panel in page.inputs.panels.items():
        first, method = next(iter(METHODS[name].presets().items()))
        values = {panel.preset: first} | panel.filled(values_of(method)) | values
    for count, number in (("1", 1), ("4", 4), ("99", 4), ("0", 1), ("rubbish", 1), (BOTH, len(METHODS))):
        assert len(list(asked_for(page.inputs, values, count))) == number


def test_of_two_edits_the_time_left_of_the_first_is_said_to_be_its_own(
    page: Page, form: Form, editor: Editor, tmp_path: Path
) -> None:
    view = RunView(page.outputs, editor.facts, tmp_path)
    for number in (0, 1):
        view.update(Started(request=form.request(), number=number, of=2))
        shown = view.update(Progress(stage="Editing", step=1, of=2, fraction=0.5, seconds_left=9.0))
        told = shown[page.outputs.status]
        assert "about 9.0 s left" in told and ("for this one" in told) == (number == 0)


@pytest.mark.parametrize("event", [Failed(message="No."), Halted()])
def test_after_an_early_end_the_page_can_run_again(page: Page, editor: Editor, event: Any, tmp_path: Path) -> None:
    changed = RunView(page.outputs, editor.facts, tmp_path).update(event)
    assert changed[page.outputs.run].interactive
    assert page.outputs.stage not in changed, "the last picture stays"


def test_the_loss_is_drawn_from_every_step(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    baret = replace(form, method="baret", preset="rigid", values={"steps": 3, "stop": 0})
    view, drawn = RunView(page.outputs, editor.facts, tmp_path), ""
    for event in run(editor, [baret], threading.Event()):
        drawn += str(view.update(view.record(event)).get(page.outputs.status, ""))
    assert len(view.losses) >= 3 and "<polyline" in drawn and f"{view.losses[-1]:.2g} now" in drawn
