"""The square of a picture that a model sees: choosing it, cutting it out, putting it back."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from refedit.masks import Mask


@dataclass(frozen=True)
class Square:
    """A square of a picture: left, top and side in its pixels; it may reach beyond the picture's edges."""

    left: float
    top: float
    side: float

    def cut(self, image: Image.Image, size: int) -> Image.Image:
        """The square at `size` pixels a side, smoothly resized; beyond the picture its edge pixels repeat."""
        box = (self.left, self.top, self.left + self.side, self.top + self.side)
        pad = max(0, *(int(np.ceil(x)) for x in (-box[0], -box[1], box[2] - image.width, box[3] - image.height)))
        if pad:
            widths = ((pad, pad), (pad, pad), (0, 0))[: np.asarray(image).ndim]
            image = Image.fromarray(np.pad(np.asarray(image), widths, mode="edge"))
        return image.resize((size, size), Image.Resampling.LANCZOS, box=tuple(x + pad for x in box))  # type: ignore[arg-type]

    def cut_mask(self, mask: Mask, size: int) -> Mask:
        """The mask's part in the square; outside the picture nothing is inside."""
        left, top, side = round(self.left), round(self.top), round(self.side)
        part = mask.to_image().crop((left, top, left + side, top + side))
        return Mask.from_image(part.resize((size, size), Image.Resampling.BOX))

    def put_back(self, image: Image.Image, edited: Image.Image, mask: Mask) -> Image.Image:
        """The picture with the edited square laid over it where the mask (of the picture's size) allows."""
        left, top, side = round(self.left), round(self.top), round(self.side)
        layer = image.copy()
        layer.paste(edited.resize((side, side), Image.Resampling.LANCZOS), (left, top))
        return Image.composite(layer, image, mask.to_image())


def square_around(size: tuple[int, int], box: tuple[int, int, int, int] | None, least: int) -> Square:
    """The square of a picture that a model sees.

    Without a box the largest centred one. With one (left, top, right, bottom) twice the box's longer side, at
    least `least` and at most the picture's shorter side, but never smaller than the box; moved inside the
    picture where it fits (our choice).
    """
    short = min(size)
    if box is None:
        return Square((size[0] - short) // 2, (size[1] - short) // 2, short)
    longest = max(box[2] - box[0], box[3] - box[1])
    side = max(min(max(2 * longest, least), short), longest)
    corners = ((box[0] + box[2] - side) / 2, (box[1] + box[3] - side) / 2)
    left, top = (
        min(max(round(corner), 0), extent - side) if side <= extent else (extent - side) // 2
        for corner, extent in zip(corners, size, strict=True)
    )
    return Square(left, top, side)


def aligned_square(subject: tuple[int, int, int, int], region: tuple[int, int, int, int], source: Square) -> Square:
    """The reference's square in which the subject's box lies where the region's box lies in the source's square.

    The subject's aspect is kept: its longer relative side fits (design: the known failure of the paper).
    """
    scale = max((subject[i + 2] - subject[i]) / (region[i + 2] - region[i]) for i in (0, 1))
    centres = [(box[i] + box[i + 2]) / 2 for i in (0, 1) for box in (subject, region)]
    left = centres[0] - (centres[1] - source.left) * scale
    top = centres[2] - (centres[3] - source.top) * scale
    return Square(left, top, source.side * scale)
