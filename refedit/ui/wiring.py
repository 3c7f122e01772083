"""What happens on the page: running, stopping, choosing a method, filling in an example."""

import tempfile
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.edit import Finished, Preview, Progress
from refedit.editor import Editor
from refedit.images import write_picture
from refedit.masks import Mask
from refedit.methods import METHODS
from refedit.stable_diffusion import StableDiffusion
from refedit.ui import status
from refedit.ui.examples import Example
from refedit.ui.layout import Inputs, Outputs, Page, hint_for_source
from refedit.ui.notes import notes
from refedit.ui.painting import to_value
from refedit.ui.running import Failed, Form, Halted, RunEvent, Started, Tickets, paced, run

Updates = dict[Any, Any]

UI_ONLY: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For events that only rearrange the page: they wait for nobody and are no part of the API."""

PATIENCE = 3.0
"""Seconds that Stop waits for the step under way; then it answers anyway."""


def read_form(inputs: Inputs, values: dict[Component, Any]) -> Form:
    """The visitor's form from the values of all components."""
    controls = inputs.controls[values[inputs.method]]
    return Form(
        method=values[inputs.method],
        source=values[inputs.source],
        reference=values[inputs.reference],
        source_prompt=values[inputs.source_prompt],
        prompt=values[inputs.prompt],
        preset=values[controls.preset],
        settings=controls.settings([values[component] for component in controls.components]),
    )


def all_inputs(inputs: Inputs) -> set[Component]:
    """Every component that `read_form` reads."""
    controls = inputs.controls.values()
    fixed = {inputs.method, inputs.source, inputs.reference, inputs.source_prompt, inputs.prompt}
    return fixed | {item.preset for item in controls} | {part for item in controls for part in item.components}


def show_event(outputs: Outputs, model: StableDiffusion, event: RunEvent, folder: Path) -> Updates:
    """What an event changes on the page; a finished picture is written into `folder`."""
    match event:
        case Started():
            found = status.notes(notes(model, event.request))
            return {outputs.notes: gr.HTML(found, visible=bool(found))}
        case Progress():
            return {outputs.status: status.running(event)}
        case Preview():
            about = f"Preview, step {event.step} of {event.of}"
            shown = gr.Image(event.image, label=about, alt_text=about, visible=True)
            hidden = {outputs.result: gr.Image(visible=False), outputs.after: gr.Column(visible=False)}
            return {outputs.preview: shown} | hidden
        case Finished():
            return _show_finished(outputs, event, folder) | _idle(outputs)
        case Failed():
            gr.Warning(event.message, title="That did not work")
            return {outputs.status: status.failed(event.message)} | _idle(outputs)
        case Halted():
            return show_stopped(outputs)


def _show_finished(outputs: Outputs, event: Finished, folder: Path) -> Updates:
    path = folder / f"refedit-{event.parameters.get('method', 'edit').lower()}.png"
    write_picture(event.image, path, event.parameters)
    region, subject = event.region, event.subject
    return {
        outputs.status: status.finished(event),
        outputs.preview: gr.Image(visible=False),
        outputs.result: gr.Image(
            str(path), alt_text=f"Edited picture: {event.parameters.get('prompt', '')}", visible=True
        ),
        outputs.after: gr.Column(visible=True),
        outputs.region: _mask_picture(region, "Mask: white is where the source was edited"),
        outputs.subject: _mask_picture(subject, "Mask: white is what was taken from the reference"),
        outputs.download: str(path),
        outputs.parameters: status.table(event.parameters),
    }


def _mask_picture(mask: Mask | None, about: str) -> gr.Image:
    return gr.Image(None if mask is None else mask.to_image(), alt_text=about, visible=mask is not None)


def _idle(outputs: Outputs) -> Updates:
    return {outputs.run: gr.Button(interactive=True), outputs.stop: gr.Button(interactive=False)}


