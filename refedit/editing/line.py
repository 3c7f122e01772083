"""Whose edit is next: a line in which nobody can keep others from their turn, however much is asked.

A visitor may have one edit waiting and an address a few. Turns go round the addresses, so that whoever comes waits for
what runs and for one more. An edit that nobody listens for is never begun, and one whose listener leaves is stopped.
"""

import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from PIL import Image

from refedit.editing.request import EditEvent, EditRequest, Progress
from refedit.editing.service import EditingService, Located, ModelFacts, at_once, for_visitor
from refedit.errors import EditError, Stopped
from refedit.machine.by_name import Recent
from refedit.methods import Method

YOURS, OF_AN_ADDRESS, OF_ALL = 1, 3, 16
"""So many edits of a visitor, of an address and of all may wait (our choice); those that run do not count."""
GRACE = 10.0
"""Seconds for which an edit in line waits for somebody to listen; then it is dropped."""
FAREWELL = 3.0
"""Seconds after which a running edit that nobody listens for any more is stopped."""
GLANCE = 0.25
TOLD_EVERY = 1.0
MOST_ROWS = 4200
"""UNet rows of one request at most: 14 default edits with BARET, or 50 steps with 25 inner ones (our choice)."""
REMEMBERED = 1000
WAITING_YOURS = "An edit of yours is waiting already. Wait until it is done, or stop it."
WAITING_HERE = (
    f"{OF_AN_ADDRESS} edits from your network address are waiting already. Try again when one of them is done."
)
WAITING_ALL = f"{OF_ALL} edits are waiting already, so yours would wait long. Try again in a minute."


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """Who asks: `name` is the same for all that one visitor asks, `address` for all that comes from one place.

    `silent` tells for how many seconds nobody has listened, counted from a time (monotonic) at most. An empty address
    is one that is not known, and not limited.
    """

    name: str
    address: str = ""
    silent: Callable[[float], float] = lambda since: 0.0


@dataclass(eq=False, kw_only=True)
class Place:
    """One edit in the line, or in its turn."""

    visitor: Visitor
    cancel: threading.Event
    number: int
    since: float = field(default_factory=time.monotonic)
    begun: bool = False

    @property
    def waits(self) -> bool:
        return not self.begun and not self.cancel.is_set()

    @property
    def silent(self) -> float:
        return self.visitor.silent(self.since)


class Line:
    """Places, of which `at_once` have their turn at the same time. For any thread."""

    def __init__(self, at_once: int = 1) -> None:
        self.at_once = at_once
        self._places: list[Place] = []
        self._served: Recent[int] = Recent(REMEMBERED)  # addresses, the one that waits the longest first
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    @contextmanager
    def place(self, visitor: Visitor, cancel: threading.Event) -> Iterator[Place]:
        """A place for as long as the block lasts; EditError if too much waits already."""
        with self._changed:
            self._check(visitor)
            place = Place(visitor=visitor, cancel=cancel, number=next(self._numbers))
            self._places.append(place)
        try:
            yield place
        finally:
            with self._changed:
                self._places.remove(place)
                self._changed.notify_all()

    def waited(self, place: Place) -> Generator[Progress, None, None]:
        """Returns when the place has its turn, and tells until then how it stands; `Stopped` if nobody wants it."""
        told, before = 0.0, -1
        while True:
            with self._changed:
                if self._next() is place:
                    self._begin(place)
                    return
                ahead = self._ahead(place)
                self._changed.wait(GLANCE)
            if place.cancel.is_set() or place.silent > GRACE:
                raise Stopped
            if ahead != before or time.monotonic() - told > TOLD_EVERY:
                told, before = time.monotonic(), ahead
                yield Progress(stage=_in_words(ahead), step=0, of=1, fraction=0.0)

    def _check(self, visitor: Visitor) -> None:
        waiting = [place.visitor for place in self._places if place.waits]
        if sum(other.name == visitor.name for other in waiting) >= YOURS:
            raise EditError(WAITING_YOURS)
        if visitor.address and sum(other.address == visitor.address for other in waiting) >= OF_AN_ADDRESS:
            raise EditError(WAITING_HERE)
        if len(waiting) >= OF_ALL:
            raise EditError(WAITING_ALL)

    def _next(self) -> Place | None:
        """Whose turn it is now; None while all turns are taken, or nobody listens."""
        if sum(place.begun for place in self._places) >= self.at_once:
            return None
        return min((place for place in self._places if place.waits and not place.silent), key=self._rank, default=None)

    def _rank(self, place: Place) -> tuple[int, int, int]:
        """The fewest running of an address first, then who was served the longest ago, then who came first."""
        address = place.visitor.address
        running = sum(other.begun and other.visitor.address == address for other in self._places)
        return running, self._served.get(address, -1), place.number

    def _begin(self, place: Place) -> None:
        place.begun = True
        self._served[place.visitor.address] = place.number
        self._changed.notify_all()

    def _ahead(self, place: Place) -> int:
        """How many edits come before this one as things stand."""
        before = sum(
            other.waits and not other.silent and self._rank(other) < self._rank(place) for other in self._places
        )
        return before + sum(other.begun for other in self._places)


