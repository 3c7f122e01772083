"""Runs edit requests on one device, one at a time: prepare, method, previews, paste back.

Owns the lock of the device and the memory of slow stages. Knows no method by name and nothing about pages.
"""

import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, is_dataclass
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refedit import __version__
from refedit.diffusion.ddim import Frame
from refedit.diffusion.previews import LatentColours
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.prepare import prepare, soft_region, task_of
from refedit.editing.progress import Clock, Pace
from refedit.editing.request import EditEvent, EditRequest, Finished, Preview, Progress
from refedit.editing.watched_model import WatchedModel
from refedit.errors import EditError, Stopped
from refedit.imaging.images import to_image, to_tensor
from refedit.imaging.masks import Mask
from refedit.machine.cache import Memory
from refedit.methods.task import Edited

PREVIEW_SIZE = 256
WAITING = "Waiting for the device"


class Editor:
    """Edits pictures with one model; `edit` may be called from any thread, edits run one after another."""

    def __init__(self, model: StableDiffusion, memory_bytes: int = 1 << 30) -> None:
        self.model = model
        self.memory = Memory(memory_bytes)
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
            yield from self._safely(_Run(self.model, self.memory, request, cancel).events())
        finally:
            self._device.release()

    def _safely(self, events: Iterator[EditEvent]) -> Iterator[EditEvent]:
        """The events; if the device's memory runs out, everything kept is let go, so that the next edit finds room."""
        try:
            yield from events
            return
        except torch.OutOfMemoryError:
            # Nothing more here: until this block is left, the exception's traceback holds the edit's tensors.
            pass
        self.memory.clear()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        raise EditError("The device ran out of memory. Try again with fewer steps or a smaller model.")


class _Run:
    """One edit from request to finished picture."""

    def __init__(self, model: StableDiffusion, memory: Memory, request: EditRequest, cancel: threading.Event) -> None:
        self.model, self.request = model, request
        self.watched = WatchedModel(model, memory, cancel)
        self.memory, self.started = memory, time.monotonic()
        self.prepared = prepare(request, model.size)

    def events(self) -> Generator[EditEvent, None, None]:
        task = task_of(self.request, self.prepared, self.model, self.watched, self.memory)
        colours = LatentColours.fit(task.source, to_tensor(self.prepared.source))
        clock, pace = Clock(self.request.method.stages), Pace()
        frames = self.request.method.edit(self.watched, task)
        while True:
            try:
                frame: Frame = next(frames)
            except StopIteration as stop:
                yield self._finished(stop.value)
                return
            progress = clock.progress(frame)
            yield progress
            if pace.due(progress.fraction):
                yield self._preview(colours, frame)

    def _preview(self, colours: LatentColours, frame: Frame) -> Preview:
        picture = colours.picture(frame.estimate, PREVIEW_SIZE)
        return Preview(image=picture, stage=frame.stage, step=frame.step, of=frame.of)

    def _finished(self, edited: Edited) -> Finished:
        mask = self._mask(edited)
        picture = to_image(self.model.decode(edited.latents)[0])
        return Finished(
            image=self.prepared.square.put_back(self.request.source, picture, mask),
            region=mask,
            subject=self.request.reference.subject if self.request.reference else None,
            seconds=time.monotonic() - self.started,
            rows=self.watched.rows,
            parameters=self._parameters(),
        )

    def _mask(self, edited: Edited) -> Mask:
        """Where the result may differ from the source: the painted region, the method's mask, both, or the square."""
        if self.request.region is not None:
            return self._inside(soft_region(self.request.region, self.prepared), edited)
        if edited.mask is None or self.request.method.paste == "square":
            size = self.model.size
            return self.prepared.square.place(Image.new("L", (size, size), 255), self.request.source.size)
        return self._placed(edited.mask)

    def _inside(self, painted: Mask, edited: Edited) -> Mask:
        """The painted region as far as the method's mask goes, if it has one; EditError if they don't meet."""
        both = painted if edited.mask is None else painted.intersect(self._placed(edited.mask))
        if not both.values.any():
            raise EditError(
                "The words leave nothing of the painted region to edit. Paint elsewhere, or choose other target words."
            )
        return both

    def _placed(self, mask: Tensor) -> Mask:
        """A mask at the latents' grid on the source picture, grown by one of its places and softened."""
        grown = functional.max_pool2d(mask[None, None], 3, 1, 1)
        plane = functional.interpolate(grown.float(), (self.model.size, self.model.size), mode="bilinear")[0, 0]
        return self.prepared.square.place(Mask(plane.cpu().numpy()).to_image(), self.request.source.size)

    def _parameters(self) -> dict[str, str]:
        """Everything needed to write the edit down, as text."""
        request, method, square = self.request, self.request.method, self.prepared.square
        assert is_dataclass(method)
        settings: dict[str, Any] = asdict(method)  # type: ignore[arg-type]
        return {
            "Software": f"RefEdit {__version__}",
            "model": self.model.name,
            "method": method.name,
            "prompt": request.prompt,
            "source_prompt": request.source_prompt,
            "reference_prompt": request.reference.prompt if request.reference else "",
            "square": str(square),
            **{name: str(value) for name, value in settings.items()},
        }
