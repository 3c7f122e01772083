"""The kinds of edit as a visitor tells them apart; each stands for a method and one of its presets."""

from dataclasses import dataclass
from enum import StrEnum

from refedit.methods import METHODS, Input, Method


class Kind(StrEnum):
    """What a visitor wants to do."""

    SWAP = "swap"
    POSE = "pose"
    LOOK = "look"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How a kind is told and done: `title` says what it changes, `example` is a sentence that asks for it."""

    kind: Kind
    title: str
    method: str
    preset: str
    before: str
    example: str

    @property
    def room(self) -> float:
        """The room round a clicked thing, in per cent of the picture's longer side."""
        return 100 * METHODS[self.method].room

    @property
    def needs(self) -> frozenset[Input]:
        return METHODS[self.method].needs


CHOICES: tuple[Choice, ...] = (
    Choice(
        kind=Kind.SWAP,
        title="A thing, for the one in another picture",
        method="specref",
        preset="recommended",
        before="a cat sitting on a meadow",
        example="a dog sitting on a meadow",
    ),
    Choice(
        kind=Kind.POSE,
        title="Pose or shape",
        method="baret",
        preset="non-rigid",
        before="",
        example="a dog jumping on a beach",
    ),
    Choice(
        kind=Kind.LOOK,
        title="Colour, background or style",
        method="baret",
        preset="rigid",
        before="",
        example="a fox standing in the snow",
    ),
)


def choice(kind: str) -> Choice:
    """The choice of a kind; the first one for a name that is none."""
    return next((one for one in CHOICES if one.kind == kind), CHOICES[0])


def kind_of(method: str, preset: str) -> Kind:
    """The kind that a method's preset belongs to: its own, or the method's first."""
    of_method = [one for one in CHOICES if one.method == method]
    return next((one for one in of_method if one.preset == preset), of_method[0]).kind


def title_of(method: type[Method], preset: str) -> str:
    """What a kind changes, in a visitor's words."""
    return choice(kind_of(method.name, preset)).title
