"""What a visitor does with a result: view it, use it as the source, restore an earlier one."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import gradio as gr

from refedit.editing.result_png import read_result
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.ui.events.form_io import empty_panes, fill_in, filled_outputs
from refedit.ui.events.handlers import MAY_FAIL, PAGE_ONLY, Updates, showing_errors
from refedit.ui.events.mask_events import show_document
from refedit.ui.events.result_views import open_view, show_result, show_view
from refedit.ui.state import status
from refedit.ui.state.form import Form
from refedit.ui.state.history import History
from refedit.ui.state.mask_document import MaskDocument
from refedit.ui.state.status import other_model, reference_prompt
from refedit.ui.view.layout import Page
from refedit.ui.view.pane import BRUSH_TOOL
from refedit.ui.view.result_column import Outputs

T = TypeVar("T")

EXPIRED = "This visit's results were deleted after an hour. Run again."


def connect_result(page: Page, editor: EditingService) -> None:
    """Connects everything below the result."""
    inputs, outputs = page.inputs, page.outputs
    outputs.view.input(
        lambda view: show_view(outputs, view),
        outputs.view,
        [outputs.result, outputs.compare, outputs.side_by_side, outputs.use, outputs.details],
        **PAGE_ONLY,
    )
    for number, button in enumerate(outputs.choose):
        opened = button.click(showing_errors(opener(outputs, number)), outputs.files, outputs.all, **MAY_FAIL)
        opened.then(chooser(outputs, number), outputs.files, outputs.all, **MAY_FAIL)
    emptied = outputs.use.click(
        showing_errors(lambda file: empty_source(page, file)), outputs.shown, inputs.source.outputs, **MAY_FAIL
    )
    filled = [*inputs.source.outputs, inputs.source_prompt]
    emptied.then(showing_errors(lambda file: use_result(page, file)), outputs.shown, filled, **MAY_FAIL)
    _connect_restoring(page, editor)


def opener(outputs: Outputs, number: int) -> Callable[[tuple[bytes, ...]], Updates]:
    """Opens the view of one of the results that are side by side; EditError, with nothing changed, if it is gone."""
    return lambda files: open_view(outputs, read_result(kept(files, number)), several=True)


def chooser(outputs: Outputs, number: int) -> Callable[[tuple[bytes, ...]], Iterator[Updates]]:
    """Fills in one of the results that are side by side, with its own masks, downloads and parameters."""

    def choose(files: tuple[bytes, ...]) -> Iterator[Updates]:
        if number >= len(files):
            yield gr.skip()  # `opener` has said why
            return
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies what is shown before the next turn
            yield show_result(outputs, read_result(files[number]), Path(folder))[0]

    return choose


def kept(files: Sequence[T], number: int) -> T:
    """An item that this visit keeps; EditError if it is gone, since Gradio drops it after an hour."""
    if number >= len(files):
        raise EditError(EXPIRED)
    return files[number]


def empty_source(page: Page, file: bytes | None) -> Updates:
    """Empties the source's pane for a result; EditError, with nothing changed, if the result is gone."""
    if file is None:
        raise EditError(EXPIRED)
    read_result(file)
    return show_document(page.inputs.source, BRUSH_TOOL, None)


def use_result(page: Page, file: bytes | None) -> Updates:
    """The result becomes the source, without a mask; its target prompt becomes the source prompt."""
    if file is None:
        return gr.skip()  # `empty_source` has said why
    result = read_result(file)
    shown = show_document(page.inputs.source, BRUSH_TOOL, MaskDocument.showing(result.image))
    return shown | {page.inputs.source_prompt: result.recipe.prompt}


def _connect_restoring(page: Page, editor: EditingService) -> None:
    outputs = page.outputs
    everything = [*filled_outputs(page.inputs), *outputs.all]

    def choose(history: History, event: gr.SelectData) -> Updates:
        return make_room(page, kept(history, event.index).file)

    def take(path: str) -> Updates:
        return make_room(page, Path(path).read_bytes())

    def finish(file: bytes | None) -> Iterator[Updates]:
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies what is shown before the next turn
            yield restored(page, editor, file, Path(folder))

    chosen = outputs.strip.select(showing_errors(choose), outputs.history, everything, **MAY_FAIL)
    dropped = outputs.restore.upload(showing_errors(take), outputs.restore, everything, **MAY_FAIL)
    for event in (chosen, dropped):
        event.then(finish, outputs.pending, everything, **MAY_FAIL)


def make_room(page: Page, file: bytes) -> Updates:
    """Opens a result's view and empties the panes for its pictures; EditError, with nothing changed, if it is none."""
    result = read_result(file)
    emptied = {} if result.request is None else empty_panes(page.inputs)
    return {**emptied, **open_view(page.outputs, result), page.outputs.pending: file}


def restored(page: Page, editor: EditingService, file: bytes | None, folder: Path) -> Updates:
    """Brings everything back: pictures, masks, prompts, parameters and the result."""
    if file is None:
        return {page.outputs.pending: None}
    result = read_result(file)
    shown, _ = show_result(page.outputs, result, folder)
    notes = (*other_model(result.model, editor.facts), *reference_prompt(result.recipe.reference_prompt))
    message = status.restored(result.request is not None) + status.notes(notes)
    return {
        **fill_in(page.inputs, Form.of(result)),
        **shown,
        page.outputs.status: message,
        page.outputs.pending: None,
    }
