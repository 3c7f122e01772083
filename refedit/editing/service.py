"""What edits pictures for a page, wherever it runs: the protocol that the local and every remote editor share.

Requests, events and errors are plain values; an `EditError` keeps its sentence wherever it was raised.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from PIL import Image

from refedit.diffusion.vocabulary import Reading
from refedit.editing.request import EditEvent, EditRequest
from refedit.imaging.masks import Mask
from refedit.methods import Method


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What a page has to know of the model at work: its name, its square's side in pixels, and how it reads.

    `read` gives a sentence as the model reads it, and what became of its other words. `notices` are sentences for
    visitors about where and how edits run. `words` are those that a small model knows, by what they say; a model that
    reads all words has none.
    """

    name: str
    size: int
    read: Callable[[str], Reading]
    notices: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Located:
    """Where a word's thing is: `heat` is 1 where it is most likely; `there` is False if it seems not to be there."""

    heat: Mask
    there: bool


def unsure(word: str) -> str:
    """What a user is told of a word whose thing is not `there`."""
    return f"The model sees no “{word.strip()}” here. This is what comes nearest: look at it before you use it."


@runtime_checkable
class EditingService(Protocol):
    """Edits pictures with one model; may be called from any thread."""

    @property
    def facts(self) -> ModelFacts: ...

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        """Runs an edit and yields what happens; the last event is `Finished`.

        Raises `Stopped` soon after `cancel` is set, EditError if the request can't be done. Closing the iterator stops
        the edit too. Either way the next edit is not affected.
        """
        ...

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        """Where a word's thing is in a picture that `sentence` describes; EditError if the model knows no such word."""
        ...

    def expected_seconds(self, method: Method) -> float | None:
        """How long a first edit with these parameters should take, by what edits have cost lately; None at first."""
        ...


@runtime_checkable
class SharedService(EditingService, Protocol):
    """A service that edits for several visitors at once, and does better for those whom it knows again."""

    @property
    def at_once(self) -> int:
        """So many edits are worth asking for at the same time; more would only wait."""
        ...

    def for_visitor(self, visitor: str) -> EditingService:
        """The same service for one visitor, by any text that stays the same while they are here."""
        ...


def at_once(service: EditingService) -> int:
    """How many edits are worth asking of a service at the same time."""
    return service.at_once if isinstance(service, SharedService) else 1


def for_visitor(service: EditingService, visitor: str) -> EditingService:
    """The service as one visitor should ask it; the same one where it makes no difference."""
    return service.for_visitor(visitor) if isinstance(service, SharedService) else service
