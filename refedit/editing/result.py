"""An edited picture with everything that made it, so that the edit can be asked for again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from refedit.editing.request import EditRequest, Finished, Reference
from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.methods import Method


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The pictures and masks of an edit."""

    source: Image.Image
    region: Mask | None = None
    reference: Image.Image | None = None
    subject: Mask | None = None


@dataclass(frozen=True, kw_only=True)
class Result:
    """An edited picture and everything that made it.

    `inputs` is None if they were left out, `used` the mask by which the edit was pasted into the source.
    `parameters` is for people to read.
    """

    image: Image.Image
    model: str
    method: Method
    prompt: str
    source_prompt: str = ""
    reference_prompt: str = ""
    inputs: Inputs | None = None
    used: Mask | None = None
    seconds: float = 0.0
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: EditRequest, finished: Finished) -> "Result":
        reference = request.reference
        return cls(
            image=finished.image,
            model=finished.parameters.get("model", ""),
            method=request.method,
            prompt=request.prompt,
            source_prompt=request.source_prompt,
            reference_prompt=reference.prompt if reference else "",
            inputs=Inputs(
                source=request.source,
                region=request.region,
                reference=reference.image if reference else None,
                subject=reference.subject if reference else None,
            ),
            used=finished.region,
            seconds=finished.seconds,
            parameters=finished.parameters,
        )

    def request(self) -> EditRequest:
        """The same edit once more; EditError if the inputs were left out."""
        if self.inputs is None:
            raise EditError("This result carries its parameters, but not its pictures. Add them and run again.")
        inputs, reference = self.inputs, None
        if inputs.reference is not None:
            reference = Reference(image=inputs.reference, subject=inputs.subject, prompt=self.reference_prompt)
        return EditRequest(
            method=self.method,
            source=inputs.source,
            prompt=self.prompt,
            source_prompt=self.source_prompt,
            region=inputs.region,
            reference=reference,
        )
