"""The square of a picture that a model sees: choosing it, cutting it out, putting it back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from refedit.imaging.images import stretch
from refedit.imaging.masks import Mask


@dataclass(frozen=True)
class Square:
    """A square of a picture: left, top and side in its pixels; it may reach beyond the picture's edges."""

    left: float
    top: float
    side: float

    def cut(self, image: Image.Image, size: int) -> Image.Image:
        """The square at `size` pixels a side, smoothly resized; beyond the picture its edge pixels repeat."""
        return Image.fromarray(self._padded(image, size, Image.Resampling.LANCZOS, "edge"))

    def cut_mask(self, mask: Mask, size: int) -> Mask:
        """The mask's part in the square; outside the picture nothing is inside."""
        return Mask.from_image(Image.fromarray(self._padded(mask.to_image(), size, Image.Resampling.BOX, "constant")))

    def _padded(self, image: Image.Image, size: int, resampling: Image.Resampling, mode: Any) -> np.ndarray:
        # Resized first, padded last: a square that reaches far beyond a picture must not cost its area in memory.
        scale, starts, pads = size / self.side, (self.left, self.top), []
        box = [min(max(start, 0), extent - 1) for start, extent in zip(starts, image.size, strict=True)]
        box += [max(min(start + self.side, extent), 1) for start, extent in zip(starts, image.size, strict=True)]
        lengths = [max(1, min(size, round((box[i + 2] - box[i]) * scale))) for i in (0, 1)]
        for start, length in zip(starts, lengths, strict=True):
            before = min(max(round(-start * scale), 0), size - length)
            pads.append((before, size - length - before))
        pixels = np.asarray(image.resize((lengths[0], lengths[1]), resampling, box=tuple(box)))  # type: ignore[arg-type]
        return np.pad(pixels, (pads[1], pads[0], (0, 0))[: pixels.ndim], mode=mode)

    def put_back(self, image: Image.Image, edited: Image.Image, mask: Mask) -> Image.Image:
        """The picture with the edited square laid over it where the mask (of the picture's size) allows."""
        left, top, side = round(self.left), round(self.top), round(self.side)
        layer = image.copy()
        layer.paste(edited.resize((side, side), Image.Resampling.LANCZOS), (left, top))
        return Image.composite(layer, image, mask.to_image())

    def place(self, plane: Image.Image, size: tuple[int, int]) -> Mask:
        """A grey plane of the square as a mask of a whole picture of `size`."""
        whole, side = Image.new("L", size), round(self.side)
        whole.paste(plane.resize((side, side), Image.Resampling.BILINEAR), (round(self.left), round(self.top)))
        return Mask.from_image(whole)

    def __str__(self) -> str:
        return f"{self.left:g},{self.top:g},{self.side:g}"


@dataclass(frozen=True)
class Stretched:
    """The whole picture, whatever its aspect, squeezed into a square by nearest neighbour, as SpecRef's code does."""

    side: float

    def cut(self, image: Image.Image, size: int) -> Image.Image:
        return stretch(image, size)

    def cut_mask(self, mask: Mask, size: int) -> Mask:
        return Mask.from_image(stretch(mask.to_image(), size))

    def put_back(self, image: Image.Image, edited: Image.Image, mask: Mask) -> Image.Image:
        """The picture with the edit, stretched back, over it where the mask (of the picture's size) allows."""
        return Image.composite(edited.resize(image.size, Image.Resampling.LANCZOS), image, mask.to_image())

    def place(self, plane: Image.Image, size: tuple[int, int]) -> Mask:
        return Mask.from_image(plane.resize(size, Image.Resampling.BILINEAR))

    def __str__(self) -> str:
        return "stretched"


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
