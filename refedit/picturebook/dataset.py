"""Drawn scenes on disk: rendered once by all cores, read as memory maps. Knows nothing about networks.

A scene is decided by its set ("train" or "test") and number alone, so the sets can't overlap.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from refedit.picturebook.chunks import Chunk, bytes_on_disk, chunks_of, render_missing
from refedit.picturebook.drawing import Drawing, draw
from refedit.picturebook.scene import Scene, from_json, sample_scene, to_json

CHUNK = 128
SCENE_SETS: dict[str, int] = {"train": 1, "test": 2}
MASKS: tuple[str, ...] = ("subject", "second", "background")


def scene_at(which: str, number: int) -> Scene:
    """The scene of that number in a set."""
    return sample_scene(np.random.default_rng((SCENE_SETS[which], number)))


def epoch_numbers(count: int, rows: int, number: int) -> np.ndarray:
    """The scenes of a batch: every epoch sees each scene once (but for an incomplete batch), in an order of its own."""
    per_epoch = count // rows
    order = np.random.default_rng((13, number // per_epoch)).permutation(count)
    start = number % per_epoch * rows
    return order[start : start + rows]


def grid_masks(drawing: Drawing, grid: int) -> np.ndarray:
    """The share of every cell that each of MASKS covers, as uint8 (masks, grid, grid), 255 for all of it."""
    side = drawing.picture.width
    planes = [drawing.masks.get(name, np.zeros((side, side), bool)) for name in MASKS]
    cells = np.stack(planes).reshape(len(MASKS), grid, side // grid, grid, side // grid).mean((2, 4))
    return np.round(cells * 255).astype(np.uint8)


@dataclass(frozen=True)
class SceneStore:
    """A folder with `count` training scenes, drawn `pixels` wide, and their masks at `grid`."""

    folder: Path
    count: int
    pixels: int
    grid: int

    @cached_property
    def pictures(self) -> np.ndarray:
        """uint8 (count, pixels, pixels, 3)."""
        return bytes_on_disk(self.folder / "pictures.npy", (self.count, self.pixels, self.pixels, 3))

    @cached_property
    def masks(self) -> np.ndarray:
        """uint8 (count, masks, grid, grid), see `grid_masks`."""
        return bytes_on_disk(self.folder / "masks.npy", (self.count, len(MASKS), self.grid, self.grid))

    @cached_property
    def scenes(self) -> list[Scene]:
        """The scenes as they were drawn."""
        return [from_json(line) for chunk in self._chunks for line in self._done(chunk).read_text().splitlines()]

    @cached_property
    def digest(self) -> str:
        """Which scenes these are: the SHA-256 sum of all of them as JSON."""
        total = hashlib.sha256()
        for chunk in self._chunks:
            total.update(self._done(chunk).read_bytes())
        return total.hexdigest()

    def render(self, workers: int | None = None) -> Iterator[int]:
        """Draws what is still missing, in processes; yields the number of scenes that are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _ = self.pictures, self.masks
        # A copy without the cached arrays, which would be sent along by value.
        yield from render_missing(self._chunks, self._done, replace(self).render_chunk, workers)

    def render_chunk(self, chunk: Chunk) -> None:
        """Draws one chunk; its file of scenes is written last and says that it is complete."""
        scenes = [scene_at("train", number) for number in chunk]
        for number, scene in zip(chunk, scenes, strict=True):
            drawing = draw(scene, self.pixels)
            self.pictures[number] = np.asarray(drawing.picture)
            self.masks[number] = grid_masks(drawing, self.grid)
        unfinished = self._done(chunk).with_suffix(".part")
        unfinished.write_text("".join(to_json(scene) + "\n" for scene in scenes))
        unfinished.rename(self._done(chunk))

    @property
    def _chunks(self) -> list[Chunk]:
        return chunks_of(self.count, CHUNK)

    def _done(self, chunk: Chunk) -> Path:
        return self.folder / f"scenes-{chunk.start:06d}-{len(chunk)}.jsonl"
