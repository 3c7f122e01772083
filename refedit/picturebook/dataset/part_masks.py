"""The part masks of drawn scenes, full-size: all of a scene in one plane, where each pixel has its part's number.

Knows nothing about networks.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from refedit.picturebook.dataset.chunks import Chunk, bytes_on_disk, chunks_of, forget_unless, render_missing
from refedit.picturebook.dataset.scenes import scene_at
from refedit.picturebook.world.drawing import PARTS, SECOND, draw

CHUNK = 256
PartMasks = UInt8[np.ndarray, "height width"]
"""0 for the background, 1 to 4 for the main subject's PARTS in their order, SECOND more for the second subject's."""
Inside = Bool[np.ndarray, "height width"]


def part_masks_of(masks: Mapping[str, Inside]) -> PartMasks:
    """A drawing's masks as one plane."""
    plane = np.zeros(masks["background"].shape, np.uint8)
    for name, first in (("subject", 1), ("second", 1 + SECOND)):
        for number, part in enumerate(PARTS, first):
            plane[masks.get(f"{name}/{part}", False)] = number
    return plane


def subjects_in(parts: PartMasks) -> list[Inside]:
    """The masks of the main subject and of the others, as far as there are any: each has a hundred of its own."""
    masks = [(parts > first) & (parts < first + SECOND) for first in (0, SECOND, 2 * SECOND)]
    return [mask for mask in masks if mask.any()]


@dataclass(frozen=True)
class PartMaskStore:
    """The part masks of the first `count` training scenes, `pixels` wide; their pictures may lie in the same folder."""

    folder: Path
    count: int
    pixels: int

    @cached_property
    def part_masks(self) -> np.ndarray:
        """uint8 (count, pixels, pixels)."""
        return bytes_on_disk(self._array, (self.count, self.pixels, self.pixels))

    def render(self, workers: int | None = None) -> Iterator[int]:
        """Draws what is still missing, in processes if that is much; yields the number of scenes that are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        forget_unless([self._array], self.folder.glob("owners-*.done"))
        _ = self.part_masks
        # A copy without the cached array, which would be sent along by value.
        yield from render_missing(chunks_of(self.count, CHUNK), self._done, replace(self).render_chunk, workers)

    def render_chunk(self, chunk: Chunk) -> None:
        """Draws one chunk; an empty file, written last, says that it is complete."""
        for number in chunk:
            self.part_masks[number] = part_masks_of(draw(scene_at("train", number), self.pixels).masks)
        self._done(chunk).touch()

    # The files are called as folders of scenes from earlier versions have them: nothing there is drawn again.
    @property
    def _array(self) -> Path:
        return self.folder / "owners.npy"

    def _done(self, chunk: Chunk) -> Path:
        return self.folder / f"owners-{chunk.start:06d}-{len(chunk)}.done"
