"""Runs edit requests on one device of this process, one at a time, and tells what happens.

Owns the lock of the device and the memory of slow stages. Knows no method by name and nothing about pages.
"""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager

import torch
from PIL import Image

from refedit.diffusion.backbone import Backbone
from refedit.diffusion.ddim import Step
from refedit.diffusion.previews import LatentColours
from refedit.diffusion.vocabulary import AllWords, Vocabulary
from refedit.editing.locate import locate
from refedit.editing.progress import Clock, Costs, Pace
from refedit.editing.request import EditEvent, EditRequest, Finished, Preview, Progress, written_down
from refedit.editing.service import Located, ModelFacts
from refedit.editing.square_edit import PastedEdit, SquareEdit
from refedit.errors import EditError, Stopped
from refedit.imaging.images import to_tensor
from refedit.machine.cache import Cache
from refedit.machine.failures import NO_MEMORY, out_of_memory
from refedit.methods import Method

PREVIEW_SIZE = 256
WAITING = "Waiting for the device"
PATIENCE = 60.0
"""Seconds for which a search for a word waits for the device."""


Hides = Callable[[Image.Image], bool]
"""Whether a picture is one that must not be shown."""
CHECKED = "The model's own safety checker looks at every result and hides some, at times wrongly."
HIDDEN = (
    "The model's safety checker hides this result; it is sometimes wrong. Nothing of yours is lost: change the words "
    "or the pictures, and run again."
)


class Editor:
    """The `EditingService` of this process: edits with one model, one after another, from any thread.

    Results and previews that `hides` finds are not shown: such an edit ends with EditError.
    """

    def __init__(self, model: Backbone, cache_bytes: int = 1 << 30, hides: Hides | None = None) -> None:
        self.model, self._hides = model, hides
        self.cache = Cache(cache_bytes)
        notices = (CHECKED,) if hides else ()
        vocabulary: Vocabulary = getattr(model, "vocabulary", AllWords())  # a backbone need not have one
        self.facts = ModelFacts(
            name=model.name, size=model.size, read=model.read, notices=notices, words=vocabulary.offered
        )
        self._costs = Costs()
        # A plain Lock, not an RLock: a generator may be closed on another thread than it was started on.
        self._device = threading.Lock()

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        """Runs an edit and yields what happens; the last event is `Finished`.

        Raises `Stopped` before the next UNet call once `cancel` is set, EditError if the request can't be
        done. Closing the iterator stops the edit too. Either way the next edit is not affected.
        """
        cancel = cancel or threading.Event()
        while not self._device.acquire(timeout=0.25):
            if cancel.is_set():
                raise Stopped
            yield Progress(stage=WAITING, step=0, of=1, fraction=0.0)
        try:
            with self._room_made():
                yield from self._events(request, cancel)
        finally:
            self._device.release()

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        if not self._device.acquire(timeout=PATIENCE):
            raise EditError("The device is busy with edits. Try again in a minute.")
        try:
            with self._room_made():
                return locate(self.model, picture, word, sentence)
        finally:
            self._device.release()

    def expected_seconds(self, method: Method) -> float | None:
        return self._costs.expected(method)

    @contextmanager
    def _room_made(self) -> Iterator[None]:
        """If the device's memory runs out, lets go of everything kept, so that the next edit finds room."""
        try:
            yield
            return
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            # Nothing more here: until this block is left, the exception's traceback holds the edit's tensors.
        self.cache.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise EditError(NO_MEMORY)

    def _events(self, request: EditRequest, cancel: threading.Event) -> Generator[EditEvent, None, None]:
        edit = SquareEdit(self.model, self.cache, request, cancel)
        colours = LatentColours.fit(edit.task.source, to_tensor(edit.prepared.source))
        clock, pace = Clock(request.method.stages, self.expected_seconds(request.method)), Pace()
        steps = edit.steps()
        while True:
            try:
                step = next(steps)
            except StopIteration as stop:
                yield from self._end(edit, stop.value)
                return
            progress = clock.progress(step)
            yield progress
            if pace.due(progress.fraction):
                preview = _preview(colours, step)
                if self._hides is None or not self._hides(preview.image):
                    yield preview

    def _end(self, edit: SquareEdit, done: PastedEdit) -> Iterator[EditEvent]:
        """The result, unless it must not be shown; then its previews are covered, too."""
        if self._hides is None or not self._hides(done.square):
            yield self._finished(edit, done)
            return
        yield Preview(image=Image.new("RGB", (PREVIEW_SIZE, PREVIEW_SIZE), "grey"), stage="Hidden", step=1, of=1)
        raise EditError(HIDDEN)

    def _finished(self, edit: SquareEdit, done: PastedEdit) -> Finished:
        self._costs.record(done.rows, done.seconds)
        return Finished(
            image=done.image,
            pasted=done.pasted,
            seconds=done.seconds,
            rows=done.rows,
            parameters=written_down(edit.request.recipe, self.model.name, str(edit.prepared.square)),
        )


def _preview(colours: LatentColours, step: Step) -> Preview:
    picture = colours.picture(step.denoised, PREVIEW_SIZE)
    return Preview(image=picture, stage=step.stage.words, step=step.number, of=step.of)
