"""The examples: pictures, masks, prompts and parameters that one click fills in.

`examples.json` in the examples folder is a list of objects with the fields of `Example`; its pictures lie
beside it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from refedit.imaging.images import read_mask, read_picture
from refedit.methods import METHODS, values_of, with_values
from refedit.ui.state.form import Filling
from refedit.ui.view.mask_editor import Painting

TILE = 192
"""The side of a tile in pixels: twice what is shown, for sharp screens."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One line of the table.

    `region` and `subject` are mask files (white inside) for the source and the reference; `preset` is a name
    from the method's presets, `settings` the parameters that differ from it. Raises ValueError for an unknown
    method or preset, EditError for an unknown or unfit parameter.
    """

    title: str
    method: str
    source: Path
    prompt: str
    region: Path | None = None
    reference: Path | None = None
    subject: Path | None = None
    source_prompt: str = ""
    preset: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"the example '{self.title}' names the unknown method '{self.method}'")
        if self.preset not in METHODS[self.method].presets():
            raise ValueError(f"the example '{self.title}' names the unknown preset '{self.preset}'")
        with_values(METHODS[self.method].presets()[self.preset], self.settings)

    @property
    def parameters(self) -> dict[str, Any]:
        """The value of every parameter of the method."""
        return values_of(with_values(METHODS[self.method].presets()[self.preset], self.settings))

    def filling(self) -> Filling:
        """What a click on the example fills in."""
        return Filling(
            method=self.method,
            preset=self.preset,
            parameters=self.parameters,
            source=_painting(self.source, self.region),
            reference=None if self.reference is None else _painting(self.reference, self.subject),
            source_prompt=self.source_prompt,
            prompt=self.prompt,
        )

    def tile(self) -> Image.Image:
        """A small square picture for the button: the source, with the reference in its corner."""
        tile = ImageOps.fit(read_picture(self.source), (TILE, TILE))
        if self.reference is not None:
            inset = ImageOps.fit(read_picture(self.reference), (TILE * 2 // 5,) * 2)
            framed = ImageOps.expand(inset, border=TILE // 48, fill="white")
            tile.paste(framed, (TILE - framed.width, TILE - framed.height))
        return tile


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The examples of a folder in their order; none if it has no table."""
    table = folder / "examples.json"
    if not table.exists():
        return ()
    return tuple(_from_row(row, folder) for row in json.loads(table.read_text(encoding="utf-8")))


def _from_row(row: dict[str, Any], folder: Path) -> Example:
    files = {name: folder / row[name] for name in ("source", "region", "reference", "subject") if row.get(name)}
    rest = {name: value for name, value in row.items() if name not in ("source", "region", "reference", "subject")}
    return Example(**rest, **files)


def _painting(picture: Path, mask: Path | None) -> Painting:
    return Painting(picture=read_picture(picture), mask=None if mask is None else read_mask(mask))
