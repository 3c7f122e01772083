"""What is shown of a sentence while it is typed: how its words are read, and which the other sentence lacks."""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from refedit.editing.reading import Read

_TOKEN = re.compile(r"[^\W_]+(?:-[^\W_]+)*|[^\w\s]+")
GROUPS: Mapping[str, str] = {
    "thing": "things",
    "doing": "doing",
    "colour": "colours",
    "pattern": "patterns",
    "place": "places",
    "style": "styles",
    "feeling": "faces",
}
"""What the page calls the classes of a model's words."""


class Fate(StrEnum):
    """What became of a written word: the model knows it, reads another for it, leaves it out, or it says nothing.

    A word without a place is known, but nothing in such a picture can be it, so it is left out, too.
    """

    KNOWN = "known"
    REPLACED = "replaced"
    LEFT_OUT = "left-out"
    NO_PLACE = "no-place"
    PLAIN = "plain"


UNREAD = (Fate.LEFT_OUT, Fate.NO_PLACE)


@dataclass(frozen=True, kw_only=True)
class Marked:
    """A word or mark as written, and its fate; `instead` is what is read for it, or offered in its place."""

    written: str
    fate: Fate
    instead: str = ""
    differs: bool = False


def marked(sentence: str, other: str, read: Read, words: Mapping[str, tuple[str, ...]]) -> tuple[Marked, ...]:
    """The words of a sentence in their order; those that `other` lacks differ, unless that is empty."""
    reading = read(sentence)
    replaced, left_out = dict(reading.replaced), {word.word: word for word in reading.left_out}
    known = {word for group in words.values() for word in group}
    shared = {word.lower() for word in _TOKEN.findall(other)}
    marks = []
    for written in _written(sentence, {*known, *replaced, *left_out}):
        low = written.lower()
        fate, instead = Fate.KNOWN if low in known else Fate.PLAIN, ""
        if low in left_out:
            fate = Fate.NO_PLACE if left_out[low].known else Fate.LEFT_OUT
            instead = left_out[low].nearest
        elif low in replaced:
            fate, instead = Fate.REPLACED, replaced[low]
        differs = bool(shared) and low not in shared and written[0].isalnum()
        marks.append(Marked(written=written, fate=fate, instead=instead, differs=differs))
    return tuple(marks)


def _written(sentence: str, told: Container[str]) -> Iterator[str]:
    """The words and marks; one with hyphens of which nothing is told as a whole is read part by part."""
    for word in _TOKEN.findall(sentence):
        yield from [word] if word.lower() in told else re.split("(?<=-)|(?=-)", word)


def marked_html(marks: tuple[Marked, ...]) -> str:
    """The line under a sentence; empty if there is nothing to tell."""
    if all(mark.fate is Fate.PLAIN and not mark.differs for mark in marks):
        return ""
    unread = [mark.written for mark in marks if mark.fate in UNREAD]
    told = f'<span class="sr">Not read: {escape(", ".join(unread))}.</span>' if unread else ""
    unknown = any(mark.fate is Fate.LEFT_OUT for mark in marks)
    why = ' <i class="why" aria-hidden="true">crossed out: it does not know that word</i>' if unknown else ""
    return f'<p role="status">{told}{" ".join(_word(mark) for mark in marks)}{why}</p>'


def _word(mark: Marked) -> str:
    word, instead = escape(mark.written), escape(mark.instead)
    tag = "del" if mark.fate in UNREAD else "span"
    html = f'<{tag} class="{mark.fate}{" differs" * mark.differs}">{word}</{tag}>'
    if mark.fate is Fate.REPLACED:
        return f'{html}<i class="instead">{instead}</i>'
    if mark.fate is Fate.NO_PLACE:
        return f'{html}<i class="why">has no place here</i>'
    if mark.fate is Fate.LEFT_OUT and instead:
        return f'{html}<button type="button" class="chip" data-for="{word}" data-word="{instead}">{instead}?</button>'
    return html


def offered_html(words: Mapping[str, tuple[str, ...]]) -> str:
    """The words that a small model knows, as chips by what they say; empty for a model that reads all words."""
    return "".join(_group(name, group) for name, group in _in_order(words) if group)


def _in_order(words: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    names = [*(name for name in GROUPS if name in words), *(name for name in words if name not in GROUPS)]
    return ((GROUPS.get(name, name), words[name]) for name in names)


def _group(name: str, words: tuple[str, ...]) -> str:
    chips = "".join(f'<button type="button" class="chip" data-word="{word}">{word}</button>' for word in words)
    return f"<div><b>{escape(name)}</b>{chips}</div>"
