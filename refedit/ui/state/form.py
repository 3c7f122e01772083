"""What the page holds, as one plain value: read from it, or filled into it by an example, a link or a result."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from refedit.editing.request import EditRequest, Reference
from refedit.editing.result import Result
from refedit.methods import METHODS, Input, Method, nearest_preset, values_of, with_values
from refedit.ui.state.picture_with_mask import PictureWithMask, missing

PROMPTS = ("source_prompt", "prompt")
"""The fields of `Form` that are sentences; links and examples carry each by its name."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """All inputs of the page.

    `values` are the method's parameters by name; those that are missing are the preset's. A form without a source has
    no pictures: filled in, it leaves those that are there. With a source, a missing mask or reference clears its place.
    """

    method: str
    preset: str
    values: Mapping[str, Any]
    source: PictureWithMask | None = None
    reference: PictureWithMask | None = None
    source_prompt: str = ""
    prompt: str = ""

    @classmethod
    def of(cls, result: Result) -> "Form":
        """What brings a result's inputs back; without pictures if it carries none."""
        recipe, request = result.recipe, result.request
        reference = request.reference if request else None
        return cls(
            method=recipe.method.name,
            preset=nearest_preset(recipe.method)[0],
            values=values_of(recipe.method),
            source=PictureWithMask(picture=request.source, mask=request.region) if request else None,
            reference=PictureWithMask(picture=reference.image, mask=reference.subject) if reference else None,
            source_prompt=recipe.source_prompt,
            prompt=recipe.prompt,
        )

    def chosen(self) -> Method:
        """The method with its parameters; EditError if one is unknown or unfit."""
        return with_values(METHODS[self.method].presets()[self.preset], self.values)

    def request(self) -> EditRequest:
        """The edit that is asked for, with the inputs that its method can use; EditError if something is missing."""
        method = self.chosen()
        takes = method.takes | method.needs
        if self.source is None:
            raise missing("source")
        return EditRequest(
            method=method,
            source=self.source.picture,
            region=self.source.mask if Input.REGION in takes else None,
            reference=self._reference(method) if Input.REFERENCE in takes else None,
            source_prompt=self.source_prompt if Input.SOURCE_PROMPT in takes else "",
            prompt=self.prompt,
        )

    def _reference(self, method: Method) -> Reference | None:
        if self.reference is None:
            if Input.REFERENCE in method.needs:
                raise missing("reference")
            return None
        return Reference(image=self.reference.picture, subject=self.reference.mask or self.reference.cutout)
