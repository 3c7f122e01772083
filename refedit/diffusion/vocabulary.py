"""What a model reads of a sentence: weights and quotes go, and what a small vocabulary lacks is left out and named.

Knows no network. A model with a large vocabulary, such as CLIP's, reads every word as it stands.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

_WEIGHT = re.compile(r"[(\[{]([^()\[\]{}:]{1,200}): ?[-+]?\d{1,9}(?:[.,]\d{1,9})? ?[)\]}]")
"""A weight as other programs write it: "(dog:1.3)". Its length is bounded, as the time to look for it is then."""
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A word as written that the model does not read.

    Either it does not know it, and `nearest` is a known word that was surely meant, or ""; or the word is `known`, but
    nothing in such a picture can be it.
    """

    word: str
    nearest: str = ""
    known: bool = False


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A sentence as a model reads it.

    `replaced` are words as written, and what is read instead; `left_out` are those that are not read at all. `text` may
    differ in its order and its small words, too.
    """

    text: str
    replaced: tuple[tuple[str, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Vocabulary(Protocol):
    """What a model can read; `offered` are its words by what they say, empty if they are too many or not known."""

    @property
    def offered(self) -> Mapping[str, tuple[str, ...]]: ...

    def read(self, sentence: str) -> Reading:
        """The sentence as the model reads it; reading what was read changes nothing."""
        ...


class AllWords:
    """A vocabulary that takes every word as it is; only weights, which no network reads, are taken off."""

    @property
    def offered(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def read(self, sentence: str) -> Reading:
        return Reading(text=without_weights(sentence))


@dataclass(frozen=True)
class KnownWords:
    """A small vocabulary about which nothing is known but whether a word is in it."""

    knows: Callable[[str], bool]

    @property
    def offered(self) -> Mapping[str, tuple[str, ...]]:
        return {}

    def read(self, sentence: str) -> Reading:
        plain = without_weights(sentence)
        if all(self.knows(word) for word in plain.split()):
            return Reading(text=plain)
        kept, replaced, left_out = [], {}, {}
        for word in words_in(plain):
            known = next(filter(self.knows, (word, *singulars(word))), None)
            if known is None:
                left_out[word] = LeftOut(word=word)
                continue
            kept.append(known)
            if known != word:
                replaced[word] = known
        return Reading(text=" ".join(kept), replaced=tuple(replaced.items()), left_out=tuple(left_out.values()))


def without_weights(sentence: str) -> str:
    """The sentence without weights: "a (dog:1.3)" is "a dog"."""
    return _WEIGHT.sub(r"\1", " ".join(sentence.split()))


def words_in(sentence: str) -> list[str]:
    """The words in lower case, without anything between them: a hyphen and an apostrophe part two words."""
    return _WORD.findall(sentence.lower().replace("'s ", " ").replace("\u2019s ", " "))


def singulars(word: str) -> list[str]:
    """What an English plural may be the plural of."""
    endings = [("ies", "y"), ("s", "")]
    if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
        endings.append(("es", ""))
    return [word.removesuffix(end) + new for end, new in endings if word.endswith(end) and len(word) > len(end) + 1]
