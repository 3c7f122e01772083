"""What can be done with a result: looking at it, using it as the source, bringing one of before back."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr

from refedit.editor import Editor
from refedit.recipe import read_result
from refedit.ui import status
from refedit.ui.board import Board
from refedit.ui.display import Updates
from refedit.ui.forms import empty_panes, fill_in, filled_outputs
from refedit.ui.history import History, filling_of
from refedit.ui.layout import Page
from refedit.ui.notes import other_model
from refedit.ui.pane import BRUSH_TOOL
from refedit.ui.pane_events import SPEAKING, UI_ONLY, show_board, spoken
from refedit.ui.result_column import BOTH, COMPARE, RESULT, Outputs
from refedit.ui.result_views import show_result, show_view


def connect_result(page: Page, editor: Editor) -> None:
    """Connects everything below the result."""
    inputs, outputs = page.inputs, page.outputs
    outputs.view.input(
        lambda view: show_view(outputs, view),
        outputs.view,
        [outputs.result, outputs.compare, outputs.both, outputs.use, outputs.details],
        **UI_ONLY,
    )
    for number, button in enumerate(outputs.choose):
        button.click(chooser(outputs, number), outputs.pair, outputs.all, **SPEAKING)
    emptied = outputs.use.click(
        lambda: show_board(inputs.source, BRUSH_TOOL, None), None, inputs.source.outputs, **UI_ONLY
    )
    emptied.then(
        lambda file: use_result(page, file), outputs.shown, [*inputs.source.outputs, inputs.source_prompt], **UI_ONLY
    )
    _connect_restoring(page, editor)


def chooser(outputs: Outputs, number: int) -> Callable[[tuple[bytes, ...]], Iterator[Updates]]:
    """Looks at one of the results of both methods: masks, downloads and everything else are its own then."""

    def choose(files: tuple[bytes, ...]) -> Iterator[Updates]:
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies what is shown before the next turn
            yield show_result(outputs, read_result(files[number]), Path(folder), (RESULT, COMPARE, BOTH))[0]

    return choose


def use_result(page: Page, file: bytes) -> Updates:
    """The result as the source of the next edit, without a mask; what it should show is what it shows now."""
    result = read_result(file)
    shown = show_board(page.inputs.source, BRUSH_TOOL, Board(picture=result.image))
    return shown | {page.inputs.source_prompt: result.prompt}


def _connect_restoring(page: Page, editor: Editor) -> None:
    outputs = page.outputs
    everything = [*filled_outputs(page.inputs), *outputs.all]

    def choose(history: History, event: gr.SelectData) -> Updates:
        return make_room(page, history[event.index].file)

    def take(path: str) -> Updates:
        return make_room(page, Path(path).read_bytes())

    def finish(file: bytes | None) -> Iterator[Updates]:
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies what is shown before the next turn
            yield restored(page, editor, file, Path(folder))

    chosen = outputs.strip.select(spoken(choose), outputs.history, everything, **SPEAKING)
    dropped = outputs.restore.upload(spoken(take), outputs.restore, everything, **SPEAKING)
    for event in (chosen, dropped):
        event.then(finish, outputs.pending, everything, **SPEAKING)


def make_room(page: Page, file: bytes) -> Updates:
    """Reads a result and empties the panes for its pictures; EditError, with nothing changed, if it is none."""
    result = read_result(file)
    emptied = {} if result.inputs is None else empty_panes(page.inputs)
    return {**emptied, page.outputs.pending: file}


def restored(page: Page, editor: Editor, file: bytes | None, folder: Path) -> Updates:
    """Brings everything back: pictures, masks, prompts, parameters and the result."""
    if file is None:
        return {page.outputs.pending: None}
    result = read_result(file)
    shown, _ = show_result(page.outputs, result, folder)
    said = status.restored(result.inputs is not None) + status.notes(other_model(result.model, editor.model))
    return {
        **fill_in(page.inputs, filling_of(result)),
        **shown,
        page.outputs.status: said,
        page.outputs.pending: None,
    }
