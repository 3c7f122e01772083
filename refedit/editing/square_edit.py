"""Runs one edit on the square that the model sees, and pastes it back: for the page, the benchmark and traces alike."""

import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property

from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.backbone import Backbone
from refedit.diffusion.ddim import Step
from refedit.editing.metered_model import MeteredModel
from refedit.editing.prepare import prepare, task_of
from refedit.editing.reading import as_read
from refedit.editing.request import EditRequest
from refedit.errors import EditError
from refedit.imaging.detail import with_detail
from refedit.imaging.images import to_image
from refedit.imaging.masks import Mask
from refedit.machine.cache import Cache
from refedit.methods.method import Edited, Task


@dataclass(frozen=True, kw_only=True)
class PastedEdit:
    """An edit that is done: the square as the model drew it, and the whole picture with it laid over the source.

    `pasted` is the mask by which that was done, of the picture's size. `rows` of the UNet and `seconds` leave out what
    was remembered.
    """

    square: Image.Image
    image: Image.Image
    pasted: Mask
    rows: int
    seconds: float


class SquareEdit:
    """One edit, from a request to the picture with the edited square pasted back.

    `cancel` stops it with `Stopped` before the next UNet call; `trace_all_rows` runs branches and steps that the result
    does not need. `read` is the request as the model reads it.
    """

    def __init__(
        self,
        model: Backbone,
        cache: Cache,
        request: EditRequest,
        cancel: threading.Event | None = None,
        trace_all_rows: bool = False,
    ) -> None:
        self.model, self.cache, self.request, self.trace_all_rows = model, cache, request, trace_all_rows
        self.metered = MeteredModel(model, cache, cancel or threading.Event())
        self.read = as_read(request, model.read)
        self.prepared = prepare(request, model.size)
        self.started = time.monotonic()

    @cached_property
    def task(self) -> Task:
        """The request in the model's terms; its pictures are encoded when this is asked for first."""
        return task_of(self.read, self.prepared, self.model, self.metered, self.cache, self.trace_all_rows)

    def steps(self) -> Generator[Step, None, PastedEdit]:
        """The steps of the edit, and what came of it."""
        edited = yield from self.read.method.edit(self.metered, self.task)
        mask = self._pasted(edited)
        square = to_image(self.model.decode(edited.latents)[0])
        shown = square if self._is_whole(edited) else with_detail(square, self._redrawn(), self.prepared.source)
        return PastedEdit(
            square=square,
            image=self.prepared.square.put_back(self.request.source, shown, mask),
            pasted=mask,
            rows=self.metered.rows,
            seconds=time.monotonic() - self.started,
        )

    def _pasted(self, edited: Edited) -> Mask:
        """Where the result may differ from the source: the painted region, the method's mask, both, or the square."""
        if self.request.region is not None:
            return self._inside(self._soft(self.request.region), edited)
        if edited.mask is None or self._is_whole(edited):
            return self.prepared.square.whole(self.request.source.size)
        return self._placed(edited.mask)

    def _is_whole(self, edited: Edited) -> bool:
        """Whether the whole square is the result, as the model drew it."""
        return self.request.region is None and (edited.mask is None or self.request.method.paste == "square")

    def _redrawn(self) -> Image.Image:
        """The source's square as the autoencoder alone redraws it."""
        return to_image(self.model.decode(self.task.source)[0])

    def _soft(self, region: Mask) -> Mask:
        """A painted region as it is pasted back: its edge falls off inside, so that nothing outside it changes."""
        return region.feather(max(1.0, self.prepared.square.side / 128))

    def _inside(self, painted: Mask, edited: Edited) -> Mask:
        """The painted region as far as the method's mask goes, if it has one; EditError if they don't meet."""
        both = painted if edited.mask is None else painted.intersect(self._placed(edited.mask))
        if not both.values.any():
            raise EditError(
                "The words leave nothing of the painted region to edit. Paint elsewhere, or choose other target words."
            )
        return both

    def _placed(self, mask: Float[Tensor, "grid grid"]) -> Mask:
        """A mask at the latents' grid on the source picture, grown by one of its places and softened."""
        grown = functional.max_pool2d(mask[None, None], 3, 1, 1)  # (1, 1, grid, grid)
        plane = functional.interpolate(grown.float(), (self.model.size, self.model.size), mode="bilinear")[0, 0]
        return self.prepared.square.place(Mask(plane.cpu().numpy()).to_image(), self.request.source.size)
