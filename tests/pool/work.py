"""What the tests of the pool ask for, in words that a replica can look up."""

import time
from collections.abc import Iterable
from pathlib import Path

from refedit.editing.editor import Editor
from refedit.editing.request import EditEvent, EditRequest, Progress
from refedit.methods import Baret
from tests.conftest import picture

ENDLESS = Baret(steps=100, inner_steps=50)
"""An edit that takes far longer than a test waits."""
AS_LONG_AS_MAY_BE = Baret(steps=50, inner_steps=25)
"""The longest edit that a page takes."""


def edit_of(seed: int, steps: int = 3) -> EditRequest:
    """A quick edit of a picture of its own."""
    return EditRequest(method=Baret(steps=steps), source=picture(seed), prompt="a dog")


def endless(seed: int = 1) -> EditRequest:
    return EditRequest(method=ENDLESS, source=picture(seed), prompt="a dog")


def hold(editor: Editor, gate: str) -> bool:
    """Holds the device until there is a file."""
    while not Path(gate).exists():
        time.sleep(0.01)
    return True


def broken(editor: Editor) -> None:
    raise ZeroDivisionError("nobody has thought of this")


def way(events: Iterable[EditEvent]) -> list[tuple[str, int]]:
    """The steps that an edit told; how many previews there were depends on the clock."""
    return [(event.stage, event.step) for event in events if isinstance(event, Progress) and event.step]
