"""The kinds of edit as a visitor tells them apart; each stands for a method and one of its presets.

A method that is not named here has one kind, told in the method's own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from refedit.methods import METHODS, Baret, Input, Method, SpecRef

_CARDS: Mapping[str, tuple[str, str]] = {
    SpecRef.name: ("Swap a thing", "for the one in another picture"),
    Baret.name: ("Change it by a sentence", "pose \N{MIDDLE DOT} colour, background, style"),
}
"""What a method's card says."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a kind is told and done: `title` says what it changes.

    `before` and `example` are the sentences shown in empty fields: of a source, and one that asks for such an edit.
    """

    kind: str
    title: str
    method: str
    preset: str
    before: str = ""
    example: str = ""

    @property
    def room(self) -> float:
        """The room round a clicked thing, in per cent of the picture's longer side."""
        return 100 * METHODS[self.method].room

    @property
    def needs(self) -> frozenset[Input]:
        return METHODS[self.method].needs


_NAMED = (
    Choice(
        kind="swap",
        title="A thing, for the one in another picture",
        method=SpecRef.name,
        preset="recommended",
        before="a cat sitting on a meadow",
        example="a dog sitting on a meadow",
    ),
    Choice(
        kind="pose",
        title="Pose or shape",
        method=Baret.name,
        preset="non-rigid",
        example="a dog jumping on a beach",
    ),
    Choice(
        kind="look",
        title="Colour, background or style",
        method=Baret.name,
        preset="rigid",
        example="a fox standing in the snow",
    ),
)


def card_of(method: type[Method]) -> tuple[str, str]:
    """What a method's card says: its title, and what it is for."""
    return _CARDS.get(method.name, (method.title, method.summary))


def choices_of(method: type[Method]) -> tuple[Choice, ...]:
    """A method's kinds: those that are named, else one that is the method itself with its first preset."""
    own = tuple(one for one in _NAMED if one.method == method.name)
    return own or (
        Choice(kind=method.name, title=method.title, method=method.name, preset=next(iter(method.presets()))),
    )


def choices() -> tuple[Choice, ...]:
    """The kinds of all methods; the page opens with the first one."""
    return tuple(one for method in METHODS.values() for one in choices_of(method))


def choice(kind: str) -> Choice:
    """The choice of a kind; the first one for a name that is none."""
    known = choices()
    return next((one for one in known if one.kind == kind), known[0])


def kind_of(method: str, preset: str) -> str:
    """The kind that a method's preset belongs to: its own, or the method's first."""
    own = choices_of(METHODS[method])
    return next((one for one in own if one.preset == preset), own[0]).kind


def title_of(method: type[Method], preset: str) -> str:
    """What a kind changes, in a visitor's words."""
    return choice(kind_of(method.name, preset)).title
