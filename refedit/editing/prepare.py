"""From a request to a method's task: the squares that a model sees, as pictures and masks, then as latents."""

from dataclasses import dataclass

from PIL import Image
from torch import Tensor

from refedit.diffusion.backbone import Backbone, Denoiser
from refedit.diffusion.inversion import Inverter
from refedit.editing.request import EditRequest
from refedit.imaging.images import mean_colour, on_plain_ground, to_tensor
from refedit.imaging.masks import Mask
from refedit.imaging.squares import Square, Stretched, aligned_square, square_around
from refedit.machine.cache import Cache, content_key
from refedit.methods.method import Fit, Task

SMALLEST_SQUARE = 32


@dataclass(frozen=True)
class Prepared:
    """A request in the model's terms: the squares as pictures and masks, and where the source's square lies."""

    square: Square | Stretched
    source: Image.Image
    region: Mask | None
    reference: Image.Image | None
    subject: Mask | None


def prepare(request: EditRequest, size: int) -> Prepared:
    """Cuts the squares that a model of `size` pixels sees, aligned or stretched as the method asks."""
    method, box = request.method, request.region.box if request.region else None
    square = _square(method.fit, request.source.size, box, _least(request.source.size, size))
    region = square.cut_mask(request.region, size) if request.region else None
    source = square.cut(request.source, size)
    if request.reference is None:
        return Prepared(square, source, region, None, None)
    image, subject = request.reference.image, request.reference.subject
    if method.plain_ground and subject:
        image = on_plain_ground(image, subject, mean_colour(source))
    inside = subject.box if subject else None
    if method.align_reference and inside and box and isinstance(square, Square):
        cut: Square | Stretched = aligned_square(inside, box, square)
    else:
        cut = _square(method.fit, image.size, inside, min(image.size))
    return Prepared(square, source, region, cut.cut(image, size), cut.cut_mask(subject, size) if subject else None)


def _least(extent: tuple[int, int], size: int) -> int:
    """The side of the smallest square of a picture that is shown to a model of `size` pixels.

    A picture that fits the model is seen as it is. In a larger one small things are enlarged: at their own few pixels
    they become blotches (our choice: not below `SMALLEST_SQUARE`).
    """
    return size if min(extent) <= size else min(SMALLEST_SQUARE, size)


def _square(fit: Fit, size: tuple[int, int], box: tuple[int, int, int, int] | None, least: int) -> Square | Stretched:
    return Stretched(max(size)) if fit == "stretch" else square_around(size, box, least)


def task_of(
    request: EditRequest,
    prepared: Prepared,
    model: Backbone,
    denoiser: Denoiser,
    cache: Cache,
    trace_all_rows: bool = False,
) -> Task:
    """What the request's method is given; latents that `cache` holds are not encoded again."""
    return Task(
        inverter=Inverter(denoiser, cache),
        source=_encoded(model, cache, prepared.source),
        prompt=request.prompt,
        source_prompt=request.source_prompt,
        region=prepared.region.to_tensor().to(model.device) if prepared.region else None,
        reference=_encoded(model, cache, prepared.reference) if prepared.reference else None,
        reference_prompt=request.reference.prompt if request.reference else "",
        subject=prepared.subject.to_tensor().to(model.device) if prepared.subject else None,
        trace_all_rows=trace_all_rows,
    )


def _encoded(model: Backbone, cache: Cache, picture: Image.Image) -> Tensor:
    pixels = to_tensor(picture)
    key = content_key("latents", pixels)
    known: Tensor | None = cache.get(key)
    if known is None:
        known = model.encode(pixels)
        cache.put(key, known)
    return known
