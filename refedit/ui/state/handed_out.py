"""Files that the page hands out: a visitor's pictures and results, which go in time, and its own, which stay."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder

from refedit.errors import EditError
from refedit.keeping.private_folder import BUSY, OWN, place_for


def own_files() -> Path:
    """Where the page's own pictures lie, which belong to no visitor and stay."""
    folder = Path(get_upload_folder()) / OWN
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def handed_to(request: gr.Request | None) -> Iterator[Path]:
    """A folder for files that a visitor is handed; Gradio serves them from there until their time is over.

    Raises EditError if the disk is full.
    """
    try:
        place = place_for(Path(get_upload_folder()), address_of(request))
        (place / BUSY).touch()
    except OSError as error:
        raise EditError(f"The server has no room for pictures now ({error.strerror or error}). Try again.") from None
    try:
        yield place
    finally:
        (place / BUSY).unlink(missing_ok=True)
        with suppress(OSError):  # it is not empty
            place.rmdir()


def address_of(request: gr.Request | None) -> str:
    """The network address of a visitor, "" if it is not known."""
    client = getattr(request, "client", None)
    return str(client.host) if client else ""
