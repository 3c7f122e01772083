"""The results of one visit: kept as PNG files with their inputs inside, shown as a strip, restored by a click."""

import io
from dataclasses import dataclass

from PIL import Image

from refedit.editing.result import Result
from refedit.editing.result_png import read_result
from refedit.imaging.images import png
from refedit.ui.state.status import method_in_words

ENTRIES = 12
BYTES = 64 << 20
"""What a visit's history may take in the server's memory; the oldest entries go first."""
THUMBNAIL = 160


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One result: its PNG, and what the strip shows of it."""

    file: bytes
    thumbnail: bytes
    caption: str

    @classmethod
    def of(cls, result: Result, file: bytes) -> "Entry":
        small = result.image.copy()
        small.thumbnail((THUMBNAIL, THUMBNAIL))
        return cls(
            file=file, thumbnail=png(small), caption=f"{method_in_words(result.recipe.method)}: {result.recipe.prompt}"
        )

    def result(self) -> Result:
        return read_result(self.file)


History = tuple[Entry, ...]
"""The newest first."""


def remembered(history: History, entry: Entry) -> History:
    """The history with one more entry in front, within its limits; the newest always stays."""
    kept, size = [entry], len(entry.file)
    for older in history[: ENTRIES - 1]:
        size += len(older.file)
        if size > BYTES:
            break
        kept.append(older)
    return tuple(kept)


def strip(history: History) -> list[tuple[Image.Image, str]]:
    """The history as a gallery takes it."""
    return [(Image.open(io.BytesIO(entry.thumbnail)), entry.caption) for entry in history]
