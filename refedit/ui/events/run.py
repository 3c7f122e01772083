"""Running and stopping edits."""

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.editing.service import EditingService, at_once, for_visitor
from refedit.methods import METHODS
from refedit.ui.events.form_io import all_inputs, read_form
from refedit.ui.events.handlers import PAGE_ONLY, Updates
from refedit.ui.events.run_view import RunView, busy, show_refused, show_stopped
from refedit.ui.events.running_edits import RunningEdits, paced, run
from refedit.ui.view.layout import Page

PATIENCE = 3.0
"""Seconds that Stop waits for the step under way; then it answers anyway."""


def connect_run(page: Page, blocks: gr.Blocks, editor: EditingService) -> None:
    """Connects Run, Run all and Stop; a visitor who leaves stops, too."""
    outputs, edits = page.outputs, RunningEdits()

    def ask(request: gr.Request) -> Updates:
        edits.ask(request.session_hash or "")
        return busy(outputs)

    def refuse(request: gr.Request) -> Updates:
        return show_refused(outputs) if edits.refused(request.session_hash or "") else gr.skip()

    def stop_edit(request: gr.Request) -> None:
        edits.stop(request.session_hash or "", PATIENCE)

    runs = [
        button.click(ask, None, outputs.all, **PAGE_ONLY).then(
            _runner(page, editor, edits, methods),
            {*all_inputs(page.inputs), outputs.history},
            outputs.all,
            show_progress="minimal",
            show_progress_on=outputs.status,
            concurrency_id="device",
            concurrency_limit=at_once(editor),
            api_visibility="private",
        )
        for button, methods in ((outputs.run, [None]), (outputs.run_all, list(METHODS)))
    ]
    for edit in runs:  # Gradio refuses an edit before any code of ours runs
        edit.failure(refuse, None, outputs.all, **PAGE_ONLY)
    # Progress that is already on its way to the browser would undo "Stopped", so that is said once the edit has ended.
    stopping = outputs.stop.click(stop_edit, None, None, cancels=runs, **PAGE_ONLY)
    stopping.then(lambda: show_stopped(outputs), None, outputs.all, **PAGE_ONLY)
    blocks.unload(stop_edit)


def _runner(
    page: Page, editor: EditingService, edits: RunningEdits, methods: Sequence[str | None]
) -> Callable[[dict[Component, Any], gr.Request], Generator[Updates, None, None]]:
    """Runs the edits of the methods, one after another; None stands for the chosen one."""

    def run_edits(values: dict[Component, Any], request: gr.Request) -> Generator[Updates, None, None]:
        visitor = request.session_hash or ""
        ticket = edits.start(visitor)
        forms = (read_form(page.inputs, values, method) for method in methods)  # read inside, where errors are shown
        events = run(for_visitor(editor, visitor), forms, ticket.stop)
        try:
            with tempfile.TemporaryDirectory() as folder, closing(events):
                view = RunView(page.outputs, editor.facts, values[page.outputs.history], Path(folder))
                for event in paced(view.record(event) for event in events):
                    yield view.update(event)
        finally:
            edits.end(visitor, ticket)

    return run_edits
