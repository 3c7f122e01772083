"""What events change on the page."""

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from refedit.editing.editor import Editor
from refedit.editing.request import Progress
from refedit.editing.result_png import read_result
from refedit.methods import METHODS
from refedit.ui.events.result_views import merged, show_view
from refedit.ui.events.results import chooser, opener
from refedit.ui.events.run_view import RunView
from refedit.ui.events.running_edits import Failed, Halted, Started, run
from refedit.ui.state.form import Form
from refedit.ui.state.status import method_in_words
from refedit.ui.view.layout import Page
from refedit.ui.view.result_column import ALL, COMPARE, RESULT


def test_events_change_the_page(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    outputs = page.outputs
    view, seen = RunView(outputs, editor.facts, (), tmp_path), dict[Any, Any]()
    stages = []
    for event in run(editor, [form], threading.Event()):
        changed = view.update(event)
        stages += [changed[outputs.announced]] if changed.get(outputs.announced) else []
        seen |= changed
    assert "Done in" in seen[outputs.status] and seen[outputs.announced] == ""
    assert len(stages) == len(set(stages)) > 1 and all('role="status"' in stage for stage in stages), "each stage once"
    assert not seen[outputs.preview]["visible"] and seen[outputs.result]["visible"] and seen[outputs.after].visible
    assert seen[outputs.run].interactive and not seen[outputs.stop].interactive
    for download, inputs in ((outputs.download, True), (outputs.download_bare, False)):
        read = read_result(Path(seen[download]["value"] if inputs else seen[download]))
        assert (
            (read.request is not None) == inputs and read.recipe.prompt == "a dog" and read.parameters["steps"] == "2"
        )
    assert seen[outputs.download]["visible"]
    assert read_result(seen[outputs.shown]).image.size == (64, 64)
    assert [entry.caption for entry in seen[outputs.history]] == ["SpecRef recommended, 1 changed: a dog"]


def of_every_method(form: Form) -> list[Form]:
    presets = {name: next(iter(method.presets())) for name, method in METHODS.items()}
    return [replace(form, method=name, preset=preset, values={"steps": 2}) for name, preset in presets.items()]


def test_all_methods_run_on_the_same_inputs(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    forms = of_every_method(form)
    outputs, events = page.outputs, list(run(editor, forms, threading.Event()))
    started = [event.request for event in events if isinstance(event, Started)]
    assert [request.method.name for request in started] == list(METHODS)
    assert len({request.source.tobytes() for request in started}) == 1
    view, seen, messages = RunView(outputs, editor.facts, (), tmp_path), dict[Any, Any](), []
    for event in events:
        changed = view.update(event)
        messages.append(changed.get(outputs.status, ""))
        assert outputs.run not in changed or event is events[-1], "Run stays locked until the last"
        seen |= changed
    assert all(any(f"{method.title}: Editing" in text for text in messages) for method in METHODS.values())
    assert seen[outputs.view]["value"] == ALL and len(seen[outputs.history]) == len(METHODS)
    labels = [seen[picture]["label"] for picture in outputs.results]
    assert labels == [method_in_words(request.method) for request in started]
    assert not seen[outputs.details]["visible"], "side by side hides what belongs to one result"
    parts = zip(outputs.pasted, outputs.choose, seen[outputs.files], started, strict=True)
    for pasted, choose, file, request in parts:
        mask = read_result(file).pasted
        assert mask is not None and seen[pasted]["visible"] and choose.value == f"Go on with {request.method.title}"
        assert np.array_equal(np.asarray(seen[pasted]["value"]), np.asarray(mask.to_image()))


def test_one_of_several_is_shown_with_its_own_masks(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    outputs, seen = page.outputs, dict[Any, Any]()
    view = RunView(outputs, editor.facts, (), tmp_path)
    for event in run(editor, of_every_method(form), threading.Event()):
        seen |= view.update(event)
    for number, file in enumerate(seen[outputs.files]):
        (filled,) = chooser(outputs, number)(seen[outputs.files])
        assert not {outputs.view, outputs.side_by_side, outputs.use, outputs.details} & filled.keys()
        assert "visible" not in filled[outputs.result] | filled[outputs.compare]
        changed = merged(filled, opener(outputs, number)(seen[outputs.files]))
        result = read_result(file)
        assert result.pasted is not None and changed[outputs.result]["visible"] and changed[outputs.details]["visible"]
        assert np.array_equal(np.asarray(changed[outputs.region]["value"]), np.asarray(result.pasted.to_image()))
        assert changed[outputs.shown] == file and changed[outputs.view]["choices"] == [RESULT, COMPARE, ALL]
        assert changed[outputs.result]["label"] == f"Result of {method_in_words(result.recipe.method)}"
    assert show_view(outputs, ALL)[outputs.details]["visible"] is False


def test_of_two_edits_the_time_left_is_known_in_the_last_only(
    page: Page, form: Form, editor: Editor, tmp_path: Path
) -> None:
    view = RunView(page.outputs, editor.facts, (), tmp_path)
    for number in (0, 1):
        view.update(Started(request=form.request(), number=number, of=2))
        shown = view.update(Progress(stage="Editing", step=1, of=2, fraction=0.5, seconds_left=9.0))
        assert ("about 9.0 s left" in shown[page.outputs.status]) == (number == 1)


@pytest.mark.filterwarnings("ignore:No.")  # outside of an event, gr.Warning warns in Python's way
@pytest.mark.parametrize("event", [Failed(message="No."), Halted()])
def test_after_an_early_end_the_page_can_run_again(page: Page, editor: Editor, event: Any, tmp_path: Path) -> None:
    changed = RunView(page.outputs, editor.facts, (), tmp_path).update(event)
    assert changed[page.outputs.run].interactive
    assert not {page.outputs.preview, page.outputs.result} & changed.keys(), "the last picture stays"


def test_the_loss_is_drawn_from_every_step(page: Page, form: Form, editor: Editor, tmp_path: Path) -> None:
    baret = replace(form, method="baret", preset="rigid", values={"steps": 3, "stop": 0})
    view, drawn = RunView(page.outputs, editor.facts, (), tmp_path), ""
    for event in run(editor, [baret], threading.Event()):
        drawn += str(view.update(view.record(event)).get(page.outputs.status, ""))
    assert len(view.losses) >= 3 and "<polyline" in drawn and f"{view.losses[-1]:.2g} now" in drawn
