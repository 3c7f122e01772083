"""Masks: where to edit (region) and what to take (subject).

Knows nothing about networks; a mask is a picture-sized plane of floats, 1 inside and 0 outside.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageChops, ImageFilter
from torch import Tensor
from torch.nn import functional

from refedit.errors import EditError


def has_transparency(image: Image.Image) -> bool:
    """True if a picture's format says anything about opacity; all of it may be opaque still."""
    return "A" in image.getbands() or "transparency" in image.info


@dataclass(frozen=True, eq=False)
class Mask:
    """A mask of a picture: a float32 array of shape (height, width) in [0, 1], 1 inside."""

    values: np.ndarray

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise ValueError(f"a mask has 2 axes (height, width), got {self.values.ndim}")

    @classmethod
    def from_image(cls, image: Image.Image) -> "Mask":
        """The mask that a picture shows, level by level: white or opaque is inside; alpha decides if it is used."""
        if has_transparency(image):
            alpha = image.convert("RGBA").getchannel("A")
            if alpha.getextrema()[0] < 255:  # type: ignore[operator]
                return cls(np.asarray(alpha, np.float32) / 255)
        return cls(np.asarray(image.convert("L"), np.float32) / 255)

    @classmethod
    def union(cls, masks: Iterable["Mask"]) -> "Mask":
        """Inside wherever any of the masks, all of one size, is inside."""
        return cls(np.maximum.reduce([mask.values for mask in masks]))

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels, as PIL orders them."""
        return self.values.shape[1], self.values.shape[0]

    @property
    def is_empty(self) -> bool:
        """True if no pixel is at least half inside."""
        return not bool((self.values >= 0.5).any())

    @property
    def box(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom) around the inside, right and bottom exclusive; EditError if empty."""
        if self.is_empty:
            raise EditError("The mask is empty. Paint something, or clear it.")
        ys, xs = np.nonzero(self.values >= 0.5)
        return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1

    def to_image(self) -> Image.Image:
        """An 8-bit grey picture, white inside."""
        levels = self.values * 255
        return Image.fromarray(np.round(levels, out=levels).astype(np.uint8), "L")  # large masks take much memory

    def to_tensor(self) -> Float[Tensor, "height width"]:
        return torch.from_numpy(np.ascontiguousarray(self.values, dtype=np.float32))

    def fitted(self, size: tuple[int, int]) -> "Mask":
        """The mask at a picture's size (width, height), if it was made for the same picture at another size.

        Raises EditError if it has another aspect.
        """
        if self.size == size:
            return self
        apart = abs(self.size[0] * size[1] - self.size[1] * size[0])
        if 2 * apart > max(sum(self.size), sum(size)):  # what rounding can do when a picture is made smaller
            raise EditError(
                f"The mask is {self.size[0]}x{self.size[1]} pixels, its picture {size[0]}x{size[1]}. Use a mask of the "
                "picture's size, or at least of its shape."
            )
        return Mask(np.asarray(self.to_image().resize(size, Image.Resampling.BOX), np.float32) / 255)

    def intersect(self, other: "Mask") -> "Mask":
        """Inside where both masks, of one size, are."""
        return Mask(np.minimum(self.values, other.values))

    def subtract(self, other: "Mask") -> "Mask":
        """Inside where this mask is and the other is not."""
        return Mask(self.values * (1 - other.values))

    def invert(self) -> "Mask":
        return Mask(1 - self.values)

    def grow(self, pixels: int) -> "Mask":
        """Grown by `pixels` in every direction, shrunk if negative (square neighbourhood)."""
        if pixels == 0:
            return self
        choose = np.maximum if pixels > 0 else np.minimum
        levels = np.asarray(self.to_image())
        for axis in (0, 1):
            levels = _widest(levels, abs(pixels), axis, choose)
        return Mask(levels.astype(np.float32) / 255)

    def with_room(self, share: float) -> "Mask":
        """Grown by a part of the longer side, by a pixel at least unless it is 0: what an edit of a thing needs."""
        return self.grow(max(1, round(share * max(self.size)))) if share > 0 else self

    def feather(self, pixels: float) -> "Mask":
        """With an edge that falls off to a half inside the mask; what was outside stays exactly 0.

        A mask that is thin all over gets a narrower edge; thin parts of a thick one become partly transparent.
        """
        while pixels > 0.5 and self.grow(-round(2 * pixels)).is_empty:
            pixels /= 2
        if pixels <= 0:
            return self
        inside = self.to_image()
        return Mask.from_image(ImageChops.darker(inside.filter(ImageFilter.GaussianBlur(pixels)), inside))


def _widest(levels: np.ndarray, reach: int, axis: int, choose: np.ufunc) -> np.ndarray:
    """Along an axis, the largest (or smallest, as `choose` says) level within `reach` of every place.

    By windows that double: Pillow's rank filters take minutes on a photograph.
    """
    windows = np.moveaxis(levels, axis, 0)
    length, whole, window = len(windows), 2 * reach + 1, 1
    windows = np.pad(windows, ((reach, reach), (0, 0)), mode="edge")
    while 2 * window <= whole:
        windows = choose(windows[:-window], windows[window:])
        window *= 2
    rest = whole - window
    return np.moveaxis(choose(windows[:length], windows[rest : rest + length]), 0, axis)


Resize = Literal["nearest", "bilinear", "bicubic", "area"]
"""How a mask is resized to an attention grid, by torch's names."""


def at_grid(
    mask: Float[Tensor, "height width"], grid: int, mode: Resize = "nearest", threshold: float = 0.5
) -> Float[Tensor, "grid grid"]:
    """A mask at an attention size, binary: 1 where the resized mask reaches `threshold`.

    `mode` is "nearest", "bilinear", "bicubic" (no antialiasing: SpecRef's code) or "area" (the mean of every
    cell: our choice where the reference implementation need not be matched).
    """
    resized = functional.interpolate(mask[None, None].float(), (grid, grid), mode=mode)[0, 0]
    return (resized >= threshold).float()
