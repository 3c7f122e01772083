"""Large pictures one at a time, and the memory that they took given back to the system."""

import ctypes
import gc
import io
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from refedit.errors import EditError
from refedit.imaging.images import FORMATS

LARGE_PIXELS = 3_000_000
"""Pixels from which a picture waits for other large ones: small pictures never do."""
LARGE_FILE = 4 << 20
"""The same of a file's bytes: what it carries beside its pixels is read with them."""
PACKED_TEXT = 4 << 10
"""The same of the compressed text in it."""


BUSY = "Other large pictures are being edited just now. Try again in a moment, or use a smaller one."
WAITING = 12
"""So many may wait for their turn; they hold threads that everybody else needs, too."""


class OneLargePicture:
    """A turn that everybody takes who unpacks a large picture; a thread may take it again inside."""

    def __init__(self) -> None:
        self._turn, self._taken_by = threading.Lock(), 0
        self._waiting = threading.BoundedSemaphore(WAITING + 1)

    @contextmanager
    def of(self, large: bool) -> Iterator[None]:
        """Waits for its turn if a picture is large, and gives memory back at the end; does nothing if it is small.

        Raises EditError if too many wait already.
        """
        if not large or self._taken_by == threading.get_ident():
            yield
            return
        if not self._waiting.acquire(blocking=False):
            raise EditError(BUSY)
        try:
            with self._turn:
                self._taken_by = threading.get_ident()
                try:
                    yield
                finally:
                    self._taken_by = 0
        finally:
            self._waiting.release()
            give_back()


class PixelBudget:
    """The pixels that all pictures of edits that wait and run may have together, since they lie in memory meanwhile."""

    def __init__(self, most: int) -> None:
        self.most, self._held = most, 0
        self._counting = threading.Lock()

    @contextmanager
    def of(self, pixels: int) -> Iterator[None]:
        """So many pixels are held inside; EditError if others hold so many that it would be too much.

        Small pictures are not counted, and whoever is alone may hold what one edit can have.
        """
        counted = pixels if pixels >= LARGE_PIXELS else 0
        with self._counting:
            if counted and self._held and self._held + counted > self.most:
                raise EditError(BUSY)
            self._held += counted
        try:
            yield
        finally:
            with self._counting:
                self._held -= counted


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


def pixels_of(picture: Path | bytes) -> int:
    """How many pixels a picture file has, told by its beginning without unpacking it; 0 if it is no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(picture) if isinstance(picture, bytes) else picture, formats=FORMATS) as image:
                return image.width * image.height
    except Image.DecompressionBombError:
        return 2 * (Image.MAX_IMAGE_PIXELS or LARGE_PIXELS)  # so many at least
    except (OSError, SyntaxError, ValueError):
        return 0


def bytes_of(picture: Path | bytes) -> int:
    """How long a file is."""
    return len(picture) if isinstance(picture, bytes) else picture.stat().st_size


def is_heavy(picture: Path | bytes) -> bool:
    """True if reading a file takes much memory even where its pixels are few."""
    return bytes_of(picture) > LARGE_FILE or packed_text_of(picture) > PACKED_TEXT


def packed_text_of(picture: Path | bytes) -> int:
    """Bytes of the compressed text in a PNG, each of which may become a thousand; 0 for other files."""
    packed = 0
    with _opened(picture) as file:
        if file.read(8) != b"\x89PNG\r\n\x1a\n":
            return 0
        while len(head := file.read(8)) == 8:
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            beginning = file.read(min(length, 81)) if kind == b"iTXt" else b""
            if kind == b"zTXt" or beginning.partition(b"\0")[2][:1] == b"\1":
                packed += length
            file.seek(length + 4 - len(beginning), io.SEEK_CUR)
    return packed


def scans_of(picture: Path | bytes) -> int:
    """How often a JPEG goes over its pixels, each of which takes as long as a picture of one; 0 for other files."""
    with _opened(picture) as file:
        return file.read().count(b"\xff\xda") if file.read(2) == b"\xff\xd8" else 0


def _opened(picture: Path | bytes) -> io.BufferedIOBase:
    return io.BytesIO(picture) if isinstance(picture, bytes) else open(picture, "rb")
