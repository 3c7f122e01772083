"""What an edit's events, and results of before, change on the page."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.edit import EditRequest, Finished, Preview, Progress
from refedit.images import write_picture
from refedit.masks import Mask
from refedit.recipe import Result
from refedit.stable_diffusion import StableDiffusion
from refedit.ui import status
from refedit.ui.history import Entry, History, remembered, strip
from refedit.ui.notes import notes
from refedit.ui.result_column import BOTH, COMPARE, RESULT, Outputs
from refedit.ui.running import Failed, Halted, RunEvent, Started

Updates = dict[Any, Any]


class Screen:
    """Turns the events of one run, in their order, into changes of the page; pictures are written into `folder`."""

    def __init__(self, outputs: Outputs, model: StableDiffusion, history: History, folder: Path) -> None:
        self.outputs, self.model, self.history, self.folder = outputs, model, history, folder
        self.started: Started | None = None
        self.losses: list[float] = []
        self.results: list[Result] = []

    def show(self, event: RunEvent) -> Updates:
        outputs = self.outputs
        match event:
            case Started():
                return self._begin(event)
            case Progress():
                return {outputs.status: status.running(self._in_run(event), self.losses)}
            case Preview():
                return self._preview(event)
            case Finished():
                return self._finish(event)
            case Failed():
                gr.Warning(event.message, title="That did not work")
                return {outputs.status: status.failed(event.message)} | idle(outputs)
            case Halted():
                return show_stopped(outputs)

    @property
    def request(self) -> EditRequest:
        assert self.started is not None
        return self.started.request

    def saw(self, event: RunEvent) -> RunEvent:
        """Remembers the loss of every step, of those too that are not shown."""
        if isinstance(event, Progress) and event.loss is not None:
            self.losses.append(event.loss)
        return event

    def _begin(self, event: Started) -> Updates:
        self.started, self.losses = event, []
        found = status.notes(notes(self.model, event.request))
        return {self.outputs.notes: gr.HTML(found, visible=bool(found))}

    def _in_run(self, progress: Progress) -> Progress:
        """The progress of the whole run, which may consist of several edits."""
        assert self.started is not None
        if self.started.of == 1:
            return progress
        fraction = (self.started.number + progress.fraction) / self.started.of
        return replace(progress, stage=f"{self.request.method.title}: {progress.stage}", fraction=fraction)

    def _preview(self, event: Preview) -> Updates:
        about = f"Preview, step {event.step} of {event.of}"
        outputs = self.outputs
        # Not gr.Image(picture, ...), which would save the picture twice.
        shown = gr.update(value=event.image, label=about, alt_text=about, visible=True)
        hidden = {part: gr.update(visible=False) for part in (outputs.result, outputs.compare, outputs.both)}
        return {outputs.preview: shown, outputs.after: gr.Column(visible=False)} | hidden

    def _finish(self, event: Finished) -> Updates:
        result = Result.of(self.request, event)
        self.results.append(result)
        shown, file = show_result(self.outputs, result, self.folder, self.results)
        self.history = remembered(self.history, Entry.of(result, file))
        assert self.started is not None
        last = self.started.number + 1 == self.started.of
        return {
            **shown,
            self.outputs.status: status.finished(sum(result.seconds for result in self.results)),
            **show_history(self.outputs, self.history),
            **(idle(self.outputs) if last else {}),
        }


def show_result(
    outputs: Outputs, result: Result, folder: Path, together: Sequence[Result] = ()
) -> tuple[Updates, bytes]:
    """A result with everything below it, and its PNG with everything inside; `together` are those of one run."""
    full, bare, before = (folder / f"refedit-{result.method.name}{end}.png" for end in ("", "-bare", "-before"))
    write_picture(result.image, full, result.text())
    write_picture(result.image, bare, result.text(inputs=False))
    if result.inputs is not None:
        write_picture(result.inputs.source, before, {})
    compared = (str(before), str(bare)) if result.inputs is not None else None
    views = [RESULT, *([COMPARE] if compared else []), *([BOTH] if len(together) > 1 else [])]
    view, subject = views[-1] if BOTH in views else RESULT, result.inputs.subject if result.inputs else None
    updates: Updates = {
        outputs.preview: gr.update(visible=False),
        outputs.result: gr.update(value=str(bare), alt_text=f"Edited picture: {result.prompt}", visible=view == RESULT),
        outputs.compare: gr.update(value=compared, visible=False),
        outputs.both: gr.Row(visible=view == BOTH),
        outputs.before: str(before) if compared else None,
        outputs.after: gr.Column(visible=True),
        outputs.view: gr.update(choices=views, value=view),
        outputs.region: _mask_picture(result.used, "Mask: white is where the source was edited"),
        outputs.subject: _mask_picture(subject, "Mask: white is what was taken from the reference"),
        outputs.download: str(full),
        outputs.download_bare: str(bare),
        outputs.parameters: status.table(result.parameters),
        outputs.shown: full.read_bytes(),
    }
    return updates | _side_by_side(outputs, together), updates[outputs.shown]


def _side_by_side(outputs: Outputs, together: Sequence[Result]) -> Updates:
    if len(together) < 2:
        return {}
    return {
        picture: gr.update(value=result.image, label=result.method.title, alt_text=f"Edited by {result.method.title}")
        for picture, result in zip(outputs.results, together, strict=False)
    }


def show_view(outputs: Outputs, view: str) -> Updates:
    """One of the ways to look at a result."""
    places = {RESULT: outputs.result, COMPARE: outputs.compare, BOTH: outputs.both}
    return {part: gr.update(visible=name == view) for name, part in places.items()}


def show_history(outputs: Outputs, history: History) -> Updates:
    """The strip of results of this visit."""
    return {
        outputs.history: history,
        outputs.visit: gr.Column(visible=bool(history)),
        outputs.strip: gr.update(value=strip(history), selected_index=None),
    }


def _mask_picture(mask: Mask | None, about: str) -> dict[str, Any]:
    return gr.update(value=None if mask is None else mask.to_image(), alt_text=about, visible=mask is not None)


def idle(outputs: Outputs) -> Updates:
    """Ready for the next run."""
    ready = gr.Button(interactive=True)
    return {outputs.run: ready, outputs.run_both: ready, outputs.stop: gr.Button(interactive=False)}


def busy(outputs: Outputs) -> Updates:
    """Waiting for the device, with Run locked."""
    locked = gr.Button(interactive=False)
    return {
        outputs.run: locked,
        outputs.run_both: locked,
        outputs.stop: gr.Button(interactive=True),
        outputs.status: status.queued(),
        outputs.notes: gr.HTML("", visible=False),
    }


def show_stopped(outputs: Outputs) -> Updates:
    """Says that the edit was stopped; the last preview stays."""
    return {outputs.status: status.stopped()} | idle(outputs)
