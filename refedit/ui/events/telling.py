"""Blocks whose every failure is told in one sentence, whatever fails: a handler, or what Gradio does round it."""

from html import escape
from typing import Any

import gradio as gr
from gradio.exceptions import InvalidPathError
from pydantic import ValidationError  # a requirement of gradio

from refedit.errors import EditError
from refedit.machine.by_name import Recent
from refedit.machine.failures import said_of

TITLE = "That did not work"
NOT_UPLOADED = "A file was not uploaded here, or was deleted meanwhile. Add it again."
NO_FILE = (
    "A picture was sent in another way than as an uploaded file. Upload it first, then send "
    '{"path": its path, "meta": {"_type": "gradio.FileData"}}. Addresses on the web are not fetched.'
)
NEVER_CAME = "The server was not reached, or was started anew meanwhile. Load the page again, then run it again."
GARBLED = "The request is not what this address takes. /gradio_api/info tells what that is."
REMEMBERED = 1000
"""So many visitors' last failures are known."""


class TellingBlocks(gr.Blocks):
    """A gr.Blocks that turns every exception into a gr.Error with a sentence, and knows each visitor's last one.

    A browser shows such sentences as HTML, so for events of the page what they quote is escaped; programs get plain
    text.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._failed: Recent[str] = Recent(REMEMBERED)

    async def process_api(self, block_fn: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        """As Gradio's own, which calls it for every event."""
        try:
            return await super().process_api(block_fn, *arguments, **named)
        except Exception as error:
            sentence = _sentence(error)
        self._note(named.get("session_hash"), sentence)
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        shown = sentence if function.api_visibility == "public" else escape(sentence)
        raise gr.Error(shown, title=TITLE, print_exception=False)

    async def preprocess_data(self, *arguments: Any, **named: Any) -> Any:
        """As Gradio's own, which reads what a request holds: of programs that may be anything."""
        try:
            return await super().preprocess_data(*arguments, **named)
        except (InvalidPathError, ValidationError):
            raise
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise EditError(GARBLED) from error

    def failure_of(self, session: str) -> str:
        """Why a visitor's last event failed, in plain text."""
        return self._failed.get(session, NEVER_CAME)

    def forget_failure(self, session: str) -> None:
        """Something new begins, which has not failed yet."""
        self._failed.pop(session, None)

    def _note(self, session: str | None, sentence: str) -> None:
        if session:
            self._failed[session] = sentence


def warn(error: EditError) -> None:
    """Tells the visitor of an event, beside what the event changes; the sentence may quote anything."""
    gr.Warning(escape(str(error)), title=TITLE)


def titled(error: BaseException) -> tuple[str | None, str]:
    """(title, message) of what was raised to be shown to a visitor, by whomever; (None, "") of all else."""
    return (error.title, str(error.message)) if isinstance(error, gr.Error) else (None, "")


def _sentence(error: Exception) -> str:
    if isinstance(error, gr.Error):
        return str(error.message)
    if isinstance(error, ValidationError):  # of what a program sent for a file, before any code of ours runs
        return NO_FILE
    return NOT_UPLOADED if isinstance(error, InvalidPathError) else said_of(error)
