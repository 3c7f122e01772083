"""What a sentence asks of a drawing that the drawing does not show yet, as far as the readers can tell."""

import re
from dataclasses import dataclass

from PIL import Image, ImageOps

from refedit.images import to_tensor
from refedit.picturebook.factors import FACTORS
from refedit.picturebook.reader import Reader

LOOKS: tuple[str, ...] = ("colour", "background", "style")
"""The factors of a look that most sentences name by one word."""
SURE = 0.9
"""How likely another word has to be before the sentence's own is called new (our choice: doubt says nothing)."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A factor, the word that the drawing shows, and the sentence's."""

    factor: str
    shown: str
    said: str


def wishes(reader: Reader, picture: Image.Image, prompt: str) -> tuple[Wish, ...]:
    """The looks in which the middle square of a picture surely differs from the sentence about it."""
    square = ImageOps.fit(picture.convert("RGB"), (reader.network.pixels,) * 2)
    likely, found = reader.probabilities(to_tensor(square)), []
    for factor in LOOKS:
        chance, place = likely[factor][0].max(0)
        shown, said = reader.names[factor][int(place)], named(factor, prompt)
        if said is not None and said != shown and float(chance) >= SURE:
            found.append(Wish(factor=factor, shown=shown, said=said))
    return tuple(found)


def named(factor: str, prompt: str) -> str | None:
    """The word of a factor that a sentence names; None if it names none or, of two subjects, several."""
    words = words_of(factor, prompt)
    return words[0] if len(words) == 1 else None


def words_of(factor: str, prompt: str) -> tuple[str, ...]:
    """The words of a factor that a sentence names, each once, in their order."""
    return tuple(dict.fromkeys(word for word in re.findall("[a-z]+", prompt.lower()) if word in FACTORS[factor]))
