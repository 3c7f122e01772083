"""The results of one visit: kept as PNG files with everything inside, shown as a strip, brought back by a click."""

import io
from dataclasses import dataclass

from PIL import Image

from refedit.editing.result import Inputs, Result
from refedit.editing.result_png import read_result
from refedit.imaging.images import png
from refedit.methods import nearest_preset, settings_of
from refedit.ui.state.form import Filling
from refedit.ui.state.status import method_in_words
from refedit.ui.view.mask_editor import Painting

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
        return cls(file=file, thumbnail=png(small), caption=f"{method_in_words(result.method)}: {result.prompt}")

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


def filling_of(result: Result) -> Filling:
    """What brings a result's inputs back to the page; without pictures if it carries none."""
    inputs = result.inputs
    return Filling(
        method=result.method.name,
        preset=nearest_preset(result.method)[0],
        parameters=settings_of(result.method),
        source=None if inputs is None else Painting(picture=inputs.source, mask=inputs.region),
        reference=_reference(inputs),
        source_prompt=result.source_prompt,
        prompt=result.prompt,
    )


def _reference(inputs: Inputs | None) -> Painting | None:
    if inputs is None or inputs.reference is None:
        return None
    return Painting(picture=inputs.reference, mask=inputs.subject)
