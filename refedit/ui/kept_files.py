"""Visitors' files: in a private folder that Gradio uses in place of its own, looked after until the server ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.keeping.janitor import Janitor
from refedit.keeping.private_folder import OWN, PrivateFolder
from refedit.keeping.promise import Promise

FOLDER = "GRADIO_TEMP_DIR"
"""Gradio's variable for where it puts all files of visitors; it is asked at every use."""


@contextmanager
def kept_files(promise: Promise) -> Iterator[Janitor]:
    """A private folder for the files of a page that is drawn and served inside, and who keeps the promise there.

    Raises EditError if there is no place for such a folder. It is gone at the end, however the server ends.
    """
    folder, before = PrivateFolder.make(promise), os.environ.get(FOLDER)
    (folder.path / OWN).mkdir()
    folder.leave_to_heir()
    os.environ[FOLDER] = str(folder.path)
    janitor = Janitor(folder)
    janitor.start()
    try:
        yield janitor
    finally:
        janitor.stop()
        folder.delete()
        os.environ.pop(FOLDER)
        if before is not None:
            os.environ[FOLDER] = before


def waiting_files(blocks: gr.Blocks) -> set[Path]:
    """The files of the events that wait or run."""
    queue = blocks._queue  # Gradio has no public way to ask for them
    events = [event for waiting in [*queue.event_queue_per_concurrency_id.values()] for event in [*waiting.queue]]
    events += [event for running in [*queue.active_jobs] for event in running or ()]
    return {Path(path) for event in events if event.data is not None for path in _paths(event.data.data)}


def _paths(value: Any) -> Iterator[str]:
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(path := value.get("path"), str):
                yield path
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
