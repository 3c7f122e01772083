"""The results of one visit: kept as PNG files with everything inside, shown as a strip, brought back by a click."""

import io
from dataclasses import dataclass

from PIL import Image

from refedit.editing.request import Reference
from refedit.editing.result import Result
from refedit.editing.result_png import read_result
from refedit.imaging.images import png
from refedit.methods import nearest_preset, values_of
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


def filling_of(result: Result) -> Filling:
    """What brings a result's inputs back to the page; without pictures if it carries none."""
    recipe, request = result.recipe, result.request
    return Filling(
        method=recipe.method.name,
        preset=nearest_preset(recipe.method)[0],
        parameters=values_of(recipe.method),
        source=None if request is None else Painting(picture=request.source, mask=request.region),
        reference=None if request is None else _reference(request.reference),
        source_prompt=recipe.source_prompt,
        prompt=recipe.prompt,
    )


def _reference(reference: Reference | None) -> Painting | None:
    return None if reference is None else Painting(picture=reference.image, mask=reference.subject)
