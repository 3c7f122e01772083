"""From a request's pictures to the squares that a model sees. Knows nothing about latents."""

from dataclasses import dataclass

from PIL import Image

from refedit.edit import EditRequest
from refedit.images import stretch
from refedit.masks import Mask
from refedit.squares import Square, aligned_square, square_around


@dataclass(frozen=True)
class Prepared:
    """A request in the model's terms: the squares as pictures and masks, and where the source's square lies."""

    square: Square
    source: Image.Image
    region: Mask | None
    reference: Image.Image | None
    subject: Mask | None


def prepare(request: EditRequest, size: int) -> Prepared:
    """Cuts the squares that a model of `size` pixels sees, aligned or stretched as the method asks."""
    fit, align = getattr(request.method, "fit", "aspect"), getattr(request.method, "align_reference", False)
    square = square_around(request.source.size, request.region.box if request.region else None, size)
    if fit == "stretch" and request.source.size[0] == request.source.size[1]:
        square = square_around(request.source.size, None, size)
    region = square.cut_mask(request.region, size) if request.region else None
    source = stretch(request.source, size) if fit == "stretch" and region is None else square.cut(request.source, size)
    if request.reference is None:
        return Prepared(square, source, region, None, None)
    image, subject = request.reference.image, request.reference.subject
    if fit == "stretch":
        shrunk = None if subject is None else Mask.from_image(stretch(subject.to_image(), size))
        return Prepared(square, source, region, stretch(image, size), shrunk)
    box = subject.box if subject else None
    if align and box and request.region:
        cut = aligned_square(box, request.region.box, square)
    else:
        cut = square_around(image.size, box, min(image.size))
    return Prepared(square, source, region, cut.cut(image, size), cut.cut_mask(subject, size) if subject else None)
