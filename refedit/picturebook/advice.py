"""What a visitor should know about the built-in model, and about a request to it. Advice refuses nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image, ImageOps

from refedit.editing.reading import as_read, reading_notes
from refedit.editing.request import EditRequest
from refedit.editing.service import ModelFacts
from refedit.errors import EditError
from refedit.imaging.images import to_tensor
from refedit.methods import Baret, Method, SpecRef, nearest_preset
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
COAT, PLAIN = ("colour", "pattern"), "plain"
"""The factors of a thing's look, and the pattern that needs no word."""
RIGID = "rigid"
"""BARET's preset for another look."""
POSES = "non-rigid"
"""BARET's preset for another pose."""


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A factor for which the sentence says another word than the drawing shows."""

    factor: str
    shown: str
    said: str


@dataclass(frozen=True)
class Glance:
    """What can be told of a picture at a glance; each is looked for once, and only if somebody asks."""

    picture: Image.Image

    @cached_property
    def photograph(self) -> bool:
        """True if it looks like a photograph, in which the readers of drawings see nothing."""
        return looks_like_photograph(self.picture)

    @cached_property
    def shown(self) -> Mapping[str, str]:
        """What the built-in reader surely sees of a drawing, by factor."""
        return {} if self.photograph else surely_shown(_reader(), self.picture)


def conflicts(shown: Mapping[str, str], prompt: str, factors: tuple[str, ...] = LOOKS) -> tuple[Conflict, ...]:
    """Where a picture surely shows another of some factors than the sentence says."""
    said = {factor: named(factor, prompt) for factor in factors}
    return tuple(
        Conflict(factor=factor, shown=shown[factor], said=word)
        for factor, word in said.items()
        if word is not None and shown.get(factor, word) != word
    )


def surely_shown(reader: "refedit.picturebook.networks.reader.Reader", picture: Image.Image) -> dict[str, str]:
    """The word of every factor that the middle square of a picture surely shows."""
    square = ImageOps.fit(picture.convert("RGB"), (reader.network.pixels,) * 2)
    best = {factor: chances[0].max(0) for factor, chances in reader.probabilities(to_tensor(square)).items()}
    return {factor: reader.names[factor][int(place)] for factor, (chance, place) in best.items() if chance >= SURE}


def named(factor: str, prompt: str) -> str | None:
    """The one word of a factor that a sentence names; None if it names none, or several."""
    words = words_of(factor, prompt)
    return words[0] if len(words) == 1 else None


def words_of(factor: str, prompt: str) -> tuple[str, ...]:
    """The words of a factor that a sentence names, each once, in their order."""
    return tuple(dict.fromkeys(word for word in re.findall("[a-z]+", prompt.lower()) if word in FACTORS[factor]))


@dataclass(frozen=True, kw_only=True)
class Switch:
    """A method with a preset that fits a sentence better than the chosen one, and why."""

    sentence: str
    method: type[Method]
    preset: str


def switch_for(
    model: ModelFacts,
    method: str,
    preset: str,
    sentences: tuple[str, str],
    source: Glance | None,
    reference: Glance | None = None,
) -> Switch | None:
    """What to use instead for what the built-in model can draw; None if the choice fits, or nobody can tell.

    `sentences` say what the source shows now ("" if nobody has said) and what it should show.
    """
    if model.name != BUILTIN or not sentences[1].strip():
        return None
    now, wanted = (model.read(sentence).text for sentence in sentences)
    if method == SpecRef.name:
        return _instead_of_a_swap(now, wanted, reference)
    if method != Baret.name or source is None:
        return None
    apart = {one.factor: one for one in conflicts(source.shown, wanted, ("kind", "pose", *LOOKS))}
    if (thing := apart.get("kind")) is not None:
        return Switch(
            sentence=f"A “{thing.shown}” does not become a “{thing.said}” by a sentence. Show one instead:",
            method=SpecRef,
            preset=next(iter(SpecRef.presets())),
        )
    looks, pose = [apart[name] for name in LOOKS if name in apart], apart.get("pose")
    if preset != RIGID and looks:
        return Switch(sentence=f"{_news(looks)} is another look, not a pose:", method=Baret, preset=RIGID)
    if preset == RIGID and pose is not None and not looks:
        return Switch(sentence=f"{_news([pose])} is another pose:", method=Baret, preset=POSES)
    return None


def _instead_of_a_swap(now: str, wanted: str, reference: Glance | None) -> Switch | None:
    """What to use where both sentences name the same things, and differ only in what a sentence can change.

    A colour that the reference may have is what a swap is for.
    """
    factors = {factor: (words_of(factor, now), words_of(factor, wanted)) for factor in FACTORS}
    if not now or factors["kind"][0] != factors["kind"][1]:
        return None
    said = {factor: [word for word in after if word not in before] for factor, (before, after) in factors.items()}
    if reference is not None:
        other = reference.shown.get("colour")
        said["colour"] = [word for word in said["colour"] if other not in (None, word)]
    looks = [word for factor in LOOKS for word in said[factor]]
    beyond = [word for factor in said.keys() - {*LOOKS, "pose"} for word in said[factor]]
    if beyond or not (looks or said["pose"]):
        return None
    news = _quoted(looks or said["pose"])
    return Switch(sentence=f"{news} needs no other picture:", method=Baret, preset=RIGID if looks else POSES)


def _news(conflicts: Iterable[Conflict]) -> str:
    return " and ".join(f"“{conflict.said}” instead of “{conflict.shown}”" for conflict in conflicts)


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    """What a sentence had better say of its thing: `thing` is the word as written, `words` those to put before it."""

    thing: str
    words: str


def unsaid(model: ModelFacts, preset: str, sentence: str, source: Glance | None) -> Unsaid | None:
    """The colour and the pattern that a change of the look should keep, and that its sentence does not name.

    An edit by a sentence keeps what the sentence says. None where all is said, or the built-in reader is not sure.
    """
    kind = named("kind", sentence)
    if model.name != BUILTIN or preset != RIGID or kind is None or source is None:
        return None
    shown = source.shown
    if shown.get("kind") != kind:
        return None
    words = [shown.get(factor, "") for factor in COAT if not words_of(factor, sentence)]
    told = " ".join(word for word in words if word and word != PLAIN)
    written = re.search(rf"\b{kind}\b", sentence, re.IGNORECASE)
    return Unsaid(thing=written[0], words=told) if told and written else None


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
    return (*reading_notes(request, model.read), *notes_on_the_world(model, request))


def notes_on_the_world(model: ModelFacts, request: EditRequest) -> tuple[str, ...]:
    """Those of the notes that are about the drawn world, not about how the sentences are read."""
    if model.name != BUILTIN:
        return ()
    try:
        request = as_read(request, model.read)
    except EditError:
        return ()  # nothing of the sentence is known, which the edit itself will say
    return (*_too_many(request), *_photographs(request), *_conflicts(request))


def _too_many(request: EditRequest) -> Iterator[str]:
    """Notes on words that exclude each other: the drawn world has no meadow at night."""
    for factor in sorted(OF_THE_PICTURE):
        several = words_of(factor, request.prompt)
        if len(several) > 1:
            words = _quoted(several)
            yield f"The drawn world has one {factor} at a time, and the sentence names {words}. Leave one out."


def _conflicts(request: EditRequest) -> tuple[str, ...]:
    """Notes where the preset, or a mask, is in the way of another look that the sentence asks for."""
    if request.method.name != Baret.name:
        return ()
    asked = conflicts(Glance(request.source).shown, request.prompt)
    everywhere = [conflict for conflict in asked if conflict.factor in OF_THE_PICTURE]
    sentences = []
    preset, _ = nearest_preset(request.method)
    if asked and preset != RIGID:
        sentences.append(
            f"The sentence asks for {_news(asked)}. The preset {preset} is for poses and mostly keeps colours, "
            f"backgrounds and styles; the preset {RIGID} changes them."
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
