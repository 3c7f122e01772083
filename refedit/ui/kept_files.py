"""Visitors' files: in a private folder that Gradio uses in place of its own, looked after until the server ends."""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

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
    with suppress(ImportError):  # whose module has read the variable when it was imported
        importlib.import_module("gradio.mcp").DEFAULT_TEMP_DIR = str(folder.path)  # type: ignore[attr-defined]
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
