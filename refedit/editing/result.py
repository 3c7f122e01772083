"""An edited picture with everything that made it, so that the edit can be asked for again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from PIL import Image

from refedit.editing.request import EditRequest, Finished, Recipe
from refedit.errors import EditError
from refedit.imaging.masks import Mask


@dataclass(frozen=True, kw_only=True)
class Result:
    """An edited picture and what made it.

    `request` is the edit with its pictures, None if they were left out; `recipe` is always there. `pasted` is the mask
    by which the edit was laid over the source. `parameters` is for people to read.
    """

    image: Image.Image
    model: str
    recipe: Recipe
    request: EditRequest | None = None
    pasted: Mask | None = None
    seconds: float = 0.0
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: EditRequest, finished: Finished) -> "Result":
        return cls(
            image=finished.image,
            model=finished.parameters.get("model", ""),
            recipe=request.recipe,
            request=request,
            pasted=finished.pasted,
            seconds=finished.seconds,
            parameters=finished.parameters,
        )

    def again(self) -> EditRequest:
        """The same edit once more; EditError if its pictures were left out."""
        if self.request is None:
            raise EditError("This result carries its parameters, but not its pictures. Add them and run again.")
        return self.request
