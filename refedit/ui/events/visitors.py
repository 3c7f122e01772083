"""Who sends a request, as far as it decides whose turn it is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import gradio as gr
from gradio.context import LocalContext

from refedit.editing.line import EditorInLine, Visitor
from refedit.editing.service import EditingService, for_visitor
from refedit.errors import EditError
from refedit.machine.by_name import UnderWay
from refedit.ui.state.handed_out import address_of
from refedit.web.guard import LISTENERS
from refedit.web.listeners import Listeners

LOOKS = 4
"""So many masks that one address asks for are computed or wait at the same time (our choice)."""
TOO_MANY_LOOKS = "Too many masks are asked for from your network address at once. Wait for one of them and try again."
EDITS = 32
"""Edits that one address asks for at the same time: the pictures of all are read, before most are told to wait."""
TOO_MANY_EDITS = "Too many edits are asked for from your network address at once. Try again in a moment."


def asked_by(editor: EditingService, request: gr.Request | None) -> EditingService:
    """The service for whoever sends a request; for one visitor of many, if it knows any."""
    if request is None:
        return editor
    if not isinstance(editor, EditorInLine):
        return for_visitor(editor, request.session_hash or "")
    return editor.asked_by(visitor_of(request))


def visitor_of(request: gr.Request) -> Visitor:
    """A visitor with a page, or a program; all programs of one address that keep no session open are one visitor."""
    session, address = request.session_hash or "", address_of(request)
    listeners: Listeners | None = _scope(request).get(LISTENERS)
    if listeners is None:
        return Visitor(name=session, address=address)
    streams = tuple(filter(None, (session, LocalContext.event_id.get(None))))
    name = session if listeners.has_page(session) else f"programs at {address}"
    return Visitor(name=name, address=address, silent=lambda since: listeners.silent_for(streams, since))


def _scope(request: Any) -> Mapping[str, Any]:
    """What the server knows of a request, be it Gradio's or Starlette's; nothing of none."""
    return getattr(getattr(request, "request", request), "scope", {})


class Looks:
    """How many masks, or other things, each address asks for just now."""

    def __init__(self, most: int = LOOKS, refusal: str = TOO_MANY_LOOKS) -> None:
        self.refusal, self._under_way = refusal, UnderWay(most)

    @contextmanager
    def by(self, address: str) -> Iterator[None]:
        """A look for as long as the block lasts; EditError if the address has too many already."""
        with self._under_way.one_of(address) as few:
            if address and not few:
                raise EditError(self.refusal)
            yield
