"""What a visitor should know about the built-in model, and about a request to it. Advice refuses nothing."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from refedit.editing.reading import as_read, reading_notes
from refedit.editing.request import EditRequest
from refedit.editing.service import ModelFacts
from refedit.errors import EditError
from refedit.methods import Baret, Method, SpecRef, nearest_preset
from refedit.models import BUILTIN
from refedit.picturebook.glance import Glance, glance_at
from refedit.picturebook.world.captions import PLACES
from refedit.picturebook.world.factors import FACTORS, OF_THE_PICTURE
from refedit.picturebook.world.scene import STYLES

LOOKS: tuple[str, ...] = ("colour", "background", "style")
"""The factors of a look that most sentences name by one word."""
COAT, PLAIN = ("colour", "pattern"), "plain"
"""The factors of a thing's look, and the pattern that needs no word."""
WHO_IT_IS = ("kind", *COAT)
"""The factors that a swap takes from the other picture."""
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


def conflicts(shown: Mapping[str, str], prompt: str, factors: tuple[str, ...] = LOOKS) -> tuple[Conflict, ...]:
    """Where a picture surely shows another of some factors than the sentence says."""
    said = {factor: named(factor, prompt) for factor in factors}
    return tuple(
        Conflict(factor=factor, shown=shown[factor], said=word)
        for factor, word in said.items()
        if word is not None and shown.get(factor, word) != word
    )


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
    if preset == RIGID and pose is not None:
        alone = ", which needs an edit of its own" if looks else ""
        return Switch(sentence=f"{_news([pose])} is another pose{alone}:", method=Baret, preset=POSES)
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


def whole_sentence(model: ModelFacts, sentence: str, seen: Sequence[Glance | None]) -> str:
    """The sentence, which names no thing, about the whole picture: "blue" may be "a blue dog on a meadow".

    What it leaves out is what is surely seen: of several pictures, the thing of the last one, as the first one's stands
    and where. Empty if the sentence names a thing, if nothing of it is read, or if no thing is surely seen.
    """
    if model.name != BUILTIN:
        return ""
    first, *others = [{} if one is None else one.shown for one in seen]
    shown = dict(first)
    for other in (one for one in others if "kind" in one):
        pose = first.get("pose") or other.get("pose", "")
        shown = {name: word for name, word in first.items() if name in OF_THE_PICTURE} | {"pose": pose}
        shown |= {name: word for name, word in other.items() if name in WHO_IT_IS}
    read = model.read(sentence).text
    said = {factor: words_of(factor, read) for factor in FACTORS}
    unread = bool(sentence.strip()) and not read  # "remove the dog": nothing is known of what it should be
    if unread or said["kind"] or "kind" not in shown:
        return ""
    word = {factor: (said[factor] or (shown.get(factor, ""),))[0] for factor in FACTORS}
    pattern = word["pattern"].replace(PLAIN, "")
    style = f"in {word['style']} style" if word["style"] not in ("", STYLES[0]) else ""
    place = PLACES.get(word["background"], "")
    return model.read(f"a {word['colour']} {pattern} {word['kind']} {word['pose']} {place} {style}").text


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
    source = glance_at(request.source)
    other = glance_at(request.reference.image) if request.reference else None
    unlike = unlike_drawings({"the source": source, "the reference": other})
    return (*_too_many(request), *([unlike] if unlike else []), *_conflicts(request, source))


def _too_many(request: EditRequest) -> Iterator[str]:
    """Notes on words that exclude each other: the drawn world has no meadow at night."""
    for factor in sorted(OF_THE_PICTURE):
        several = words_of(factor, request.prompt)
        if len(several) > 1:
            words = _quoted(several)
            yield f"The drawn world has one {factor} at a time, and the sentence names {words}. Leave one out."


def unlike_drawings(pictures: Mapping[str, Glance | None]) -> str:
    """A note that names the pictures that are none of the drawn world, such as photographs; empty if there are none."""
    names = [name for name, seen in pictures.items() if seen is not None and not seen.drawn]
    if not names:
        return ""
    which, (look, it) = " and ".join(names).capitalize(), ("looks", "it") if len(names) == 1 else ("look", "them")
    return (
        f"{which} {look} unlike the drawings that the built-in model knows, so expect a drawing's idea of {it}. "
        "Photographs need a Stable Diffusion checkpoint."
    )


def _conflicts(request: EditRequest, source: Glance) -> tuple[str, ...]:
    """Notes where the preset, or a mask, is in the way of another look that the sentence asks for."""
    if request.method.name != Baret.name:
        return ()
    asked = conflicts(source.shown, request.prompt)
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
