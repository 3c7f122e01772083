"""Bringing a result back: a downloaded one, or one of the strip, which the browser keeps as the same file."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.result_png import read_result
from refedit.editing.service import EditingService
from refedit.ui.events.form_io import fill_in, filled_outputs
from refedit.ui.events.handlers import MAY_FAIL, Updates, errors_shown
from refedit.ui.events.result_views import show_result, show_results
from refedit.ui.state import status
from refedit.ui.state.form import Form
from refedit.ui.state.picture_with_mask import uploaded
from refedit.ui.state.status import method_in_words, other_model, reference_prompt
from refedit.ui.view.layout import Page


def connect_result(page: Page, editor: EditingService) -> None:
    """Connects what brings a result back."""
    outputs = page.outputs

    def take(file: Any) -> Iterator[Updates]:
        with errors_shown(), tempfile.TemporaryDirectory() as folder:  # Gradio copies pictures before the next turn
            yield restored(page, editor, uploaded(file, "restored").read_bytes(), Path(folder))
            return
        yield gr.skip()

    outputs.restore.upload(take, outputs.restore, [*filled_outputs(page.inputs), *outputs.all], **MAY_FAIL)


def restored(page: Page, editor: EditingService, file: bytes, folder: Path) -> Updates:
    """Brings everything back: pictures, masks, prompts, parameters and the result; EditError if the file has none."""
    result = read_result(file)
    shown = show_result(result, folder, method_in_words(result.recipe.method))
    notes = (*other_model(result.model, editor.facts), *reference_prompt(result.recipe.reference_prompt))
    return {
        **fill_in(page.inputs, Form.of(result), folder),
        page.outputs.stage: show_results([shown], result, f"restored {folder.name}", folder, "made earlier"),
        page.outputs.status: status.restored(result.request is not None) + status.notes(notes),
    }
