"""A small vocabulary with a grammar: what each word is, so that ordinary English becomes the sentences of training.

A model that learned from captions of one form reads no other form well. The words of a sentence are sorted into things,
what is said of them, places and styles, and are said again as the captions say it. Knows no network.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from refedit.diffusion.spelling import meant
from refedit.diffusion.vocabulary import LeftOut, Reading, singulars, without_weights

FILE = "lexicon.json"
"""Its name in a model's folder."""
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_COUNTS = {word: number for number, word in enumerate(_NUMBERS, 1)}
_COUNTS |= {str(number): number for number in range(1, 11)}
_COUNTS |= {"couple": 2, "pair": 2, "some": 2, "several": 3, "many": 3}
_BREAKS = {"and", "but", *",;.()[]"}
_OPENING = {"a", "an", "the", "with", "in", "on", "at", "of", "by", "under", "near", "beside", "next", "into", *_BREAKS}
"""Words and marks that begin a phrase."""
_ALL = {"both", "all", "each"}
"""Words that begin a phrase about all things so far."""
_NEGATIONS = {"no", "not", "without", "never", "non", "nor", "neither", "instead", "rather"}
_NEGATIONS |= {"remove", "delete", "erase"}
"""Words after which the rest of a phrase is what must not be drawn; captions have no word for that."""
_SILENT = {"is", "are", "was", "that", "which", "who", "it", "its", "his", "her", "to", "there", "this", "be", "being"}
_SILENT |= {"i", "me", "my", "your", "please", "draw", "show", "want", "just", "very", "really", "than", "s", "style"}
_SILENT |= {"make", "let", "give", "put", "you", "could", "should", "would", "colour", "color"}
"""Words that say nothing about a picture, so nobody is told that they are left out."""
_BECOMES = re.compile(
    r"^\W*(?:turn|change|convert|transform|replace|swap)\b.*?\b(?:into|to|with|by|for)\b|.*(?:->|\u2192)", re.DOTALL
)
"""What an instruction names is to go: "turn the cat into", "replace the cat with"."""
_MAKE = re.compile(r"^\W*(?:make|let|change)\b")
"""An instruction of which the last word on a thing counts: "make the red car blue"."""
_NEGATIVE = re.compile(r"\bnegative prompt\b.*", re.DOTALL)
_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*|[,;.()\[\]]|[\u2190-\U0010ffff]")
"""A word, perhaps with hyphens, a mark that begins a phrase, or a sign such as an emoji."""


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
    """The words from an article, a preposition, a number or a comma to the next; `count` is that number.

    `opened` is the word that it begins with; `everything` says that it is about all things so far, `negated` that it is
    about what must not be there.
    """

    count: int = 1
    words: list[Word] = field(default_factory=list)
    opened: str = ""
    everything: bool = False
    negated: bool = False

    def has(self, says: WordClass, place: int = -1) -> bool:
        """True if a word after `place` says that."""
        return any(word.says is says for word in self.words[place + 1 :])

    def after(self, place: int) -> Word | None:
        """The word behind the one at `place`."""
        return next(iter(self.words[place + 1 :]), None)


