"""Who owns every pixel of the drawn scenes: full-size masks on disk, one byte a pixel. Knows nothing about networks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from refedit.picturebook.dataset.chunks import Chunk, bytes_on_disk, chunks_of, forget_unless, render_missing
from refedit.picturebook.dataset.scenes import scene_at
from refedit.picturebook.world.drawing import PARTS, draw

CHUNK = 256
SECOND = 100
"""A part of the main subject has number 1 to 4, in the order of PARTS, one of the second subject as much and 100."""
Owners = UInt8[np.ndarray, "height width"]
Plane = Bool[np.ndarray, "height width"]


def owners_of(masks: Mapping[str, Plane]) -> Owners:
    """A drawing's masks as one plane of numbers, 0 for the background."""
    plane = np.zeros(masks["background"].shape, np.uint8)
    for name, first in (("subject", 1), ("second", 1 + SECOND)):
        for number, part in enumerate(PARTS, first):
            plane[masks.get(f"{name}/{part}", False)] = number
    return plane


def things_in(owners: Owners) -> list[Plane]:
    """The masks of the main subject and of whatever others there are, numbered in their hundreds."""
    planes = [(owners > first) & (owners < first + SECOND) for first in (0, SECOND, 2 * SECOND)]
    return [plane for plane in planes if plane.any()]


@dataclass(frozen=True)
class OwnerStore:
    """The owners of the first `count` training scenes, `pixels` wide, in a folder that may hold their pictures too."""

    folder: Path
    count: int
    pixels: int

    @cached_property
    def owners(self) -> np.ndarray:
        """uint8 (count, pixels, pixels)."""
        return bytes_on_disk(self._array, (self.count, self.pixels, self.pixels))

    def render(self, workers: int | None = None) -> Iterator[int]:
        """Draws what is still missing, in processes; yields the number of scenes that are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        forget_unless([self._array], self.folder.glob("owners-*.done"))
        _ = self.owners
        # A copy without the cached array, which would be sent along by value.
        yield from render_missing(chunks_of(self.count, CHUNK), self._done, replace(self).render_chunk, workers)

    def render_chunk(self, chunk: Chunk) -> None:
        """Draws one chunk; an empty file, written last, says that it is complete."""
        for number in chunk:
            self.owners[number] = owners_of(draw(scene_at("train", number), self.pixels).masks)
        self._done(chunk).touch()

    @property
    def _array(self) -> Path:
        return self.folder / "owners.npy"

    def _done(self, chunk: Chunk) -> Path:
        return self.folder / f"owners-{chunk.start:06d}-{len(chunk)}.done"