class EditorInLine:
    """The `SharedService` of an editor whose edits wait in a line."""

    def __init__(self, editor: EditingService) -> None:
        self.editor, self.line = editor, Line(at_once(editor))
        self._strangers = itertools.count()

    @property
    def facts(self) -> ModelFacts:
        return self.editor.facts

    @property
    def at_once(self) -> int:
        return self.line.at_once

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        return self.asked_by(Visitor(name=f"stranger {next(self._strangers)}")).edit(request, cancel)

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        return self.editor.locate(picture, word, sentence)

    def expected_seconds(self, method: Method) -> float | None:
        return self.editor.expected_seconds(method)

    def for_visitor(self, visitor: str) -> EditingService:
        return self.asked_by(Visitor(name=visitor))

    def asked_by(self, visitor: Visitor) -> EditingService:
        """The same service for a visitor of whom more is known."""
        return _Asked(for_visitor(self.editor, visitor.name), self.line, visitor)


def in_line(editor: EditingService) -> EditorInLine:
    """The editor with a line before it, if it has none yet."""
    return editor if isinstance(editor, EditorInLine) else EditorInLine(editor)


@dataclass(frozen=True)
class _Asked:
    """An editor as one visitor asks it, in line."""

    editor: EditingService
    line: Line
    visitor: Visitor

    @property
    def facts(self) -> ModelFacts:
        return self.editor.facts

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        cancel = cancel or threading.Event()
        with self.line.place(self.visitor, cancel) as place:
            yield from self.line.waited(place)
            with _watched(place):
                yield from self.editor.edit(request, cancel)

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        return self.editor.locate(picture, word, sentence)

    def expected_seconds(self, method: Method) -> float | None:
        return self.editor.expected_seconds(method)


def check_work(methods: Iterable[Method]) -> None:
    """EditError if the edits of one request are too much work for a server that others use, too."""
    methods = tuple(methods)
    rows = sum(method.steps * sum(method.stages.values()) for method in methods)
    if rows > MOST_ROWS:
        several = ", or ask for fewer results" if len(methods) > 1 else ""
        raise EditError(
            f"That is {rows / MOST_ROWS:.1f} times what one request may take here. "
            f"Set fewer steps or inner steps{several}."
        )


@contextmanager
def _watched(place: Place) -> Iterator[None]:
    """Sets the cancel flag once nobody listens; a step may take long, so this does not wait for its end."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(GLANCE):
            if place.silent > FAREWELL:
                place.cancel.set()

    threading.Thread(target=watch, daemon=True, name="listener watch").start()
    try:
        yield
    finally:
        over.set()


def _in_words(ahead: int) -> str:
    return "Waiting for your turn" if ahead < 1 else f"Waiting for {ahead} other edit{'s' * (ahead > 1)}"
