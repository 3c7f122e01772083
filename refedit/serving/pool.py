"""A pool of editors that edits like one: the `EditingService` of many replicas, for one front end.

Owns the placement of edits, the lease that this front end renews, and the words for what can go wrong on the way.
"""

import hashlib
import logging
import math
import queue
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from PIL import Image

from refedit.diffusion.vocabulary import Reading
from refedit.editing.editor import PATIENCE, WAITING
from refedit.editing.progress import Costs
from refedit.editing.request import EditEvent, EditRequest, Finished, Progress
from refedit.editing.service import EditingService, Located, ModelFacts
from refedit.errors import EditError, Stopped
from refedit.methods import Method
from refedit.serving.cluster import Cluster, ReplicaGone, Stream
from refedit.serving.limits import Limits
from refedit.serving.placement import Placement, Ticket
from refedit.serving.replica import Failure, ReplicaState

log = logging.getLogger(__name__)

Made = TypeVar("Made")

GLANCE = 0.05
"""Seconds between two looks at the flag that stops an edit."""
TOLD_EVERY = 0.25
"""Seconds between two events that say that an edit waits."""
READ_SECONDS = 2.0
TRIES = 3
"""So many replicas may die under something that had not begun."""
DIED = "The process that made this edit has died. It comes back by itself; run the edit again."
BUSY = "The editors are busy. Try again in a minute."
NOBODY = "No editor can be reached. If that stays so, whoever runs this page has to look at it."


