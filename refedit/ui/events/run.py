"""Running and stopping edits."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.editing.service import EditingService
from refedit.keeping.memory import give_back
from refedit.methods import METHODS, tries, values_of
from refedit.methods.tries import MOST
from refedit.ui.events.form_io import all_inputs, read_form
from refedit.ui.events.handlers import PAGE_ONLY, Updates
from refedit.ui.events.run_view import RunView, busy, show_refused, show_stopped, show_stopping
from refedit.ui.events.running_edits import RunningEdits, paced, run
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.events.visitors import EDITS, TOO_MANY_EDITS, Looks, asked_by
from refedit.ui.state.form import Form
from refedit.ui.state.handed_out import address_of, handed_to
from refedit.ui.state.picture_with_mask import files_of
from refedit.ui.state.received import held
from refedit.ui.view.layout import Inputs, Page
from refedit.ui.view.stage import BOTH, Outputs

PATIENCE = 3.0
"""Seconds that Stop waits for the step under way; then it says that this takes long."""


def connect_run(page: Page, blocks: TellingBlocks, editor: EditingService) -> None:
    """Connects Run and Stop; a visitor who leaves stops, too."""
    outputs, edits = page.outputs, RunningEdits()
    ends = _Ends(blocks=blocks, outputs=outputs, edits=edits)

    def ask(request: gr.Request) -> Updates:
        edits.ask(request.session_hash or "")
        blocks.forget_failure(request.session_hash or "")
        return busy(outputs)

    def stop_edit(request: gr.Request) -> None:
        edits.stop(request.session_hash or "", PATIENCE)

    running = outputs.run.click(ask, None, outputs.all, **PAGE_ONLY).then(
        _runner(page, editor, edits),
        {*all_inputs(page.inputs), outputs.tries},
        outputs.all,
        show_progress="hidden",  # nothing waits in Gradio's queue, whose tracker would only flash "queue: 1/1"
        concurrency_limit=None,
        api_visibility="private",
    )
    running.failure(ends.failed, None, outputs.all, **PAGE_ONLY)  # Gradio refuses an edit before any code of ours runs
    # Progress that is already on its way to the browser would undo "Stopped", so that is said once the edit has ended.
    stopping = outputs.stop.click(stop_edit, None, None, cancels=running, **PAGE_ONLY)
    stopping.then(ends.stopped, None, outputs.all, **PAGE_ONLY)
    blocks.unload(stop_edit)


@dataclass(frozen=True, kw_only=True)
class _Ends:
    """What a visitor is told of an edit that was stopped, refused or cut off.

    On a slow line that may come late: the next edit is on its way then, and nothing of the last one is told.
    """

    blocks: TellingBlocks
    outputs: Outputs
    edits: RunningEdits

    def failed(self, request: gr.Request) -> Updates:
        """Gradio's failure, of which a stopped edit has one, too."""
        visitor = request.session_hash or ""
        wanted, stopped = self.edits.wants(visitor), self.edits.was_stopped(visitor)
        if wanted:
            return gr.skip() if stopped else show_refused(self.outputs, self.blocks.failure_of(visitor))
        return show_stopped(self.outputs) if stopped else gr.skip()

    def stopped(self, request: gr.Request) -> Updates:
        """The end of Stop, which does not wait for a long step."""
        visitor = request.session_hash or ""
        if self.edits.wants(visitor):
            return gr.skip()
        return show_stopping(self.outputs) if self.edits.runs(visitor) else show_stopped(self.outputs)


def _runner(
    page: Page, editor: EditingService, edits: RunningEdits
) -> Callable[[dict[Component, Any], gr.Request], Generator[Updates, None, None]]:
    """Runs the edits that are asked for, one after another."""
    under_way = Looks(EDITS, TOO_MANY_EDITS)

    def run_edits(values: dict[Component, Any], request: gr.Request) -> Generator[Updates, None, None]:
        visitor = request.session_hash or ""
        ticket = edits.start(visitor)
        asked = asked_for(page.inputs, values, values[page.outputs.tries])
        events = run(asked_by(editor, request), asked, ticket.stop)
        try:
            pictures = [*files_of(values[page.inputs.source.canvas]), *files_of(values[page.inputs.reference.canvas])]
            address = address_of(request)
            with under_way.by(address), handed_to(request) as folder, held(*pictures), closing(events):
                view = RunView(page.outputs, editor.facts, folder)
                for event in paced(view.record(event) for event in events):
                    if changes := view.update(event):
                        yield changes
        finally:
            edits.end(visitor, ticket)
            give_back()

    return run_edits


def asked_for(inputs: Inputs, values: Mapping[Component, Any], count: str) -> Iterator[Form]:
    """The forms of the edits that a run makes: several tries of one, or one of every method; EditErrors come late."""
    if count == BOTH:
        yield from (read_form(inputs, values, method) for method in METHODS)
        return
    form = read_form(inputs, values)
    painted = form.source is not None and form.source.mask is not None
    number = min(int(count), MOST) if str(count).isdecimal() else 1
    for method in tries(form.chosen(), max(number, 1), painted):
        yield replace(form, values=values_of(method))
