"""One replica: an `Editor` in a process of its own, and what a front end far away needs besides it.

Knows nothing of Ray: an ordinary class with asynchronous methods. What goes in and out are plain values, an EditError's
sentence among them; an exception that crosses processes would come with a traceback for a text.
"""

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from refedit.diffusion.vocabulary import Reading
from refedit.editing.editor import WAITING, Editor
from refedit.editing.request import EditEvent, EditRequest, Finished, Progress
from refedit.editing.service import Located
from refedit.errors import EditError, Stopped
from refedit.models import BUILTIN, load_model, what_hides
from refedit.serving.limits import Limits

WAITING_SECONDS = 0.25
"""An edit that waits says so as often as this."""
BUNDLE_SECONDS = 0.1
"""What happens within this time is sent together: a message costs each side about as much as a small step."""
MINUTE = 60.0
WRONG_IN_A_ROW = 3
"""After so many unexpected errors in a row a replica counts as broken: a GPU whose context is lost fails all edits."""
LOST = "The page that asked for this edit has not been heard of, so the edit was stopped. Run it again."


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a pool's replicas edit with, and its limits; names and devices are those of `load_model`."""

    model: str = BUILTIN
    device: str = "auto"
    channels_last: bool | None = None
    safety_checker: bool = False
    limits: Limits = Limits()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """The edit can't be done, or not go on; `sentence` is for the visitor."""

    sentence: str


Answer = EditEvent | Failure


@dataclass(frozen=True, kw_only=True)
class ReplicaState:
    """What a replica tells of itself.

    `others` are the edits at it that other front ends asked for, `waiting` those of all that have not begun. One that
    was stopped runs until its UNet call is over.
    `last_minute` and `edits` were finished, `seconds` is the mean time of the last ones. `model`, `size` and `notices`
    are the model's facts, empty if it could not be loaded: `failure` then says why.
    """

    replica: str
    node: str
    process: int
    model: str
    size: int
    failure: str
    limits: Limits
    notices: tuple[str, ...]
    running: int
    waiting: int
    others: int
    edits: int
    last_minute: int
    seconds: float


@dataclass(eq=False)
class Job:
    """Something that a front end asked for; `stop` ends it, or keeps it from beginning."""

    owner: str
    stop: threading.Event = field(default_factory=threading.Event)
    begun: bool = False

    @property
    def waits(self) -> bool:
        return not self.begun and not self.stop.is_set()


