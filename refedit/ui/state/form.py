"""What is filled into the page at once: by an example, a result of before, or a link."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refedit.editing.request import EditRequest, Reference
from refedit.methods import METHODS, with_values
from refedit.ui.state.mask_document import Board, board_of
from refedit.ui.view.mask_editor import Painting


@dataclass(frozen=True, kw_only=True)
class Filling:
    """All inputs of the page.

    Without a source both pictures stay; with one, a missing mask or reference clears its place. `parameters` has every
    one of the method's.
    """

    method: str
    preset: str
    parameters: Mapping[str, Any]
    source: Painting | None
    reference: Painting | None
    source_prompt: str
    prompt: str


Painted = Board | dict[str, Any] | None
"""A picture as its tool delivers it: see `board_of`. None is a board that is missing, {} an empty canvas."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a visitor has filled in, as the page delivers it."""

    method: str
    source: Painted
    reference: Painted
    source_prompt: str
    prompt: str
    preset: str
    settings: Mapping[str, Any]

    def request(self) -> EditRequest:
        """The edit that is asked for; EditError if something is missing or unfit."""
        method = with_values(METHODS[self.method].presets()[self.preset], self.settings)
        source, takes = board_of(self.source, "source").painting, method.takes | method.needs
        return EditRequest(
            method=method,
            source=source.picture,
            region=source.mask if "region" in takes else None,
            reference=self._reference() if "reference" in takes else None,
            source_prompt=self.source_prompt if "source_prompt" in takes else "",
            prompt=self.prompt,
        )

    def _reference(self) -> Reference:
        reference = board_of(self.reference, "reference").painting
        return Reference(image=reference.picture, subject=reference.mask)
