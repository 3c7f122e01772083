"""Drawn scenes on disk: rendered once by all cores, read as memory maps. Knows nothing about networks.

A scene is decided by its set ("train" or "test") and number alone, so the sets can't overlap.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image
from torch import Tensor

from refedit.picturebook.dataset.chunks import Chunk, bytes_on_disk, chunks_of, forget_unless, render_missing
from refedit.picturebook.world.drawing import Drawing, draw, place_of
from refedit.picturebook.world.patterns import mark_shares
from refedit.picturebook.world.scene import Scene, from_json, sample_scene, to_json
from refedit.picturebook.world.streams import Stream, random

Pictures = Float[Tensor, "rows 3 height width"]


def from_bytes(pictures: UInt8[Tensor, "rows height width 3"]) -> Pictures:
    """Pictures in [-1, 1], channels first."""
    return pictures.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_image(pictures: Pictures, columns: int) -> Image.Image:
    """Pictures in [-1, 1] as one image, row by row."""
    count, _, height, width = pictures.shape
    grid = ((pictures.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    grid = grid.reshape(count // columns, columns, height, width, 3).swapaxes(1, 2)
    return Image.fromarray(grid.reshape(count // columns * height, columns * width, 3))


CHUNK = 128
SCENE_SETS: dict[str, Stream] = {"train": Stream.TRAIN_SCENES, "test": Stream.TEST_SCENES}
SUBJECTS: tuple[str, ...] = ("subject", "second")
MASKS: tuple[str, ...] = (*SUBJECTS, "background")
MARK_CELLS = 4
"""So many cells of marks lie along a cell of masks; a latent is `networks.supervision.FINER` cells wide."""


def scene_at(which: str, number: int) -> Scene:
    """The scene of that number in a set."""
    return sample_scene(random(SCENE_SETS[which], number))


def epoch_numbers(count: int, rows: int, number: int) -> np.ndarray:
    """The scenes of a batch. Every epoch has its own order and sees a scene once; an incomplete batch is left out."""
    per_epoch = count // rows
    order = random(Stream.SCENE_ORDER, number // per_epoch).permutation(count)
    start = number % per_epoch * rows
    return order[start : start + rows]


def grid_masks(drawing: Drawing, grid: int) -> np.ndarray:
    """The share of every cell that each of MASKS covers, as uint8 (masks, grid, grid), 255 for all of it."""
    side = drawing.picture.width
    planes = [drawing.masks.get(name, np.zeros((side, side), bool)) for name in MASKS]
    cells = np.stack(planes).reshape(len(MASKS), grid, side // grid, grid, side // grid).mean((2, 4))
    return np.round(cells * 255).astype(np.uint8)


def mark_cells(scene: Scene, masks: np.ndarray) -> np.ndarray:
    """How much of the coats in every cell is marks, uint8 (side, side), 255 for all of it; 0 where no subject is.

    `masks` are the scene's `grid_masks`; the side is MARK_CELLS times theirs.
    """
    covers = masks[: len(SUBJECTS)].repeat(MARK_CELLS, 1).repeat(MARK_CELLS, 2).astype(np.float32)
    side = covers.shape[-1]
    shares = np.zeros((side, side), np.float32)
    for cover, subject in zip(covers, scene.subjects, strict=False):
        shares += cover * mark_shares(subject.appearance, place_of(subject), side)
    return np.round(255 * shares / np.maximum(covers.sum(0), 1)).astype(np.uint8)


@dataclass(frozen=True)
class SceneStore:
    """A folder with `count` training scenes, drawn `pixels` wide, their masks at `grid`, and their coats' marks."""

    folder: Path
    count: int
    pixels: int
    grid: int

    @cached_property
    def pictures(self) -> np.ndarray:
        """uint8 (count, pixels, pixels, 3)."""
        return bytes_on_disk(self._array("pictures"), (self.count, self.pixels, self.pixels, 3))

    @cached_property
    def masks(self) -> np.ndarray:
        """uint8 (count, masks, grid, grid), see `grid_masks`."""
        return bytes_on_disk(self._array("masks"), (self.count, len(MASKS), self.grid, self.grid))

    @cached_property
    def marks(self) -> np.ndarray:
        """uint8 (count, grid * MARK_CELLS, grid * MARK_CELLS), see `mark_cells`."""
        side = self.grid * MARK_CELLS
        return bytes_on_disk(self._array("marks"), (self.count, side, side))

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
        """Draws what is still missing, in processes if that is much; yields the number of scenes that are there."""
        self.folder.mkdir(parents=True, exist_ok=True)
        forget_unless(map(self._array, ("pictures", "masks", "marks")), self.folder.glob("scenes-*.jsonl"))
        _ = self.pictures, self.masks, self.marks
        # A copy without the cached arrays, which would be sent along by value.
        yield from render_missing(self._chunks, self._done, replace(self).render_chunk, workers)

    def render_chunk(self, chunk: Chunk) -> None:
        """Draws one chunk; its file of scenes is written last and says that it is complete."""
        scenes = [scene_at("train", number) for number in chunk]
        for number, scene in zip(chunk, scenes, strict=True):
            drawing = draw(scene, self.pixels)
            self.pictures[number] = np.asarray(drawing.picture)
            self.masks[number] = grid_masks(drawing, self.grid)
            self.marks[number] = mark_cells(scene, self.masks[number])
        unfinished = self._done(chunk).with_suffix(".part")
        unfinished.write_text("".join(to_json(scene) + "\n" for scene in scenes))
        unfinished.rename(self._done(chunk))

    @property
    def _chunks(self) -> list[Chunk]:
        return chunks_of(self.count, CHUNK)

    def _array(self, name: str) -> Path:
        return self.folder / f"{name}.npy"

    def _done(self, chunk: Chunk) -> Path:
        return self.folder / f"scenes-{chunk.start:06d}-{len(chunk)}.jsonl"
