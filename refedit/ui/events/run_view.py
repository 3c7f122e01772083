"""What the events of a run change on the page, and the strip of this visit's results."""

from dataclasses import replace
from pathlib import Path

import gradio as gr

from refedit.editing.request import EditRequest, Finished, Preview, Progress
from refedit.editing.result import Result
from refedit.editing.service import ModelFacts
from refedit.picturebook.advice import notes
from refedit.ui.events.handlers import Updates
from refedit.ui.events.result_views import merged, open_view, show_all, show_result
from refedit.ui.events.running_edits import Failed, Halted, RunEvent, Started
from refedit.ui.state import status
from refedit.ui.state.history import Entry, History, remembered, strip
from refedit.ui.view.result_column import ALL, RESULT, Outputs

REFUSED = "The queue is full, a parameter is out of its range, or the connection was lost. Try again in a minute."


class RunView:
    """Turns the events of one run, in their order, into changes of the page; pictures are written into `folder`."""

    def __init__(self, outputs: Outputs, model: ModelFacts, history: History, folder: Path) -> None:
        self.outputs, self.model, self.history, self.folder = outputs, model, history, folder
        self.started: Started | None = None
        self.stage = ""
        self.losses: list[float] = []
        self.results: list[Result] = []
        self.files: list[bytes] = []

    def update(self, event: RunEvent) -> Updates:
        """What an event changes on the page."""
        outputs = self.outputs
        match event:
            case Started():
                return self._begin(event)
            case Progress():
                return self._go_on(self._in_run(event))
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

    def record(self, event: RunEvent) -> RunEvent:
        """Remembers the loss of every step, even of a step that is not shown."""
        if isinstance(event, Progress) and event.loss is not None:
            self.losses.append(event.loss)
        return event

    def _begin(self, event: Started) -> Updates:
        self.started, self.losses = event, []
        text = status.notes(notes(self.model, event.request))
        return {self.outputs.notes: gr.HTML(text, visible=bool(text))}

    def _in_run(self, progress: Progress) -> Progress:
        """The progress of the whole run, which may be several edits; how long the later ones take is not known."""
        assert self.started is not None
        number, of = self.started.number, self.started.of
        if of == 1:
            return progress
        return replace(
            progress,
            stage=f"{self.request.method.title}: {progress.stage}",
            fraction=(number + progress.fraction) / of,
            seconds_left=progress.seconds_left if number + 1 == of else None,
        )

    def _go_on(self, progress: Progress) -> Updates:
        shown: Updates = {self.outputs.status: status.running(progress, self.losses)}
        if progress.stage != self.stage:
            self.stage = progress.stage
            shown[self.outputs.announced] = status.announced(progress.stage)
        return shown

    def _preview(self, event: Preview) -> Updates:
        label = f"Preview, step {event.step} of {event.of}"
        outputs = self.outputs
        # Not gr.Image(picture, ...), which would save the picture twice.
        shown = gr.update(value=event.image, label=label, alt_text=label, visible=True)
        hidden = {part: gr.update(visible=False) for part in (outputs.result, outputs.compare, outputs.side_by_side)}
        return {outputs.preview: shown, outputs.after: gr.Column(visible=False)} | hidden

    def _finish(self, event: Finished) -> Updates:
        assert self.started is not None
        result, last = Result.of(self.request, event), self.started.number + 1 == self.started.of
        self.results.append(result)
        everything = last and len(self.results) > 1
        filled, file = show_result(self.outputs, result, self.folder)
        shown = merged(filled, open_view(self.outputs, result, ALL if everything else RESULT, everything))
        self.files.append(file)
        self.history = remembered(self.history, Entry.of(result, file))
        return {
            **shown,
            **(show_all(self.outputs, self.results, self.files) if everything else {}),
            **show_history(self.outputs, self.history),
            **(self._done() if last else {}),
        }

    def _done(self) -> Updates:
        seconds = sum(result.seconds for result in self.results)
        whole = all(result.pasted is not None and bool(result.pasted.values.all()) for result in self.results)
        return {self.outputs.status: status.finished(seconds, whole)} | idle(self.outputs)


def show_history(outputs: Outputs, history: History) -> Updates:
    """The strip of results of this visit."""
    return {
        outputs.history: history,
        outputs.visit: gr.Column(visible=bool(history)),
        outputs.strip: gr.update(value=strip(history), selected_index=None),
    }


def idle(outputs: Outputs) -> Updates:
    """Ready for the next run."""
    ready = gr.Button(interactive=True)
    stop = gr.Button(interactive=False)
    return {outputs.run: ready, outputs.run_all: ready, outputs.stop: stop, outputs.announced: ""}


def busy(outputs: Outputs) -> Updates:
    """Waiting for the device, with Run locked."""
    locked = gr.Button(interactive=False)
    return {
        outputs.run: locked,
        outputs.run_all: locked,
        outputs.stop: gr.Button(interactive=True),
        outputs.status: status.queued(),
        outputs.notes: gr.HTML("", visible=False),
    }


def show_stopped(outputs: Outputs) -> Updates:
    """Says that the edit was stopped; what is shown stays."""
    return {outputs.status: status.stopped()} | idle(outputs)


def show_refused(outputs: Outputs) -> Updates:
    """Says that an edit never began, or was cut off."""
    return {outputs.status: status.failed(REFUSED)} | idle(outputs)
