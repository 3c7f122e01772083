"""From a request's pictures to the squares that a model sees. Knows nothing about latents."""

from dataclasses import dataclass

from PIL import Image

from refedit.edit import EditRequest
from refedit.masks import Mask
from refedit.squares import Square, Stretched, aligned_square, square_around


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
    square = _square(method.fit, request.source.size, box, size)
    region = square.cut_mask(request.region, size) if request.region else None
    source = square.cut(request.source, size)
    if request.reference is None:
        return Prepared(square, source, region, None, None)
    image, subject = request.reference.image, request.reference.subject
    inside = subject.box if subject else None
    if method.align_reference and inside and box and isinstance(square, Square):
        cut: Square | Stretched = aligned_square(inside, box, square)
    else:
        cut = _square(method.fit, image.size, inside, min(image.size))
    return Prepared(square, source, region, cut.cut(image, size), cut.cut_mask(subject, size) if subject else None)


def _square(fit: str, size: tuple[int, int], box: tuple[int, int, int, int] | None, least: int) -> Square | Stretched:
    return Stretched(max(size)) if fit == "stretch" else square_around(size, box, least)
