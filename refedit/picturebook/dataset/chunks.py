"""Chunks of numbered drawings, which processes make once, and the arrays on disk that they go into."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from refedit.errors import EditError

Chunk = range
"""Consecutive numbers that are drawn together. A file that is written last, called `done`, says they are complete."""


def chunks_of(count: int, length: int) -> list[Chunk]:
    """The numbers from 0 to `count`, without it, in runs of `length`; the last may be shorter."""
    return [range(start, min(start + length, count)) for start in range(0, count, length)]


def render_missing(
    chunks: Sequence[Chunk], done: Callable[[Chunk], Path], render: Callable[[Chunk], None], workers: int | None = None
) -> Iterator[int]:
    """Renders the chunks without a `done` file, in processes if there are several; yields how many numbers are there.

    `render` is sent to the processes, so its object must hold no large arrays.
    """
    missing = [chunk for chunk in chunks if not done(chunk).exists()]
    there = sum(map(len, chunks)) - sum(map(len, missing))
    yield there
    if len(missing) == 1:  # a process would take longer to start
        render(missing[0])
        yield sum(map(len, chunks))
        return
    with ProcessPoolExecutor(workers or os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(render, chunk): chunk for chunk in missing}
        for future in as_completed(running):
            future.result()
            there += len(running[future])
            yield there


def forget_unless(arrays: Iterable[Path], done: Iterable[Path]) -> None:
    """Removes the `done` files if one of the arrays is gone: what they call complete has to be drawn again."""
    if not all(path.exists() for path in arrays):
        for path in done:
            path.unlink()


def bytes_on_disk(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A memory map of bytes, made if it is missing; EditError if the file has another shape."""
    if not path.exists():
        return open_memmap(path, "w+", np.uint8, shape)
    array = open_memmap(path, "r+")
    if array.shape != shape:
        raise EditError(
            f"'{path}' holds {array.shape}, expected {shape}: scenes of another number or size. Name another folder by "
            "--scenes-folder, or delete that file, and all are drawn anew."
        )
    return array
