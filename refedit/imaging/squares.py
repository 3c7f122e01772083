"""The square of a picture that a model sees: choosing it, cutting it out, putting it back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from PIL import Image

from refedit.imaging.images import stretch
from refedit.imaging.masks import Mask

SEAM = 1 / 8
"""Where a square ends inside a picture, the edit fades out over this part of the square's side (our choice)."""


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
        across, down = self._shared(image.size, size)
        box = across.start, down.start, across.end, down.end
        pixels = np.asarray(image.resize((across.length, down.length), resampling, box=box))
        pads = [(axis.before, size - axis.length - axis.before) for axis in (down, across)]
        return np.pad(pixels, (*pads, (0, 0))[: pixels.ndim], mode=mode)

    def _shared(self, extents: tuple[int, int], size: int) -> tuple["_Shared", "_Shared"]:
        """What the square of `size` pixels and a picture have in common, across and down."""
        return _Shared.of(self.left, self.side, extents[0], size), _Shared.of(self.top, self.side, extents[1], size)

    def put_back(self, image: Image.Image, edited: Image.Image, mask: Mask) -> Image.Image:
        """The picture with the edited square laid over it where the mask (of the picture's size) allows."""
        whole = image.copy()
        self._lay(whole, edited, Image.Resampling.LANCZOS, mask.to_image())
        return whole

    def _lay(
        self, whole: Image.Image, square: Image.Image, shrinking: Image.Resampling, inside: Image.Image | None = None
    ) -> None:
        """Pastes the square's part in a picture exactly where it was cut from, whatever the padding was rounded to."""
        across, down = self._shared(whole.size, square.width)
        part = across.before, down.before, across.before + across.length, down.before + down.length
        size = round(across.end) - round(across.start), round(down.end) - round(down.start)
        # To enlarge, no filter that rings: at the pictures' own size its lattice is seen.
        how = shrinking if size[0] <= across.length else Image.Resampling.BICUBIC
        corner = round(across.start), round(down.start)
        allowed = inside.crop((*corner, corner[0] + size[0], corner[1] + size[1])) if inside else None
        whole.paste(square.resize(size, how, box=part), corner, allowed)

    def place(self, plane: Image.Image, size: tuple[int, int]) -> Mask:
        """A grey plane of the square as a mask of a whole picture of `size`."""
        whole = Image.new("L", size)
        self._lay(whole, plane, Image.Resampling.BILINEAR)
        return Mask.from_image(whole)

    def whole(self, size: tuple[int, int]) -> Mask:
        """All of the square as a mask of a picture of `size`, falling off to 0 where it ends inside the picture."""
        across, down = (
            _fading(start, self.side, extent) for start, extent in zip((self.left, self.top), size, strict=True)
        )
        return Mask(np.minimum(down[:, None], across[None]))

    def __str__(self) -> str:
        return f"{self.left:g},{self.top:g},{self.side:g}"


@dataclass(frozen=True)
class _Shared:
    """Along one axis, the part from `start` to `end` of a picture, which is `length` pixels of a square from `before`.

    Both are whole numbers, so that the part is very slightly stretched; it comes back where it was all the same.
    """

    start: float
    end: float
    before: int
    length: int

    @classmethod
    def of(cls, start: float, side: float, extent: int, size: int) -> "_Shared":
        first, last = min(max(start, 0), extent - 1), max(min(start + side, extent), 1)
        length = max(1, min(size, round((last - first) * size / side)))
        return cls(first, last, min(max(round(-start * size / side), 0), size - length), length)


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

    def whole(self, size: tuple[int, int]) -> Mask:
        return Mask(np.ones(size[::-1], np.float32))

    def __str__(self) -> str:
        return "stretched"


def _fading(start: float, side: float, extent: int) -> Float[np.ndarray, " pixels"]:
    """Along one axis of a picture, 1 in a square and 0 outside; in between beside its ends that are in the picture."""
    pixels, reach = np.arange(extent) + 0.5, max(1.0, SEAM * side)
    rising = (pixels - start) / reach if start > 0 else np.ones(extent)
    falling = (start + side - pixels) / reach if start + side < extent else np.ones(extent)
    share = np.clip(np.minimum(rising, falling), 0, 1)
    return (share * share * (3 - 2 * share)).astype(np.float32)


def square_around(size: tuple[int, int], box: tuple[int, int, int, int] | None, least: int) -> Square:
    """The square of a picture that a model sees.

    Without a box the largest centred one. With one (left, top, right, bottom) twice the box's longer side, at
    least `least` and at most the picture's shorter side, but never smaller than the box; moved inside the
    picture where it fits (our choice). A `least` below the model's own size has small things enlarged for it.
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
