"""Numbered drawings made once, in runs, by processes; and the arrays on disk that they are written into."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

Chunk = range
"""Consecutive numbers that are drawn together; a file of theirs, written last, says that they are complete."""


def chunks_of(count: int, length: int) -> list[Chunk]:
    """The numbers from 0 to `count`, without it, in runs of `length`; the last may be shorter."""
    return [range(start, min(start + length, count)) for start in range(0, count, length)]


def render_missing(
    chunks: Sequence[Chunk], done: Callable[[Chunk], Path], render: Callable[[Chunk], None], workers: int | None = None
) -> Iterator[int]:
    """Renders what has no `done` file yet, in processes; yields how many numbers are there.

    `render` is sent to the processes: a method of an object that holds no large arrays.
    """
    missing = [chunk for chunk in chunks if not done(chunk).exists()]
    there = sum(map(len, chunks)) - sum(map(len, missing))
    yield there
    with ProcessPoolExecutor(workers or os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(render, chunk): chunk for chunk in missing}
        for future in as_completed(running):
            future.result()
            there += len(running[future])
            yield there


def bytes_on_disk(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A memory map of bytes, made if it is missing; ValueError if the file has another shape."""
    if not path.exists():
        return open_memmap(path, "w+", np.uint8, shape)
    found = open_memmap(path, "r+")
    if found.shape != shape:
        raise ValueError(f"{path} holds {found.shape}, expected {shape}. Give another folder, or delete this one.")
    return found
