"""What is asked and what is answered: `EditRequest`, `Reference`, the events of a running edit.

Knows nothing about networks, devices or pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from refedit import __version__
from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.methods import Input, Method, values_of

__all__ = ["EditError", "EditEvent", "EditRequest", "Finished", "Preview", "Progress", "Reference"]


LONGEST_PROMPT = 2000
"""Characters; the networks read about 75 tokens."""


def check_sentence(sentence: str) -> None:
    """Raises EditError for a sentence that is too long, or no text."""
    if any("\ud800" <= letter <= "\udfff" for letter in sentence):
        raise EditError("A prompt holds half of a character, which is no text. Type it again.")
    if len(sentence) > LONGEST_PROMPT:
        raise EditError(f"A prompt is longer than {LONGEST_PROMPT} characters. One or two sentences are enough.")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A picture to take something from.

    `subject` marks what to take (1 inside); None takes all that the model sees of it, the largest square in its
    middle unless the method stretches pictures. `prompt` is used to invert the
    picture; the empty one is the SpecRef code's default.
    """

    image: Image.Image
    subject: Mask | None = None
    prompt: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """An edit in words and numbers, without its pictures."""

    method: Method
    prompt: str
    source_prompt: str = ""
    reference_prompt: str = ""


def written_down(recipe: Recipe, model: str, square: str) -> dict[str, str]:
    """Everything needed to write an edit down, as text; `square` is the part of the source that the model saw."""
    parts: dict[str, Any] = {
        "Software": f"RefEdit {__version__}",
        "model": model,
        "method": recipe.method.name,
        "prompt": recipe.prompt,
        "source_prompt": recipe.source_prompt,
        "reference_prompt": recipe.reference_prompt,
        "square": square,
        **values_of(recipe.method),
    }
    return {name: str(value) for name, value in parts.items()}


@dataclass(frozen=True, kw_only=True)
class EditRequest:
    """One edit of one picture, with everything that decides its result.

    `region` marks where the source may change (1 inside); None leaves that to the method's words or, for a
    method without a mask, to the whole picture. Raises EditError if a part that the method needs is missing,
    or a mask is empty or not of its picture's size.
    """

    method: Method
    source: Image.Image
    prompt: str
    source_prompt: str = ""
    region: Mask | None = None
    reference: Reference | None = None

    def __post_init__(self) -> None:
        for image in (self.source, *([self.reference.image] if self.reference else [])):
            if image.mode != "RGB":
                raise EditError(f"A picture is {image.mode} and not RGB. Read it with refedit.read_picture.")
        for sentence in (self.prompt, self.source_prompt, self.reference.prompt if self.reference else ""):
            check_sentence(sentence)
        if not self.prompt.strip():
            raise EditError("The target prompt is empty. Describe the picture you want.")
        if Input.SOURCE_PROMPT in self.method.needs and not self.source_prompt.strip():
            raise EditError("The source prompt is empty. Describe the source picture as it is now.")
        if Input.REFERENCE in self.method.needs and self.reference is None:
            raise EditError(f"{self.method.title} needs a reference picture. Add one, or choose another method.")
        _check_mask(self.region, self.source, "source", "Paint where to edit, or clear the mask.")
        if self.reference is not None:
            _check_mask(
                self.reference.subject, self.reference.image, "reference", "Paint what to take, or clear the mask."
            )

    @property
    def recipe(self) -> Recipe:
        return Recipe(
            method=self.method,
            prompt=self.prompt,
            source_prompt=self.source_prompt,
            reference_prompt=self.reference.prompt if self.reference else "",
        )


def _check_mask(mask: Mask | None, image: Image.Image, name: str, advice: str) -> None:
    if mask is None:
        return
    if mask.size != image.size:
        raise EditError(
            f"The mask of the {name} is {mask.size[0]}x{mask.size[1]} pixels, its picture "
            f"{image.size[0]}x{image.size[1]}. Use a mask of the picture's size."
        )
    if mask.is_empty:
        raise EditError(f"Nothing is painted on the {name}'s mask. {advice}")


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A step was done: `step` of `of` in `stage` (words for the user), `fraction` of the whole edit in 0..1.

    `loss` is BARET's inner loss after this step (mean squared error of latents), where there is one.
    """

    stage: str
    step: int
    of: int
    fraction: float
    seconds_left: float | None = None
    loss: float | None = None


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A cheap look (longest side at most 256 px) at the edit under way, as estimated at this step."""

    image: Image.Image
    stage: str
    step: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The edited picture, of the source's size.

    `pasted` is the mask by which the edit was laid over the source, `rows` the number of UNet rows that it cost,
    `parameters` everything needed to write it down.
    """

    image: Image.Image
    pasted: Mask
    seconds: float
    rows: int
    parameters: Mapping[str, str] = field(default_factory=dict)


EditEvent = Progress | Preview | Finished
