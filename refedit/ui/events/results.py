"""Bringing a result back: a downloaded one, or one of the strip, which the browser keeps as the same file."""

from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.result import Result
from refedit.editing.result_png import read_result
from refedit.editing.service import EditingService
from refedit.ui.events.form_io import fill_in, filled_outputs
from refedit.ui.events.handlers import MAY_FAIL, Updates, showing_errors
from refedit.ui.events.result_views import show_inputs, show_result, show_results
from refedit.ui.state import status
from refedit.ui.state.form import Form
from refedit.ui.state.handed_out import handed_to
from refedit.ui.state.received import unpacking, uploaded
from refedit.ui.state.status import method_in_words, other_model, reference_prompt
from refedit.ui.view.layout import Page

MOST_PIXELS = 80_000_000
"""Of all pictures and masks of a result together, which are unpacked side by side."""


def connect_result(page: Page, editor: EditingService) -> None:
    """Connects what brings a result back."""
    outputs = page.outputs

    def take(file: Any, request: gr.Request | None = None) -> Updates:
        with handed_to(request) as folder:
            return restored(page, editor, uploaded(file, "restored"), folder)

    outputs.restore.upload(
        showing_errors(take), outputs.restore, [*filled_outputs(page.inputs), *outputs.all], **MAY_FAIL
    )


def restored(page: Page, editor: EditingService, file: Path, folder: Path) -> Updates:
    """Brings everything back: pictures, masks, prompts, parameters and the result; EditError if the file has none."""
    with unpacking(file):
        return _restored(page, editor, read_result(file, MOST_PIXELS), folder)


def _restored(page: Page, editor: EditingService, result: Result, folder: Path) -> Updates:
    shown = show_result(result, folder, method_in_words(result.recipe.method))
    notes = (*other_model(result.model, editor.facts), *reference_prompt(result.recipe.reference_prompt))
    return {
        **fill_in(page.inputs, Form.of(result), folder),
        page.outputs.stage: show_results(
            [shown], show_inputs(result, folder), f"restored {folder.name}", "made earlier"
        ),
        page.outputs.status: status.restored(result.request is not None) + status.notes(notes),
    }
