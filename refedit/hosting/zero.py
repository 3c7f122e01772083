"""Edits on a GPU that Hugging Face lends for each of them (ZeroGPU): the only importer of `spaces`.

A request goes to a worker, which is a fork of this process that has the GPU, and its events come back as values. Import
this before a model is loaded: from then on what is loaded "on cuda" in the main thread is kept for the workers. After
the page is launched this process has no weights of its own any more, only the tokenizer.
"""

import logging
import math
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from contextvars import copy_context
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

import spaces
from PIL import Image

from refedit.editing.editor import Editor
from refedit.editing.progress import Costs
from refedit.editing.request import EditEvent, EditRequest, Finished, Progress
from refedit.editing.service import Located
from refedit.errors import EditError, Stopped
from refedit.methods import Method
from refedit.ui.events.telling import titled

log = logging.getLogger(__name__)

AT_ONCE = 40
"""Gradio's handlers have so many threads. ZeroGPU itself decides how many edits run, and for whom."""
WAITING = "Waiting for a GPU"
PATIENCE = 0.25
"""Seconds between two looks at whether the visitor has stopped."""

OVERHEAD = 5
"""Seconds that a fresh worker may take to get the weights onto its GPU (our choice, not measured on such a card)."""
MARGIN = 1.3
FIRST = 30
LONGEST = 120
"""Seconds that are asked for: `MARGIN` times what edits have cost lately, `FIRST` before any was done (our choice).

A visitor's daily quota has to hold what is asked for, though only what was used counts against it, so too much is
refused too early. ZeroGPU itself takes half as much again on its slower cards.
"""

NOTE = (
    "Each edit and each search for a word borrows a GPU from Hugging Face (ZeroGPU). It lends every visitor some "
    "minutes a day: 2 at the time of writing, and 5 to those who are logged in on huggingface.co and use the Space "
    "there, not at its own address."
)
TAKEN_BACK = "GPU task aborted"
NONE_LENT = "Hugging Face cannot lend a GPU just now. Nothing of yours is lost: try again in a minute."


@dataclass(frozen=True, kw_only=True)
class Search:
    """Where is this word's thing in a picture that `sentence` describes?"""

    picture: Image.Image
    word: str
    sentence: str


@dataclass(frozen=True)
class Lent:
    """A worker has its GPU."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An EditError of the worker: of an exception only the class would come back."""

    message: str


Job = EditRequest | Search
Answer = Lent | Refused | Located | EditEvent
Work = Callable[[Job], Generator[Answer, None, None]]


class ZeroEditor:
    """The `SharedService` of a ZeroGPU Space: every edit may have a GPU of its own.

    A worker that is used again remembers what it has computed; a fresh one does not. One function does edits and
    searches, since ZeroGPU keeps workers for every function apart.
    """

    at_once: int = AT_ONCE

    def __init__(self, editor: Editor) -> None:
        self._editor, self.facts = editor, replace(editor.facts, notices=(*editor.facts.notices, NOTE))
        self._costs = Costs()
        self._lend: Work = spaces.GPU(self._work, duration=self._seconds)

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        """Runs an edit on a borrowed GPU and yields what happens; raises as `EditingService.edit`.

        EditError also says in plain words that no GPU was lent, or that it was taken back.
        """
        with closing(self._answers(request, cancel or threading.Event())) as answers:
            for answer in answers:
                if isinstance(answer, Finished):
                    self._costs.record(answer.rows, answer.seconds)
                if isinstance(answer, EditEvent):
                    yield answer

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        search = Search(picture=picture, word=word, sentence=sentence)
        with closing(self._answers(search, threading.Event())) as answers:
            return next(answer for answer in answers if isinstance(answer, Located))

    def for_visitor(self, visitor: str) -> "ZeroEditor":
        """The same one: ZeroGPU itself knows its visitors."""
        return self

    def expected_seconds(self, method: Method) -> float | None:
        return self._costs.expected(method)

    def _answers(self, job: Job, cancel: threading.Event) -> Generator[Answer, None, None]:
        """What a worker answers; until there is one, that it is being waited for."""
        if cancel.is_set():
            raise Stopped
        loan, lent = Loan(self._lend, job), False
        try:
            while not cancel.is_set():
                match answer := loan.answer(PATIENCE):
                    case None if not lent:
                        yield Progress(stage=WAITING, step=0, of=1, fraction=0.0)
                    case None:
                        pass
                    case Lent():
                        lent = True
                    case Refused():
                        raise EditError(answer.message)
                    case Ended():
                        if answer.error is not None:
                            raise in_plain_words(answer.error, lent) from answer.error
                        return
                    case _:
                        yield answer
            raise Stopped
        finally:
            loan.give_back()

    def _work(self, job: Job) -> Generator[Answer, None, None]:
        """What a worker does. `Lent` comes first, so that a GPU which nobody waits for any more is given back."""
        yield Lent()
        try:
            if isinstance(job, Search):
                yield self._editor.locate(job.picture, job.word, job.sentence)
            else:
                yield from self._editor.edit(job)
        except EditError as error:
            yield Refused(message=str(error))

    def _seconds(self, job: Job) -> int:
        """How long a GPU is asked for."""
        if isinstance(job, Search):
            return 2 * OVERHEAD  # a few dozen rows
        expected = self._costs.expected(job.method)
        return min(FIRST if expected is None else math.ceil(OVERHEAD + MARGIN * expected), LONGEST)


@dataclass(frozen=True, kw_only=True)
class Ended:
    """Nothing more comes; `error` is why, if something went wrong."""

    error: BaseException | None


class Loan:
    """A job on a borrowed GPU. It waits for the GPU on a thread of its own, since that wait cannot be broken off.

    The thread has the caller's context, by which ZeroGPU knows whose minutes are used.
    """

    def __init__(self, lend: Work, job: Job) -> None:
        self._answers: SimpleQueue[Answer | Ended] = SimpleQueue()
        self._unwanted = threading.Event()
        threading.Thread(target=copy_context().run, args=(self._borrow, lend, job), daemon=True).start()

    def answer(self, seconds: float) -> Answer | Ended | None:
        """What comes next; None if nothing comes so soon."""
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None

    def give_back(self) -> None:
        """Ends the job at its next answer, or, if there is no GPU yet, as soon as there is one."""
        self._unwanted.set()

    def _borrow(self, lend: Work, job: Job) -> None:
        try:
            with closing(lend(job)) as answers:
                for answer in answers:
                    if self._unwanted.is_set():
                        return
                    self._answers.put(answer)
        except BaseException as error:
            self._answers.put(Ended(error=error))
        else:
            self._answers.put(Ended(error=None))


def in_plain_words(error: BaseException, lent: bool = True) -> BaseException:
    """An EditError for what ZeroGPU says of GPUs, queues and quotas, and for all that fails before one is `lent`.

    Other errors stay as they are.
    """
    title, message = titled(error)
    if TAKEN_BACK in message:
        return EditError("The GPU was taken back before the edit was done. Run it again, or with fewer steps.")
    if title in (None, "ZeroGPU worker error"):
        if not lent:
            log.error("no GPU was lent", exc_info=error)
            return EditError(NONE_LENT)
        # Of a worker's exception there is only the class's name; the worker's log has the rest.
        return RuntimeError(f"{message} in a worker of ZeroGPU") if message else error
    # The message may be HTML, whose own text is what it says of itself as a string.
    return EditError(f"No GPU was lent for this, and nothing of yours is lost. Hugging Face says: {message}")