class PoolEditor:
    """Edits wherever there is room; without a visitor an edit goes to where its source was edited before.

    Use it in a `with` block: it tells the replicas that it is there until the block ends. Raises EditError at the
    beginning if no replica answers, or none could load its model.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.owner = uuid.uuid4().hex
        self._cluster, self._costs = cluster, Costs()
        self._changed, self._over = threading.Condition(), threading.Event()
        states = self._first_states()
        self.limits: Limits = states[0].limits
        self._places = Placement(self.limits.waiting_each, self.limits.least)
        self._see(states)
        first = states[0]
        self.facts = ModelFacts(name=first.model, size=first.size, read=self._read, notices=first.notices)
        self._news = threading.Thread(target=self._keep_in_touch, daemon=True, name="pool news")

    def __enter__(self) -> "PoolEditor":
        self._news.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()

    @property
    def at_once(self) -> int:
        """One for each replica that there may be, and one that is ready when the first of them ends."""
        return self.limits.most + 1

    def for_visitor(self, visitor: str) -> EditingService:
        return _Visit(self, f"visitor {visitor}")

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        """Runs an edit and yields what happens; the last event is `Finished`.

        Raises `Stopped` soon after `cancel` is set, EditError if the request can't be done, too much waits already, or
        the replica dies. Closing the iterator stops the edit too.
        """
        return self.edit_for(picture_key(request.source), request, cancel)

    def edit_for(
        self, key: str, request: EditRequest, cancel: threading.Event | None = None
    ) -> Generator[EditEvent, None, None]:
        """The same for a key of one's own: edits with one key go to one replica, if there is room."""
        cancel = cancel or threading.Event()
        with self._ticket(key) as ticket:
            for _ in range(TRIES):
                begun, replica = False, (yield from self._waited(ticket, cancel))
                try:
                    with closing(self._events(replica, request, cancel)) as events:
                        for event in events:
                            begun = begun or not (isinstance(event, Progress) and event.stage == WAITING)
                            yield event
                    return
                except ReplicaGone:
                    self._lost(ticket, begun)
                    if begun:
                        break
        raise EditError(DIED)

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        return self._asked(picture_key(picture), "locate", picture, word, sentence, seconds=PATIENCE)

    def run(self, key: str, function: Callable[..., Made], *arguments: Any) -> Made:
        """What a function of an `Editor` and of more arguments gives at a replica, after the edits before it.

        For batch work that needs more than an edit's events. The function is named, not sent: it has to be one of a
        module that the replicas have, too. Raises EditError as `edit` does.
        """
        return self._asked(key, "work", function, *arguments)

    def expected_seconds(self, method: Method) -> float | None:
        return self._costs.expected(method)

    def states(self) -> list[ReplicaState]:
        """How the replicas are."""
        return self._cluster.states(self.owner)

    def _asked(self, key: str, method: str, *arguments: Any, seconds: float = math.inf) -> Any:
        with self._ticket(key) as ticket:
            for _ in range(TRIES):
                replica = _last(self._waited(ticket, threading.Event(), seconds))
                try:
                    answer = self._cluster.ask(replica, method, self.owner, *arguments, seconds=seconds)
                except ReplicaGone:
                    self._lost(ticket, begun=False)  # nobody has seen anything of it
                    continue
                except TimeoutError:
                    break
                if isinstance(answer, Failure):
                    raise EditError(answer.sentence)
                return answer
        raise EditError(BUSY)

    def _read(self, sentence: str) -> Reading:
        """As the model reads it; as it stands while no replica answers, which a run would tell anyway."""
        with self._changed:
            some = next(iter(self._places.busy), "")
        try:
            return self._cluster.ask(some, "read", sentence, seconds=READ_SECONDS)  # type: ignore[no-any-return]
        except (ReplicaGone, TimeoutError):
            return Reading(text=sentence)

    @contextmanager
    def _ticket(self, key: str) -> Iterator[Ticket]:
        with self._changed:
            ticket = self._places.ask(key)
        try:
            yield ticket
        finally:
            with self._changed:
                self._places.leave(ticket)
                self._changed.notify_all()

    def _waited(
        self, ticket: Ticket, cancel: threading.Event, patience: float = math.inf
    ) -> Generator[Progress, None, str]:
        """The replica that an edit may go to, once it may; EditError after `patience` seconds, or if there is none."""
        began = told = seen = time.monotonic()
        while True:
            with self._changed:
                if ticket.replica is None:
                    self._changed.wait(GLANCE)
                if ticket.replica is not None:
                    return ticket.replica
                there = bool(self._places.busy)
            now = time.monotonic()
            seen = now if there else seen
            if cancel.is_set():
                raise Stopped
            if now - began > patience:
                raise EditError(BUSY)
            if now - seen > PATIENCE:
                raise EditError(NOBODY)
            if now - told > TOLD_EVERY:
                told = now
                yield Progress(stage=WAITING, step=0, of=1, fraction=0.0)

    def _events(self, replica: str, request: EditRequest, cancel: threading.Event) -> Generator[EditEvent, None, None]:
        """The events of an edit at a replica; a thread of its own reads them, so that `cancel` is seen in between."""
        answers: queue.SimpleQueue[Any] = queue.SimpleQueue()
        stream = self._cluster.edit(replica, self.owner, request)
        threading.Thread(target=_read_into, args=(stream, answers), daemon=True, name="edit events").start()
        try:
            while True:
                if cancel.is_set():
                    raise Stopped
                try:
                    answer = answers.get(timeout=GLANCE)
                except queue.Empty:
                    continue
                match answer:
                    case None:
                        return
                    case Failure():
                        raise EditError(answer.sentence)
                    case Exception():
                        raise answer
                    case Finished():
                        self._costs.record(answer.rows, answer.seconds)
                yield answer
        finally:
            stream.cancel()

    def _lost(self, ticket: Ticket, begun: bool) -> None:
        with self._changed:
            if begun:
                self._places.lost(ticket.replica or "")
            else:
                self._places.again(ticket)
            self._changed.notify_all()

    def _first_states(self) -> list[ReplicaState]:
        states = self._cluster.states(self.owner)
        if not states:
            raise EditError(NOBODY)
        for state in states:
            if state.failure:
                raise EditError(state.failure)
        return states

    def _see(self, states: list[ReplicaState]) -> None:
        with self._changed:
            self._places.update({state.replica: state.others for state in states if not state.failure})
            self._changed.notify_all()

    def _keep_in_touch(self) -> None:
        """Renews the lease of all that this front end asked for, and learns how the replicas are."""
        while not self._over.wait(self.limits.renewal):
            try:
                self._see(self._cluster.states(self.owner))
            except Exception:
                log.exception("the replicas could not be asked")


@dataclass(frozen=True)
class _Visit:
    """A pool as one visitor asks it."""

    pool: PoolEditor
    key: str

    @property
    def facts(self) -> ModelFacts:
        return self.pool.facts

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        return self.pool.edit_for(self.key, request, cancel)

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        return self.pool.locate(picture, word, sentence)

    def expected_seconds(self, method: Method) -> float | None:
        return self.pool.expected_seconds(method)


def picture_key(picture: Image.Image) -> str:
    """Equal for equal pictures."""
    digest = hashlib.sha256(f"{picture.mode} {picture.size} ".encode())
    digest.update(picture.tobytes())
    return digest.hexdigest()


def _read_into(stream: Stream, answers: "queue.SimpleQueue[Any]") -> None:
    """Reads a stream to its end; an exception is put last, else None."""
    try:
        for answer in stream:
            answers.put(answer)
        answers.put(None)
    except Exception as error:
        answers.put(error)
    except BaseException:  # Ray ends a thread whose machine it has lost
        answers.put(ReplicaGone())


def _last(waiting: Generator[Progress, None, str]) -> str:
    """What a generator returns, for those who need not be told what it yields."""
    while True:
        try:
            next(waiting)
        except StopIteration as stop:
            return str(stop.value)
