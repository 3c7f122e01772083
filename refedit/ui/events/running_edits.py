"""Runs the edits of one visitor: their events, and the ticket that stops them."""

import threading
import time
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field

from refedit.editing.line import check_work
from refedit.editing.request import EditEvent, EditRequest, Progress
from refedit.editing.service import EditingService
from refedit.errors import Stopped
from refedit.machine.by_name import Recent
from refedit.machine.failures import said_of
from refedit.ui.state.form import Form

REMEMBERED = 1000
"""Visitors of whom it is known that they want an edit, or do not any more."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """The request is complete; the edit begins, as number `number` (from 0) of `of` in this run.

    `mixed` if not all of them are of one method.
    """

    request: EditRequest
    number: int = 0
    of: int = 1
    mixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The edit cannot go on; `message` is for the visitor."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Halted:
    """The visitor's stop flag ended the edit."""


RunEvent = Started | EditEvent | Failed | Halted


def run(editor: EditingService, forms: Iterable[Form], cancel: threading.Event) -> Generator[RunEvent, None, None]:
    """The events of edits, one after another; every error becomes the last event, none is raised.

    Nothing starts unless every form is complete.
    """
    try:
        requests = [form.request() for form in forms]
        check_work(request.method for request in requests)
        mixed = len({request.method.name for request in requests}) > 1
        for number, request in enumerate(requests):
            yield Started(request=request, number=number, of=len(requests), mixed=mixed)
            yield from editor.edit(request, cancel)
    except Stopped:
        yield Halted()
    except Exception as error:
        yield Failed(message=said_of(error))


def paced(events: Iterable[RunEvent], seconds: float = 0.1) -> Iterator[RunEvent]:
    """The events without the progress that follows the last one of its stage too soon to be read."""
    shown, stage = 0.0, ""
    for event in events:
        if isinstance(event, Progress):
            if event.stage == stage and time.monotonic() - shown < seconds:
                continue
            shown, stage = time.monotonic(), event.stage
        yield event


@dataclass(frozen=True)
class Ticket:
    """One run of one visitor: `stop` asks it to end, `ended` is set once it has."""

    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class RunningEdits:
    """The tickets by visitor, so that nobody stops another's edit, and the visitors who have asked for an edit."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._asked: Recent[bool] = Recent(REMEMBERED)  # true once the edit has begun
        self._called_off: Recent[None] = Recent(REMEMBERED)
        self._to_fail: Recent[None] = Recent(REMEMBERED)  # their stopped edit's failure has not been told yet
        self._lock = threading.Lock()

    def ask(self, visitor: str) -> None:
        """Notes that the visitor wants an edit, which may wait or be refused before it starts."""
        with self._lock:
            self._asked[visitor] = False
            self._called_off.pop(visitor, None)

    def wants(self, visitor: str) -> bool:
        """True if the visitor asked for an edit and has not pressed Stop since."""
        with self._lock:
            return visitor in self._asked

    def runs(self, visitor: str) -> bool:
        """True while an edit of the visitor is under way, also if it was stopped and its step is not over."""
        with self._lock:
            return visitor in self._tickets

    def was_stopped(self, visitor: str) -> bool:
        """True if the failure that is told now is a stopped edit's: Gradio tells one for each, maybe late."""
        with self._lock:
            stopped = visitor in self._to_fail
            self._to_fail.pop(visitor, None)
            return stopped

    def start(self, visitor: str) -> Ticket:
        """A fresh ticket, stopped already if Stop came before it; an edit of the same visitor that runs is stopped."""
        ticket = Ticket()
        with self._lock:
            if visitor in self._asked:
                self._asked[visitor] = True
            if visitor in self._called_off:
                self._called_off.pop(visitor, None)
                ticket.stop.set()
            previous = self._tickets.get(visitor)
            self._tickets[visitor] = ticket
        if previous is not None:
            previous.stop.set()
        return ticket

    def stop(self, visitor: str, patience: float = 0.0) -> None:
        """Stops the visitor's edit, if one runs, and waits for its end, `patience` seconds at most."""
        with self._lock:
            on_its_way = not self._asked.pop(visitor, True)
            ticket = self._tickets.get(visitor)
            if on_its_way:
                self._called_off[visitor] = None
            if on_its_way or (ticket is not None and not ticket.stop.is_set()):
                self._to_fail[visitor] = None
        if ticket is not None:
            ticket.stop.set()
            ticket.ended.wait(patience)

    def end(self, visitor: str, ticket: Ticket) -> None:
        """Forgets a ticket whose edit is over, unless a newer edit has replaced it."""
        whole = not ticket.stop.is_set()
        ticket.stop.set()
        ticket.ended.set()
        with self._lock:
            if whole:
                self._to_fail.pop(visitor, None)  # no failure came of the one before it
            if self._tickets.get(visitor) is ticket:
                del self._tickets[visitor]