def _busy(outputs: Outputs) -> Updates:
    return {
        outputs.run: gr.Button(interactive=False),
        outputs.stop: gr.Button(interactive=True),
        outputs.status: status.queued(),
        outputs.notes: gr.HTML("", visible=False),
    }


def show_stopped(outputs: Outputs) -> Updates:
    """Says that the edit was stopped; the last preview stays."""
    return {outputs.status: status.stopped()} | _idle(outputs)


def show_method(inputs: Inputs, name: str) -> Updates:
    """Shows the inputs that a method needs, and only those."""
    method = METHODS[name]
    return {
        inputs.summary: method.summary,
        inputs.source_hint: hint_for_source(method.needs),
        inputs.source_prompt: gr.Textbox(visible="source_prompt" in method.needs),
        inputs.reference_column: gr.Column(visible="reference" in method.needs | method.takes),
    } | {item.panel: gr.Column(visible=item.method is method) for item in inputs.controls.values()}


def fill_in(inputs: Inputs, example: Example) -> Updates:
    """Fills in everything that an example says and clears what it leaves out."""
    reference = example.reference_with_subject()
    controls = inputs.controls[example.method]
    return {
        inputs.method: example.method,
        inputs.source: to_value(*example.source_with_region()),
        inputs.reference: None if reference is None else to_value(*reference),
        inputs.source_prompt: example.source_prompt,
        inputs.prompt: example.prompt,
        controls.preset: example.preset,
    } | dict(zip(controls.components, example.parameters.values(), strict=True))


def connect(page: Page, blocks: gr.Blocks, editor: Editor, examples: tuple[Example, ...]) -> None:
    """Makes the drawn page react."""
    _connect_run(page, blocks, editor)
    inputs = page.inputs
    panels = [item.panel for item in inputs.controls.values()]
    shown = [inputs.summary, inputs.source_hint, inputs.source_prompt, inputs.reference_column, *panels]
    inputs.method.change(lambda name: show_method(inputs, name), inputs.method, shown, **UI_ONLY)
    for tile, example in zip(page.tiles, examples, strict=True):
        # The editor keeps the canvas of the picture before, and would shift the mask on it, unless emptied first.
        emptied = tile.click(lambda: (None, None), None, [inputs.source, inputs.reference], **UI_ONLY)
        emptied.then(_filler(inputs, example), None, list(all_inputs(inputs)), **UI_ONLY)


def _filler(inputs: Inputs, example: Example) -> Callable[[], Updates]:
    return lambda: fill_in(inputs, example)


def _connect_run(page: Page, blocks: gr.Blocks, editor: Editor) -> None:
    inputs, outputs, tickets = page.inputs, page.outputs, Tickets()
    everything: list[Any] = [getattr(outputs, field.name) for field in fields(outputs)]

    def run_edit(values: dict[Component, Any], request: gr.Request) -> Generator[Updates, None, None]:
        visitor = request.session_hash or ""
        ticket = tickets.start(visitor)
        events = run(editor, read_form(inputs, values), ticket.stop)
        try:
            with tempfile.TemporaryDirectory() as folder, closing(events):
                for event in paced(events):
                    yield show_event(outputs, editor.model, event, Path(folder))
        finally:
            tickets.end(visitor, ticket)

    def stop_edit(request: gr.Request) -> None:
        tickets.stop(request.session_hash or "", PATIENCE)

    started = outputs.run.click(lambda: _busy(outputs), None, everything, **UI_ONLY)
    running = started.then(
        run_edit,
        all_inputs(inputs),
        everything,
        show_progress="minimal",
        show_progress_on=outputs.status,
        concurrency_id="device",
        concurrency_limit=1,
        api_visibility="private",
    )
    # Progress that is already on its way to the browser would undo "Stopped", so that is said once the edit has ended.
    stopping = outputs.stop.click(stop_edit, None, None, cancels=[running], **UI_ONLY)
    stopping.then(lambda: show_stopped(outputs), None, everything, **UI_ONLY)
    blocks.unload(stop_edit)