class Edits:
    """Edits with one model, one after another, in the order in which they were asked for."""

    def __init__(self, offer: Offer, name: str, node: str) -> None:
        self.limits, self.name, self.node = offer.limits, name, node
        self.failure = ""
        self.editor: Editor | None = None
        try:
            model = load_model(offer.model, offer.device, offer.channels_last)
            self.editor = Editor(model, hides=what_hides(model, offer.safety_checker))
        except EditError as error:
            self.failure = str(error)  # an exception here would be tried again and again, and be told as a traceback
        # One thread for all edits: it keeps their order, and PyTorch keeps compiled kernels by thread.
        self._device = ThreadPoolExecutor(max_workers=1, thread_name_prefix="device")
        self._jobs: list[Job] = []
        self._heard: dict[str, float] = {}
        self._ended: deque[tuple[float, float]] = deque(maxlen=1000)
        self._edits = self._wrong = 0

    async def edit(self, owner: str, request: EditRequest) -> AsyncIterator[tuple[Answer, ...]]:
        """The events of an edit, several at a time; the last one is `Finished` or a `Failure`.

        Cancelling the call stops the edit before its next UNet call.
        """
        with self._job(owner) as job:
            try:
                async for events in self._in_turn(job, lambda: self._loaded.edit(request, job.stop)):
                    if isinstance(events[-1], Finished):
                        self._count(events[-1])
                    yield events
            except (EditError, Stopped) as error:
                yield (Failure(sentence=str(error) or LOST),)

    async def locate(self, owner: str, picture: Image.Image, word: str, sentence: str) -> Located | Failure:
        """Where a word's thing is, see `EditingService.locate`."""
        return await self.work(owner, _locate, picture, word, sentence)

    async def work(self, owner: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """What a function of this editor and of more arguments gives, in its turn; a `Failure` for an EditError."""
        with self._job(owner) as job:
            try:
                turn = self._in_turn(job, lambda: iter([function(self._loaded, *arguments)]))
                return [answers async for answers in turn][-1][-1]  # all others say that it waits
            except (EditError, Stopped) as error:
                return Failure(sentence=str(error) or LOST)

    async def read(self, sentence: str) -> Reading:
        """A sentence as the model reads it; needs no turn."""
        return self._loaded.facts.read(sentence)

    async def state(self, owner: str) -> ReplicaState:
        """How things stand; and the front end `owner` is still there."""
        self._heard[owner] = time.monotonic()
        lately = [seconds for at, seconds in self._ended if time.monotonic() - at < MINUTE]
        last = [seconds for _, seconds in self._ended][-8:]
        facts, jobs = self.editor.facts if self.editor else None, self._jobs
        return ReplicaState(
            replica=self.name,
            node=self.node,
            process=os.getpid(),
            model=facts.name if facts else "",
            size=facts.size if facts else 0,
            notices=facts.notices if facts else (),
            failure=self.failure,
            limits=self.limits,
            running=sum(job.begun for job in jobs),
            waiting=sum(job.waits for job in jobs),
            others=sum(job.owner != owner and (job.begun or job.waits) for job in jobs),
            edits=self._edits,
            last_minute=len(lately),
            seconds=sum(last) / len(last) if last else 0.0,
        )

    async def check_health(self) -> None:
        """RuntimeError if this replica is to be replaced."""
        if self._wrong >= WRONG_IN_A_ROW:
            raise RuntimeError(f"{self._wrong} unexpected errors in a row")

    async def leaving(self) -> bool:
        """Whether this replica is to go: it can't be reached then, so no front end is missed."""
        return False

    @property
    def _loaded(self) -> Editor:
        if self.editor is None:
            raise EditError(self.failure)
        return self.editor

    def _count(self, finished: Finished) -> None:
        self._edits += 1
        self._ended.append((time.monotonic(), finished.seconds))

    @contextmanager
    def _job(self, owner: str) -> Iterator[Job]:
        """A job with its lease, which ends with the block."""
        job = Job(owner)
        self._heard[owner] = time.monotonic()
        lease = asyncio.ensure_future(self._watch(job))
        try:
            yield job
            self._wrong = 0
        except Exception:
            self._wrong += 1
            raise
        finally:
            lease.cancel()
            job.stop.set()

    async def _watch(self, job: Job) -> None:
        """Stops a job whose front end has gone."""
        while not job.stop.is_set() and ((left := self._left(job)) > 0 or await self.leaving()):
            await asyncio.sleep(left if left > 0 else self.limits.renewal)
        job.stop.set()

    def _left(self, job: Job) -> float:
        """The seconds that are left of its lease."""
        return self._heard[job.owner] + self.limits.lease - time.monotonic()

    async def _in_turn(self, job: Job, start: Callable[[], Iterator[Any]]) -> AsyncIterator[tuple[Any, ...]]:
        """What an iterator gives, on the device's thread once it is free; until then, that it waits."""
        loop, given = asyncio.get_running_loop(), asyncio.Queue[Any]()

        def tell(item: Any) -> None:
            loop.call_soon_threadsafe(given.put_nowait, item)

        self._jobs.append(job)
        done = loop.run_in_executor(self._device, _drain, job, start, tell)
        done.add_done_callback(lambda _: self._jobs.remove(job))
        while True:
            items = await _bundle(given, None if job.begun else WAITING_SECONDS)
            end = items.pop() if items and isinstance(items[-1], _End) else None
            if items:
                yield tuple(items)
            elif end is None and not job.begun:
                yield (Progress(stage=WAITING, step=0, of=1, fraction=0.0),)
            if end is not None:
                if end.error is not None:
                    raise end.error
                return


async def _bundle(given: asyncio.Queue[Any], patience: float | None) -> list[Any]:
    """What a queue gives within a moment from its first item on; nothing if that does not come for `patience` seconds.

    An end is not waited for.
    """
    items: list[Any] = []
    ends = time.monotonic()
    while not (items and isinstance(items[-1], _End)):
        left = max(ends - time.monotonic(), 0) if items else patience
        try:
            async with asyncio.timeout(left):  # Python 3.11's wait_for forgets a cancelling that meets an item
                items.append(await given.get())
        except TimeoutError:
            break
        if len(items) == 1:
            ends = time.monotonic() + BUNDLE_SECONDS
    return items


@dataclass(frozen=True)
class _End:
    """An iterator is at its end, by an exception or without."""

    error: BaseException | None = None


def _drain(job: Job, start: Callable[[], Iterator[Any]], tell: Callable[[Any], None]) -> None:
    """Runs an iterator to its end and tells all it gives; on the device's thread."""
    try:
        if job.stop.is_set():
            raise Stopped
        job.begun = True
        for item in start():
            tell(item)
        tell(_End())
    except BaseException as error:
        tell(_End(error))


def _locate(editor: Editor, picture: Image.Image, word: str, sentence: str) -> Located:
    return editor.locate(picture, word, sentence)
