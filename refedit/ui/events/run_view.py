"""What the events of a run change on the page."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.request import EditRequest, Finished, Preview, Progress
from refedit.editing.result import Result
from refedit.editing.service import ModelFacts
from refedit.methods import Method, strength_of, values_of
from refedit.picturebook.advice import notes, notes_on_the_world
from refedit.ui.events.handlers import Updates
from refedit.ui.events.result_views import no_notes, show_inputs, show_preview, show_result, show_results
from refedit.ui.events.running_edits import Failed, Halted, RunEvent, Started
from refedit.ui.state import status
from refedit.ui.view.stage import Outputs


class RunView:
    """Turns the events of one run, in their order, into changes of the page; pictures are written into `folder`."""

    def __init__(self, outputs: Outputs, model: ModelFacts, folder: Path) -> None:
        self.outputs, self.model, self.folder = outputs, model, folder
        self.run = uuid.uuid4().hex
        self.started: Started | None = None
        self.stage = ""
        self.losses: list[float] = []
        # Of results only what is told of them: pictures may be large, and their files are written.
        self.first: Method | None = None
        self.seconds, self.whole = 0.0, True
        self.shown: list[dict[str, Any]] = []
        self.inputs: dict[str, Any] = {}

    def update(self, event: RunEvent) -> Updates:
        """What an event changes on the page."""
        outputs = self.outputs
        match event:
            case Started():
                return self._begin(event)
            case Progress():
                return self._go_on(self._in_run(event))
            case Preview():
                return {outputs.stage: show_preview(event, self.run, self.shown, self._told())}
            case Finished():
                return self._finish(event)
            case Failed():
                return {outputs.status: status.failed(event.message)} | idle(outputs)
            case Halted():
                return show_stopped(outputs)

    @property
    def request(self) -> EditRequest:
        assert self.started is not None
        return self.started.request

    def record(self, event: RunEvent) -> RunEvent:
        """Remembers the loss of every step, even of a step that is not shown."""
        if isinstance(event, Progress) and event.loss is not None:
            self.losses.append(event.loss)
        return event

    def _begin(self, event: Started) -> Updates:
        self.started, self.losses = event, []
        # How a vocabulary reads the sentences already stands below them.
        text = status.notes((notes_on_the_world if self.model.words else notes)(self.model, event.request))
        return {self.outputs.notes: gr.HTML(text, visible=bool(text))}

    def _told(self) -> str:
        """Which edit of a run is under way; empty for a single one."""
        assert self.started is not None
        number, of = self.started.number, self.started.of
        return "" if of == 1 else f"{number + 1} of {of}: {self._label(self.request)}"

    def _label(self, request: EditRequest) -> str:
        """What tells an edit of a run from the others: its method, its seed or its strength."""
        assert self.started is not None
        method, first = request.method, self.first or request.method
        if self.started.mixed:
            return method.title
        strength, values = strength_of(type(method)).name, values_of(method)
        if "seed" in values and values[strength] == values_of(first)[strength]:
            return f"seed {values['seed']}"
        return f"strength {values[strength]:g}"

    def _in_run(self, progress: Progress) -> Progress:
        """The progress of the whole run, which may be several edits."""
        assert self.started is not None
        number, of = self.started.number, self.started.of
        if of == 1:
            return progress
        return replace(
            progress,
            stage=f"{self._told()}: {progress.stage}",
            fraction=(number + progress.fraction) / of,
        )

    def _go_on(self, progress: Progress) -> Updates:
        assert self.started is not None
        last = self.started.number + 1 == self.started.of  # how long the later ones take is not known
        shown: Updates = {self.outputs.status: status.running(progress, self.losses, last)}
        if progress.stage != self.stage:
            self.stage = progress.stage
            shown[self.outputs.announced] = status.announced(progress.stage)
        return shown

    def _finish(self, event: Finished) -> Updates:
        assert self.started is not None
        result, last = Result.of(self.request, event), self.started.number + 1 == self.started.of
        label = self._label(self.request) if self.started.of > 1 else status.method_in_words(self.request.method)
        self.first = self.first or result.recipe.method
        self.seconds += result.seconds
        self.whole = self.whole and result.pasted is not None and bool(result.pasted.values.all())
        self.shown.append(show_result(result, self.folder, label))
        if not self.inputs.get("reference"):  # of two methods, only one may have taken the reference
            self.inputs = show_inputs(result, self.folder)
        if not last:
            return {}
        stage = show_results(self.shown, self.inputs, self.run, status.seconds_in_words(self.seconds))
        return {self.outputs.stage: stage} | self._done()

    def _done(self) -> Updates:
        told = status.finished(status.seconds_in_words(self.seconds), self.whole, self.request.region is not None)
        return {self.outputs.status: told} | idle(self.outputs)


def idle(outputs: Outputs) -> Updates:
    """Ready for the next run."""
    return {
        outputs.run: gr.Button(interactive=True),
        outputs.stop: gr.Button(interactive=False),
        outputs.announced: "",
    }


def busy(outputs: Outputs) -> Updates:
    """Waiting for the device, with Run locked."""
    return {
        outputs.run: gr.Button(interactive=False),
        outputs.stop: gr.Button(interactive=True),
        outputs.status: status.queued(),
        outputs.notes: no_notes(),
    }


def show_stopped(outputs: Outputs) -> Updates:
    """Says that the edit was stopped; what is shown stays."""
    return {outputs.status: status.stopped()} | idle(outputs)


def show_stopping(outputs: Outputs) -> Updates:
    """Says that the step under way takes long; Run stays locked until it is over."""
    return {outputs.status: status.stopping()}


def show_refused(outputs: Outputs, why: str) -> Updates:
    """Says why an edit never began, or was cut off."""
    return {outputs.status: status.failed(why)} | idle(outputs)
