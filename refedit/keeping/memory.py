"""Large pictures one at a time, and the memory that they took given back to the system."""

import ctypes
import gc
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

LARGE = 3_000_000
"""Pixels from which a picture waits for other large ones: all that a page's small pictures never do."""


class OneLargePicture:
    """A turn that everybody takes who unpacks a large picture; a thread may take it again inside."""

    def __init__(self) -> None:
        self._turn = threading.RLock()

    @contextmanager
    def of(self, pixels: int) -> Iterator[None]:
        """Waits for its turn if a picture has so many pixels that it needs one, and gives memory back at the end."""
        if pixels < LARGE:
            yield
            return
        with self._turn:
            try:
                yield
            finally:
                give_back()


def give_back() -> None:
    """Returns freed memory to the system, which the C library of Linux keeps otherwise; nothing elsewhere."""
    gc.collect(0)
    if (trim := _trim()) is not None:
        trim(0)


@cache
def _trim() -> Any | None:
    if not sys.platform.startswith("linux"):
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
