"""Runs one edit for one visitor: the request from the page's values, the events, the tickets to stop it."""

import logging
import threading
import time
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from refedit.edit import EditEvent, EditRequest, Progress, Reference
from refedit.editor import Editor
from refedit.errors import EditError, Stopped
from refedit.methods import METHODS, with_settings
from refedit.ui.painting import read_painting

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a visitor has filled in, as the page delivers it."""

    method: str
    source: dict[str, Any] | None
    reference: dict[str, Any] | None
    source_prompt: str
    prompt: str
    preset: str
    settings: Mapping[str, Any]

    def request(self) -> EditRequest:
        """The edit that is asked for; EditError if something is missing or unfit."""
        method = with_settings(METHODS[self.method].presets()[self.preset], self.settings)
        source = read_painting(self.source, "source")
        return EditRequest(
            method=method,
            source=source.picture,
            region=source.mask if "region" in method.takes | method.needs else None,
            reference=self._reference() if "reference" in method.needs | method.takes else None,
            source_prompt=self.source_prompt if "source_prompt" in method.needs | method.takes else "",
            prompt=self.prompt,
        )

    def _reference(self) -> Reference:
        reference = read_painting(self.reference, "reference")
        return Reference(image=reference.picture, subject=reference.mask)


@dataclass(frozen=True, kw_only=True)
class Started:
    """The request is complete; the edit begins."""

    request: EditRequest


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The edit cannot go on; `message` is for the visitor."""

    message: str


@dataclass(frozen=True, kw_only=True)
class Halted:
    """The visitor's stop flag ended the edit."""


RunEvent = Started | EditEvent | Failed | Halted


def run(editor: Editor, form: Form, cancel: threading.Event) -> Generator[RunEvent, None, None]:
    """The events of one edit; every error becomes the last event, none is raised."""
    try:
        request = form.request()
        yield Started(request=request)
        yield from editor.edit(request, cancel)
    except EditError as error:
        yield Failed(message=str(error))
    except Stopped:
        yield Halted()
    except Exception:
        number = uuid.uuid4().hex[:6]
        log.exception("edit failed, error %s", number)
        yield Failed(message=f"An unexpected error has happened (number {number}, see the server's log). Try again.")


def paced(events: Iterable[RunEvent], seconds: float = 0.1) -> Iterator[RunEvent]:
    """The events without progress that comes too soon after the last one of its stage to be read."""
    shown, stage = 0.0, ""
    for event in events:
        if isinstance(event, Progress):
            if event.stage == stage and time.monotonic() - shown < seconds:
                continue
            shown, stage = time.monotonic(), event.stage
        yield event


@dataclass(frozen=True)
class Ticket:
    """One edit of one visitor: `stop` asks it to end, `ended` tells that it has."""

    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Tickets:
    """The ticket of the running edit of every visitor, so that nobody stops another's."""

    def __init__(self) -> None:
        self._tickets: dict[str, Ticket] = {}
        self._lock = threading.Lock()

    def start(self, visitor: str) -> Ticket:
        """A fresh ticket; an edit of the same visitor that still runs is stopped."""
        ticket = Ticket()
        with self._lock:
            previous = self._tickets.get(visitor)
            self._tickets[visitor] = ticket
        if previous is not None:
            previous.stop.set()
        return ticket

    def stop(self, visitor: str, patience: float = 0.0) -> None:
        """Stops the visitor's edit, if one runs, and waits for its end, `patience` seconds at most."""
        with self._lock:
            ticket = self._tickets.get(visitor)
        if ticket is not None:
            ticket.stop.set()
            ticket.ended.wait(patience)

    def end(self, visitor: str, ticket: Ticket) -> None:
        """Forgets a ticket whose edit is over, unless a newer edit has replaced it."""
        ticket.stop.set()
        ticket.ended.set()
        with self._lock:
            if self._tickets.get(visitor) is ticket:
                del self._tickets[visitor]
