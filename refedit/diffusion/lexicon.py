"""A small vocabulary with a grammar: what each word is, so that ordinary English becomes the sentences of training.

A model that learned from captions of one form reads no other form well. The words of a sentence are sorted into things,
what is said of them, places and styles, and are said again as the captions say it. Knows no network.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from refedit.diffusion.vocabulary import LeftOut, Reading, nearest, singulars, without_weights, words_in

FILE = "lexicon.json"
"""Its name in a model's folder."""
_COUNTS = {"two": 2, "both": 2, "couple": 2, "pair": 2, "some": 2, "three": 3, "several": 3, "many": 3, "four": 4}
_OPENING = {"a", "an", "and", "the", "with", "in", "on", "at", "of", "by", "under", "near", "beside", "next", "into"}
"""Words that begin a phrase."""
_SILENT = {"is", "are", "was", "that", "which", "who", "it", "its", "his", "her", "to", "there", "this", "be", "being"}
"""Words that say nothing about a picture, so nobody is told that they are left out."""


class WordClass(StrEnum):
    """What a word says: a thing, how it looks or feels, what it does, where it is, or how it is drawn."""

    THING = "thing"
    FEELING = "feeling"
    COLOUR = "colour"
    PATTERN = "pattern"
    DOING = "doing"
    PLACE = "place"
    STYLE = "style"


_BEFORE = (WordClass.FEELING, WordClass.COLOUR, WordClass.PATTERN)
"""What stands before a thing, in this order; what it does stands behind it."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word as written, the known word that is read for it (or ""), and what that says."""

    written: str
    known: str = ""
    says: WordClass | None = None


@dataclass
class Phrase:
    """The words from an article, a preposition or a number to the next; `count` is that number."""

    count: int = 1
    words: list[Word] = field(default_factory=list)

    def ahead(self, place: int) -> WordClass | None:
        """What the words after the one at `place` come to: a thing, a place, or neither."""
        heads = (WordClass.THING, WordClass.PLACE)
        return next((word.says for word in self.words[place + 1 :] if word.says in heads), None)


@dataclass
class Thing:
    """A thing of a sentence with what is said about it."""

    name: str
    about: list[Word] = field(default_factory=list)

    def said(self) -> str:
        before = [word.known for says in _BEFORE for word in self.about if word.says is says]
        after = [word.known for word in self.about if word.says is WordClass.DOING]
        if not self.name:
            return " ".join([*before, *after])
        words = list(dict.fromkeys([*before, self.name, *after]))
        return " ".join(["an" if words[0][0] in "aeiou" else "a", *words])


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """The words of a model by what they say, and words of others that mean the same.

    `places` are the phrases that name a place; a picture shows at most `most` things. `feels` are the only things that
    were ever drawn with a feeling.
    """

    classes: Mapping[WordClass, tuple[str, ...]]
    places: Mapping[str, str]
    same: Mapping[str, str]
    feels: tuple[str, ...]
    most: int

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        written = json.loads(path.read_text(encoding="utf-8"))
        classes = {WordClass(name): tuple(words) for name, words in written.pop("classes").items()}
        return cls(classes=classes, feels=tuple(written.pop("feels")), **written)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(vars(self) | {"classes": dict(self.classes)}, indent=1) + "\n", encoding="utf-8")

    @property
    def words(self) -> tuple[str, ...]:
        """All words that say something, those of a class together."""
        return tuple(word for words in self.classes.values() for word in words)

    def read(self, sentence: str) -> Reading:
        """The sentence as a caption. A caption is read as it is, and words may come in any English order."""
        phrases, caption = self._phrases(sentence), Heard()
        told = [LeftOut(word=word.written, known=True) for phrase in phrases for word in caption.hear(phrase, phrases)]
        heard = [word for phrase in phrases for word in phrase.words]
        told += [LeftOut(word=thing.name, known=True) for thing in caption.things[self.most :]]
        told += [self._left_out(word) for word in heard if word.says is None and word.written not in _SILENT]
        replaced = {word.written: word.known for word in heard if word.says and word.known != word.written}
        return Reading(
            text=" ".join(caption.said(self.places, self.most)),
            replaced=tuple(replaced.items()),
            left_out=tuple(dict.fromkeys(told)),
        )

    def _left_out(self, word: Word) -> LeftOut:
        return LeftOut(word=word.written, nearest=nearest(word.written, self.words))

    def _phrases(self, sentence: str) -> list[Phrase]:
        phrases, written = [Phrase()], words_in(without_weights(sentence))
        feeling = any(self._known(word) in self.feels for word in written)
        for word in written:
            known = self._known(word)
            says = next((name for name, words in self.classes.items() if known in words), None)
            if says is None and word in _OPENING | set(_COUNTS):
                phrases.append(Phrase(_COUNTS.get(word, 1)))
            elif known != word and says is WordClass.FEELING and not feeling:
                phrases[-1].words.append(Word(written=word))
            elif word != "style":
                phrases[-1].words.append(Word(written=word, known=known, says=says))
        return phrases

    def _known(self, word: str) -> str:
        """The model's word for one as written: itself, its singular, one that means the same, or a verb's -ing form."""
        for form in (word, *singulars(word)):
            if form in self.words or form in self.same:
                return self.same.get(form, form)
        stem = word.removesuffix("s").removesuffix("ed")
        forms = (stem + "ing", stem + stem[-1:] + "ing")
        doings = self.classes.get(WordClass.DOING, ())
        return next((name for name in doings if len(stem) > 2 and name in forms), "")


@dataclass
class Heard:
    """What was heard of a sentence so far; `waiting` is said of a thing that comes later."""

    things: list[Thing] = field(default_factory=list)
    waiting: list[Word] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)

    def hear(self, phrase: Phrase, phrases: Sequence[Phrase]) -> Iterator[Word]:
        """Takes the words of the next phrase; yields those with which nothing can be done."""
        here: list[Thing] = []
        later = any(word.says is WordClass.THING for one in _after(phrase, phrases) for word in one.words)
        for number, word in enumerate(phrase.words):
            ahead = phrase.ahead(number)
            if word.says is WordClass.THING:
                here = [Thing(word.known, [*self.waiting]) for _ in range(phrase.count if not here else 1)]
                self.things, self.waiting = [*self.things, *here], []
            elif word.says is WordClass.PLACE:
                self.places.append(word.known)
            elif word.says is WordClass.STYLE:
                self.styles.append(word.known)
            elif word.says is WordClass.DOING:
                self._say(word, here or self.things[-1:] * (ahead is not WordClass.THING))
            elif word.says and ahead is WordClass.PLACE:
                yield word  # "a red room": the places of a small model have looks of their own
            elif word.says:
                self._say(word, [] if ahead or (later and not here) else here or self.things[-1:])

    def _say(self, word: Word, of: Sequence[Thing]) -> None:
        for thing in of:
            thing.about.append(word)
        if not of:
            self.waiting.append(word)

    def said(self, places: Mapping[str, str], most: int) -> Iterator[str]:
        """The caption's parts; of more things than a picture shows the first ones are said."""
        things = [*self.things, *([Thing("", self.waiting)] if self.waiting else [])][:most]
        yield from (f"and {thing.said()}" if number else thing.said() for number, thing in enumerate(things))
        yield from (places[name] for name in dict.fromkeys(self.places))
        yield from (f"in {name} style" for name in dict.fromkeys(self.styles))


def _after(phrase: Phrase, phrases: Sequence[Phrase]) -> Sequence[Phrase]:
    return phrases[next(place for place, one in enumerate(phrases) if one is phrase) + 1 :]
