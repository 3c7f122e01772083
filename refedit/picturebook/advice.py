"""What a visitor should know about the built-in model, and about a request to it. Advice refuses nothing."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageOps

from refedit.editing.reading import as_read, reading_notes
from refedit.editing.request import EditRequest
from refedit.editing.service import ModelFacts
from refedit.errors import EditError
from refedit.imaging.images import to_tensor
from refedit.methods import Baret, nearest_preset
from refedit.models import BUILTIN, builtin_folder
from refedit.picturebook.world.factors import FACTORS, OF_THE_PICTURE

if TYPE_CHECKING:  # by its full name, which the checks of types in the tests can resolve without this import
    import refedit.picturebook.networks.reader

LOOKS: tuple[str, ...] = ("colour", "background", "style")
"""The factors of a look that most sentences name by one word."""
SURE = 0.9
"""How sure the reader must be of another word before a conflict is told (our choice: in doubt nothing is said)."""
COMMONEST = 20
COVERED = 0.45
"""The share of a drawing that its `COMMONEST` colours cover at least; of 150 drawings the worst had 52 %."""
RIGID = "rigid"
"""BARET's preset for another look."""


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A factor for which the sentence says another word than the drawing shows."""

    factor: str
    shown: str
    said: str


def conflicts(
    reader: "refedit.picturebook.networks.reader.Reader", picture: Image.Image, prompt: str
) -> tuple[Conflict, ...]:
    """Where the middle square of a picture surely shows another look than the sentence says."""
    square = ImageOps.fit(picture.convert("RGB"), (reader.network.pixels,) * 2)
    likely, apart = reader.probabilities(to_tensor(square)), []
    for factor in LOOKS:
        chance, place = likely[factor][0].max(0)
        shown, said = reader.names[factor][int(place)], named(factor, prompt)
        if said is not None and said != shown and float(chance) >= SURE:
            apart.append(Conflict(factor=factor, shown=shown, said=said))
    return tuple(apart)


def named(factor: str, prompt: str) -> str | None:
    """The one word of a factor that a sentence names; None if it names none, or several."""
    words = words_of(factor, prompt)
    return words[0] if len(words) == 1 else None


def words_of(factor: str, prompt: str) -> tuple[str, ...]:
    """The words of a factor that a sentence names, each once, in their order."""
    return tuple(dict.fromkeys(word for word in re.findall("[a-z]+", prompt.lower()) if word in FACTORS[factor]))


def about(model: ModelFacts) -> str:
    """What a visitor should know about the model beforehand; empty for a model of photographs."""
    if model.name != BUILTIN:
        return ""
    return (
        "The built-in picture-book model is at work. It is small and quick, and knows only the drawn world of the "
        "examples; for photographs, start RefEdit with a Stable Diffusion checkpoint."
    )


def notes(model: ModelFacts, request: EditRequest) -> tuple[str, ...]:
    """What the visitor should know before judging the result; of a model of photographs only how it reads."""
    told = reading_notes(request, model.read)
    if model.name != BUILTIN:
        return told
    try:
        request = as_read(request, model.read)
    except EditError:
        return told  # nothing of the sentence is known, which the edit itself will say
    return (*told, *_too_many(request), *_photographs(request), *_conflicts(request))


def _too_many(request: EditRequest) -> Iterator[str]:
    """Notes on words that exclude each other: the drawn world has no meadow at night."""
    for factor in sorted(OF_THE_PICTURE):
        several = words_of(factor, request.prompt)
        if len(several) > 1:
            words = _quoted(several)
            yield f"The drawn world has one {factor} at a time, and the sentence names {words}. Leave one out."


def _conflicts(request: EditRequest) -> tuple[str, ...]:
    """Notes where the preset, or a mask, is in the way of another look that the sentence asks for."""
    if request.method.name != Baret.name or looks_like_photograph(request.source):
        return ()  # the readers know drawings only
    asked = conflicts(_reader(), request.source, request.prompt)
    everywhere = [conflict for conflict in asked if conflict.factor in OF_THE_PICTURE]
    sentences = []
    preset, _ = nearest_preset(request.method)
    if asked and preset != RIGID:
        news = " and ".join(f"“{conflict.said}” instead of “{conflict.shown}”" for conflict in asked)
        sentences.append(
            f"The sentence asks for {news}. The preset {preset} is for poses and mostly keeps colours, backgrounds and "
            f"styles; the preset {RIGID} changes them."
        )
    if everywhere and request.region is not None:
        news = _quoted(conflict.said for conflict in everywhere)
        sentences.append(
            f"Only what you have selected can change, so {news} stays inside. Clear the mask for all of it."
        )
    return tuple(sentences)


def _quoted(words: Iterable[str]) -> str:
    return " and ".join(f"“{word}”" for word in words)


@cache
def _reader() -> "refedit.picturebook.networks.reader.Reader":
    from refedit.picturebook.networks.reader import Reader  # takes seconds, which a page of another model does without

    return Reader.load(builtin_folder(), torch.device("cpu"))


def _photographs(request: EditRequest) -> tuple[str, ...]:
    """A note that names the pictures that look like photographs, if there are any."""
    pictures = {"source": request.source} | ({"reference": request.reference.image} if request.reference else {})
    photographs = [f"the {name}" for name, picture in pictures.items() if looks_like_photograph(picture)]
    if not photographs:
        return ()
    which = " and ".join(photographs).capitalize()
    looks = "looks like a photograph" if len(photographs) == 1 else "look like photographs"
    return (
        f"{which} {looks}. The built-in model knows drawings only, so expect a drawing's idea of it; "
        "photographs need a Stable Diffusion checkpoint.",
    )


def looks_like_photograph(picture: Image.Image) -> bool:
    """True if the commonest colours, of 32 levels a channel, cover too little of the picture for a drawing."""
    small = picture.convert("RGB")
    small.thumbnail((256, 256))
    levels = (np.asarray(small) // 8).reshape(-1, 3) @ np.array([1024, 32, 1])
    counts = np.sort(np.unique(levels, return_counts=True)[1])
    return bool(counts[-COMMONEST:].sum() < COVERED * counts.sum())
