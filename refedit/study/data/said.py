"""What a participant's browser tells, as plain values, and what may be wrong with it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field  # a requirement of gradio

from refedit.errors import EditError

Position = Annotated[int, Field(ge=0, le=100_000)]
Milliseconds = Annotated[int, Field(ge=0, le=1_000_000_000)]
Uuid = Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{8,40}$")]


class Unknown(EditError):
    """A token that nobody holds."""


class Elsewhere(EditError):
    """A token of somebody who went on in another browser."""


class Contradiction(EditError):
    """Other words for what is stored already."""


class Full(EditError):
    """The study has all the people that it wants."""


class Unfinished(EditError):
    """Somebody wants to be done, but has not answered everything."""


class TooFast(EditError):
    """An answer before the pictures can have been seen."""


class Choice(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    NONE = "none"


class Source(StrEnum):
    """How a person came; tests are the researcher's own."""

    PROLIFIC = "prolific"
    LINK = "link"
    TEST = "test"


class EventKind(StrEnum):
    BLUR = "blur"
    RELOAD = "reload"
    RUN = "run"
    STOP = "stop"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person says at a position, named by the browser (`uuid`), with its milliseconds.

    `ms` runs from when both pictures were there, `hidden_ms` of it while the page could not be seen; `first_key_ms` is
    when the first key or click came, even if it was too early to count. ValueError if either is longer than `ms`.
    """

    position: Position
    uuid: Uuid
    choice: Choice
    ms: Milliseconds
    hidden_ms: Milliseconds = 0
    first_key_ms: Milliseconds | None = None

    def __post_init__(self) -> None:
        if max(self.hidden_ms, self.first_key_ms or 0) > self.ms:
            raise ValueError("parts of the time are longer than all of it")


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to a person on the way; `position` is where, if anywhere."""

    uuid: Uuid
    kind: EventKind
    position: Position | None = None
    detail: Annotated[str, Field(max_length=500)] = ""


@dataclass(frozen=True, kw_only=True)
class LiveEdit:
    """An arm's edit in a live study: its request without pictures, what it cost, and why it failed ("" if not).

    The pictures are PNGs, None unless the person agreed to keep them.
    """

    uuid: str
    showing: int
    arm: str
    request: dict[str, str]
    seconds: float
    rows: int
    failed: str = ""
    source: bytes | None = None
    result: bytes | None = None