@dataclass
class Thing:
    """A thing of a sentence with what is said about it."""

    name: str
    about: dict[WordClass, Word] = field(default_factory=dict)

    def said(self) -> str:
        before = [self.about[says].known for says in _BEFORE if says in self.about]
        after = [self.about[WordClass.DOING].known] if WordClass.DOING in self.about else []
        if not self.name:
            return " ".join([*before, *after])
        words = [*before, self.name, *after]
        return " ".join(["an" if words[0][0] in "aeiou" else "a", *words])


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """The words of a model by what they say, and words of others that mean the same.

    `places` are the phrases that name a place; a picture shows at most `most` things. Only things in `feels` were ever
    drawn with a feeling, only those in `does` with something that they do.
    """

    classes: Mapping[WordClass, tuple[str, ...]]
    places: Mapping[str, str]
    same: Mapping[str, str]
    feels: tuple[str, ...]
    does: tuple[str, ...]
    most: int

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        written = json.loads(path.read_text(encoding="utf-8"))
        classes = {WordClass(name): tuple(words) for name, words in written.pop("classes").items()}
        feels, does = (tuple(written.pop(name)) for name in ("feels", "does"))
        return cls(classes=classes, feels=feels, does=does, **written)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(vars(self) | {"classes": dict(self.classes)}, indent=1) + "\n", encoding="utf-8")

    @property
    def offered(self) -> Mapping[str, tuple[str, ...]]:
        """The words by what they say, under its name."""
        return {says.value: words for says, words in self.classes.items()}

    @property
    def words(self) -> tuple[str, ...]:
        """All words that say something, those of a class together."""
        return tuple(word for words in self.classes.values() for word in words)

    def read(self, sentence: str) -> Reading:
        """The sentence as a caption. A caption is read as it is, and words may come in any English order."""
        plain = without_weights(_NEGATIVE.sub("", sentence.lower())).replace("n't", " not").replace("n\u2019t", " not")
        goes = _BECOMES.match(plain)
        phrases = self._phrases(plain[goes.end() :] if goes else plain)
        heard, told = Heard(lexicon=self, last_counts=bool(_MAKE.match(plain))), list[LeftOut]()
        for number, phrase in enumerate(phrases):
            told += [LeftOut(word=word.written, known=True) for word in heard.hear(phrase, phrases[number + 1 :])]
        told += [LeftOut(word=word.written, known=True) for word in (*heard.finish(), *heard.beyond())]
        words = [word for phrase in phrases for word in phrase.words]
        told += [self._left_out(word) for word in words if word.says is None and word.written not in _SILENT]
        left_out = {one.word for one in told}
        replaced = {word.written: word.known for word in words if word.says and word.known != word.written}
        return Reading(
            text=" ".join(heard.said()),
            replaced=tuple((written, known) for written, known in replaced.items() if written not in left_out),
            left_out=tuple(dict.fromkeys(told)),
        )

    def _left_out(self, word: Word) -> LeftOut:
        known, things = (*self.words, *self.same), self.classes.get(WordClass.THING, ())
        said_of_things = [one for one in known if self.same.get(one, one) not in things]
        return LeftOut(word=word.written, nearest=meant(word.written, known, said_of_things))

    def _phrases(self, sentence: str) -> list[Phrase]:
        phrases = [Phrase()]
        for token in _TOKEN.findall(sentence):
            for word in self._parts(token):
                self._add(phrases, word)
        return phrases

    def _parts(self, token: str) -> list[str]:
        """What a word with hyphens is read as: "dog-like" and "two-headed" say nothing of dogs and of two."""
        parts = token.split("-")
        if len(parts) > 1 and (parts[-1] == "like" or parts[0] in _COUNTS):
            return [token]
        return parts

    def _add(self, phrases: list[Phrase], word: str) -> None:
        known, last = self._known(word), phrases[-1]
        says = next((name for name, words in self.classes.items() if known in words), None)
        if word == "one" and last.words:  # "a blue one"
            named = [one for phrase in phrases for one in phrase.words if one.says is WordClass.THING]
            last.words += [Word(written=word, known=one.known, says=one.says) for one in named[-1:]]
        elif word in _NEGATIONS:
            phrases.append(Phrase(negated=True))
        elif word in _ALL:
            phrases.append(Phrase(everything=True))
        elif says is None and word in _COUNTS:
            phrases.append(Phrase(count=_COUNTS[word], negated=last.negated and not last.words))
        elif says is None and word in _OPENING:
            # An article, or the "of" of "a pair of", goes on with what began before it.
            goes_on = not last.words and word not in _BREAKS
            count, negated = (last.count, last.negated) if goes_on else (1, False)
            phrases.append(Phrase(count=count, negated=negated, opened=word))
        else:
            last.words.append(Word(written=word, known=known, says=says))

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
    """What was heard of a sentence so far; `waiting` is said of a thing that comes later.

    Of two words of a class on one thing the first counts, or the last if `last_counts`.
    """

    lexicon: Lexicon
    last_counts: bool
    things: list[Thing] = field(default_factory=list)
    waiting: list[Word] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    written: list[Word] = field(default_factory=list)

    def hear(self, phrase: Phrase, later: Sequence[Phrase]) -> Iterator[Word]:
        """Takes the words of the next phrase; yields those with which nothing can be done."""
        here: list[Thing] = self.things[:] if phrase.everything else []
        for place, word in enumerate(phrase.words):
            if word.says is None:
                continue
            after = phrase.after(place)
            if phrase.negated or self._belongs_to_what_is_unknown(word, place, phrase, later):
                yield word
            elif word.says is WordClass.THING:
                if after is not None and after.says is WordClass.THING:
                    if after.known != word.known:
                        yield word  # a cat house is a house
                    continue
                here = [Thing(word.known) for _ in range(phrase.count)]
                self.things += here
                self.written += [word] * phrase.count
                waiting, self.waiting = self.waiting, []
                for one in waiting:
                    yield from self._say(one, here)
            elif word.says in (WordClass.PLACE, WordClass.STYLE):
                (self.places if word.says is WordClass.PLACE else self.styles).append(word.known)
            else:
                yield from self._say(word, self._of(word, place, phrase, here, later))

    def _belongs_to_what_is_unknown(self, word: Word, place: int, phrase: Phrase, later: Sequence[Phrase]) -> bool:
        """True for "red" in "red hat", "red" in "a red room", "sea" in "sea lion", "pencil" in "a pencil"."""
        after = phrase.after(place)
        unknown = after is not None and after.says is None and after.written not in _SILENT
        if word.says is WordClass.PLACE:
            return unknown or (after is not None and after.says is WordClass.COLOUR)
        if word.says is WordClass.STYLE:
            named = phrase.opened in ("a", "an") and len(phrase.words) == 1
            return unknown or (named and not (later and later[0].opened == "of"))
        if word.says in (WordClass.THING, WordClass.DOING) or phrase.has(WordClass.THING, place):
            return False
        return unknown or phrase.has(WordClass.PLACE, place) or self._follows_what_is_unknown(place, phrase)

    def _follows_what_is_unknown(self, place: int, phrase: Phrase) -> bool:
        """True for "green" in "make the sky green"."""
        before = phrase.words[place - 1 : place] if phrase.opened == "the" and not phrase.has(WordClass.THING) else []
        return any(word.says is None and word.written not in _SILENT for word in before)

    def _of(
        self, word: Word, place: int, phrase: Phrase, here: list[Thing], later: Sequence[Phrase]
    ) -> Sequence[Thing]:
        """The things that a look, a feeling or a doing is said of; none if that thing comes later."""
        ahead = phrase.has(WordClass.THING, place)
        if word.says is WordClass.DOING:
            return here or ([] if ahead else self.things[-1:])
        coming = any(one.has(WordClass.THING) for one in later[:1])
        return [] if ahead or (coming and not here) else here or self.things[-1:]

    def _say(self, word: Word, of: Sequence[Thing]) -> Iterator[Word]:
        """Says a word of things, or lets it wait for one; yields what cannot be said of them."""
        assert word.says is not None
        if not of:
            self.waiting.append(word)
        for thing in of:
            able = {WordClass.FEELING: self.lexicon.feels, WordClass.DOING: self.lexicon.does}.get(word.says)
            before = thing.about.get(word.says)
            if able is not None and thing.name not in able:
                yield word
            elif before is None or self.last_counts:
                thing.about[word.says] = word
                if before is not None and before.known != word.known:
                    yield before
            elif before.known != word.known:
                yield word

    def finish(self) -> Iterator[Word]:
        """Says of the last thing what has waited for one that never came; yields what cannot be said of it."""
        waiting, self.waiting = (self.waiting, []) if self.things else ([], self.waiting)
        for word in waiting:
            yield from self._say(word, self.things[-1:])

    def beyond(self) -> Sequence[Word]:
        """The things that a picture has no room for, but for more of those that it shows."""
        most = self.lexicon.most
        shown = {word.known for word in self.written[:most]}
        return [word for word in self.written[most:] if word.known not in shown]

    def said(self) -> Iterator[str]:
        """The caption's parts; of more things than a picture shows the first ones are said."""
        rest = {word.says: word for word in self.waiting if word.says is not None}
        things = [*self.things, *([Thing("", rest)] if rest else [])][: self.lexicon.most]
        yield from (f"and {thing.said()}" if number else thing.said() for number, thing in enumerate(things))
        yield from (self.lexicon.places[name] for name in dict.fromkeys(self.places))
        yield from (f"in {name} style" for name in dict.fromkeys(self.styles))
