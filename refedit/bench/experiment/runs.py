"""Runs one arm on one case, as the editor would, but keeps the edited square before it is pasted back."""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from refedit.bench.experiment.arms import Arm, Bound
from refedit.bench.experiment.cases import Case, drawn
from refedit.bench.experiment.workbench import Rig
from refedit.diffusion.ddim import Frame
from refedit.editing.prepare import Prepared, prepare, soft_region, task_of
from refedit.editing.request import EditRequest
from refedit.editing.watched_model import WatchedModel
from refedit.imaging.images import to_image
from refedit.machine.cache import Memory
from refedit.methods import Method
from refedit.methods.task import Edited

MEMORY = 1 << 30


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a run gave: the edited square, and `final`, the picture that counts as the result.

    `words` is the words' map (0..1) by which a method found its region, at its own grid, and `loss` the last frame's,
    where there are such. `rows` of the UNet and `seconds` leave out what was in memory already.
    """

    image: Image.Image
    final: Image.Image
    words: Tensor | None = None
    loss: float | None = None
    rows: int = 0
    seconds: float = 0.0


def make(rig: Rig, case: Case, arm: Arm) -> Made:
    """Runs an arm on a case."""
    seen, method, size = arm.case(case), arm.method_for(case), rig.model.size
    if isinstance(method, Bound):
        picture = method.picture(rig.model, drawn(seen.source, size).picture, drawn(seen.result, size).picture)
        return Made(image=picture, final=picture)
    request = seen.request(method, size, arm.painted)
    return _run(rig, method, request, Memory(MEMORY) if arm.alone else rig.memory, arm.paste)


def _run(rig: Rig, method: Method, request: EditRequest, memory: Memory, paste: bool) -> Made:
    started, prepared = time.monotonic(), prepare(request, rig.model.size)
    watched = WatchedModel(rig.model, memory, threading.Event())
    task = task_of(request, prepared, rig.model, watched, memory)
    frames, edited = _drained(method.edit(watched, task))
    image = to_image(rig.model.decode(edited.latents)[0])
    words = next((frame.masks["mask_t"] for frame in reversed(frames) if "mask_t" in frame.masks), None)
    return Made(
        image=image,
        final=_pasted(request, prepared, image) if paste else image,
        words=words,
        loss=frames[-1].loss,
        rows=watched.rows,
        seconds=time.monotonic() - started,
    )


def _drained(work: Generator[Frame, None, Edited]) -> tuple[list[Frame], Edited]:
    frames = []
    while True:
        try:
            frames.append(next(work))
        except StopIteration as stop:
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            return frames, stop.value


def _pasted(request: EditRequest, prepared: Prepared, image: Image.Image) -> Image.Image:
    """As the editor pastes: with a soft edge inside the painted region; the whole square where nothing is painted."""
    if request.region is None:
        return image
    return prepared.square.put_back(request.source, image, soft_region(request.region, prepared))
