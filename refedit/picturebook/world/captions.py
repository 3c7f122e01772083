"""Captions of scenes: lower-case words, and which part of the picture each word describes.

Knows nothing about drawing or tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from refedit.picturebook.world import scene as world
from refedit.picturebook.world.scene import FACE, STYLES, Scene, Subject

MENTIONED: frozenset[str] = frozenset({"colour", "pattern", "pose", "background", "style", "second"})
SMALL_WORDS: tuple[str, ...] = ("a", "an", "and", "at", "by", "in", "of", "on", "style", "the", "under", "with")

PLACES: dict[str, str] = {
    "meadow": "on a meadow",
    "beach": "on a beach",
    "night": "at night",
    "snow": "in the snow",
    "desert": "in a desert",
    "room": "in a room",
    "forest": "in a forest",
    "sea": "under the sea",
    "studio": "in a studio",
}


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A text, and for its meaningful words (word, key of the mask it describes), in their order."""

    text: str
    words: tuple[tuple[str, str], ...]


def describe(scene: Scene, *, mention: frozenset[str] = MENTIONED) -> Caption:
    """The caption that names the kinds and the factors in `mention`, a subset of MENTIONED."""
    subjects = scene.subjects if "second" in mention else scene.subjects[:1]
    keys = ("subject", "second")
    parts = [_noun_phrase(item, key, mention) for item, key in zip(subjects, keys, strict=False)]
    return _join(parts, _setting(scene, mention))


def caption(scene: Scene, rng: np.random.Generator) -> Caption:
    """A caption with words dropped at random: one in ten is empty, colour and pattern stay half of the time."""
    if rng.random() < 0.1:
        return Caption(text="", words=())
    parts = []
    for subject, key in zip(scene.subjects, ("subject", "second"), strict=False):
        odds = {"colour": 0.5, "pattern": 0.5, "pose": 0.75}
        mention = frozenset(name for name, chance in odds.items() if rng.random() < chance)
        if key == "subject" or rng.random() < 0.85:
            parts.append(_noun_phrase(subject, key, mention))
    odds = {"background": 0.7, "style": 0.15 if scene.style == STYLES[0] else 0.75}
    return _join(parts, _setting(scene, frozenset(name for name, chance in odds.items() if rng.random() < chance)))


def words() -> tuple[str, ...]:
    """Every word that a caption can hold, sorted."""
    small = {word for place in PLACES.values() for word in place.split()} | set(SMALL_WORDS)
    looks = (world.COLOURS, world.PATTERNS, world.BACKGROUNDS, world.STYLES)
    return tuple(sorted(small.union(world.KINDS, world.POSES, world.EXPRESSIONS, *looks)))


Word = tuple[str, str | None]


def _noun_phrase(subject: Subject, key: str, mention: frozenset[str]) -> list[Word]:
    adjectives = [getattr(subject.appearance, name) for name in ("colour", "pattern") if name in mention]
    pose = [subject.pose] if subject.pose and "pose" in mention else []
    before, after = (pose, []) if subject.kind == FACE else ([], pose)
    phrase = [*before, *adjectives, subject.kind, *after]
    article = "an" if phrase[0][0] in "aeiou" else "a"
    return [(article, None), *((word, key) for word in phrase)]


def _setting(scene: Scene, mention: frozenset[str]) -> list[Word]:
    name = scene.backdrop.name
    place = PLACES[name].split() if "background" in mention else []
    style = ["in", scene.style, "style"] if "style" in mention else []
    return [*((word, "background" if word == name else None) for word in place), *((word, None) for word in style)]


def _join(parts: list[list[Word]], setting: list[Word]) -> Caption:
    said = [*_with_and(parts), *setting]
    pairs = tuple((word, key) for word, key in said if key is not None)
    return Caption(text=" ".join(word for word, _ in said), words=pairs)


def _with_and(parts: list[list[Word]]) -> Iterator[Word]:
    for place, part in enumerate(parts):
        if place:
            yield "and", None
        yield from part
