"""The examples: pictures, masks, prompts and parameters that one click fills in.

`examples.json` in the examples folder is a list of objects; its pictures lie beside it. An object has a title, method,
preset, prompt, and the file of a source; it may have the files of a region, a reference and a subject (masks are white
inside), a source prompt, as settings the parameters that differ from the preset, and the file of a result that was made
earlier with just these.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from refedit.errors import EditError
from refedit.imaging.images import read_mask, read_picture
from refedit.methods import METHODS, values_of
from refedit.ui.state.form import PROMPTS, Form
from refedit.ui.state.picture_with_mask import PictureWithMask

TILE = 128
"""The height of a tile in pixels: twice what is shown, for sharp screens; it is twice as wide."""
FILES = ("source", "region", "reference", "subject", "result")
WORDS = ("title", "method", "preset", "settings", *PROMPTS)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A form with a title; its pictures stay in their files, by the names of `FILES`, until they are wanted."""

    title: str
    words: Form
    files: Mapping[str, Path]

    def form(self) -> Form:
        """What a click on the example fills in."""
        return replace(self.words, source=self._read("source", "region"), reference=self._read("reference", "subject"))

    @property
    def name(self) -> str:
        """What links call it."""
        return self.title.lower().replace(" ", "-")

    @property
    def result(self) -> Image.Image | None:
        """The result that was made earlier; None if there is none."""
        return read_picture(self.files["result"]) if "result" in self.files else None

    def pair(self) -> tuple[Image.Image, Image.Image]:
        """The source, and what becomes of it or, without a stored result, the source again."""
        source = read_picture(self.files["source"])
        return source, self.result or source

    def tile(self) -> Image.Image:
        """A small picture for the button: before and after side by side, with the reference between them."""
        tile = Image.new("RGB", (2 * TILE, TILE))
        for number, picture in enumerate(self.pair()):
            tile.paste(ImageOps.fit(picture, (TILE, TILE)), (number * TILE, 0))
        if "reference" in self.files:
            inset = ImageOps.fit(read_picture(self.files["reference"]), (TILE // 2,) * 2)
            framed = ImageOps.expand(inset, border=TILE // 48, fill="white")
            tile.paste(framed, (TILE - framed.width // 2, TILE - framed.height))
        return tile

    def _read(self, picture: str, mask: str) -> PictureWithMask | None:
        if picture not in self.files:
            return None
        painted = read_mask(self.files[mask]) if mask in self.files else None
        return PictureWithMask(picture=read_picture(self.files[picture]), mask=painted)


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The examples of a folder in their order; none if it has no table.

    EditError, with the file's name, for what is no JSON of this kind, an unknown method, preset, entry or parameter.
    """
    table = folder / "examples.json"
    if not table.exists():
        return ()
    try:
        return tuple(_from_row(row, folder) for row in json.loads(table.read_text(encoding="utf-8")))
    except KeyError as error:
        raise EditError(f"'{table}' cannot be used: an example lacks the entry {error}.") from error
    except (OSError, AttributeError, TypeError, ValueError) as error:
        raise EditError(f"'{table}' cannot be used: {error}.") from error


def _from_row(row: dict[str, Any], folder: Path) -> Example:
    title = row["title"]
    if unknown := row.keys() - {*FILES, *WORDS}:
        raise ValueError(f"the example '{title}' has the unknown entry '{min(unknown)}'")
    if row["method"] not in METHODS:
        raise ValueError(f"the example '{title}' names the unknown method '{row['method']}'")
    if row["preset"] not in METHODS[row["method"]].presets():
        raise ValueError(f"the example '{title}' names the unknown preset '{row['preset']}'")
    prompts = {name: row.get(name, "") for name in PROMPTS}
    words = Form(method=row["method"], preset=row["preset"], values=row.get("settings", {}), **prompts)
    files = {name: folder / row[name] for name in FILES if row.get(name)}
    return Example(title=title, words=replace(words, values=values_of(words.chosen())), files=files)
