"""Pictures that visitors have sent: where they lie, how large they may be here, and one large one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder, is_in_or_equal

from refedit.errors import EditError
from refedit.keeping.memory import LARGE_PIXELS, OneLargePicture, PixelBudget, is_heavy, pixels_of, scans_of

MEGAPIXELS = 17
"""Pictures above this many million pixels are not taken from visitors: telephones' have 12 to 16 at full size, the page
makes larger ones smaller before it sends them, and an edit holds several copies."""
SCANS = 100
"""Layers of a JPEG at most: cameras and programs write 1 to some dozens, and each takes as long as a picture."""
HELD = PixelBudget(2 * MEGAPIXELS * 1_000_000)
"""What edits that wait and run hold together."""
LARGE = OneLargePicture()
"""The turn that all who unpack visitors' pictures share."""


def uploaded(file: Any, name: str) -> Path:
    """Where an uploaded file lies; EditError for any other file of the server, and for one that was deleted."""
    path = file.get("path") if isinstance(file, dict) else file
    if not isinstance(path, str) or not is_in_or_equal(path, get_upload_folder()) or not Path(path).is_file():
        raise EditError(f"The {name} picture is no longer on the server. Add it again.")
    return Path(path)


@contextmanager
def unpacking(*pictures: Path | bytes | None) -> Iterator[None]:
    """The pictures are read inside: after a turn of waiting if one is large; EditError if one is too large here."""
    given = [picture for picture in pictures if picture is not None]
    pixels = [check_pixels(picture) for picture in given]
    heavy = any(map(is_heavy, given))
    with LARGE.of(heavy or max(pixels, default=0) >= LARGE_PIXELS):
        yield


@contextmanager
def held(*pictures: Path) -> Iterator[None]:
    """The pictures stay in memory inside, for an edit that waits and runs; EditError if others hold too much."""
    with HELD.of(sum(check_pixels(picture) for picture in pictures)):
        yield


def is_large(picture: Path | bytes) -> bool:
    """True for a picture that has to wait for a turn."""
    return is_heavy(picture) or pixels_of(picture) >= LARGE_PIXELS


def check_pixels(picture: Path | bytes) -> int:
    """How many pixels a picture file has, 0 if it is none; EditError if they are too many for this page."""
    with LARGE.of(is_heavy(picture)):  # all that a PNG carries beside its pixels is unpacked to tell
        pixels, scans = pixels_of(picture), scans_of(picture)
    name = "The upload" if isinstance(picture, bytes) else f"'{picture.name}'"
    if pixels > MEGAPIXELS * 1_000_000:
        raise EditError(
            f"{name} has {pixels / 1e6:.0f} megapixels; the limit is {MEGAPIXELS} on this page. Make it smaller first."
        )
    if scans > SCANS:
        raise EditError(f"{name} is a JPEG in {scans} layers; the limit is {SCANS}. Save it anew and try again.")
    return pixels
