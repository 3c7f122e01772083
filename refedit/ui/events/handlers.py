"""What all handlers share: how events are announced to Gradio, and how an EditError reaches the visitor."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import gradio as gr

from refedit.errors import EditError
from refedit.ui.events.telling import warn

Updates = dict[Any, Any]
"""What an event changes: new values or properties by component."""

PAGE_ONLY: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For events that only rearrange the page: they wait for nobody and are no part of the API."""

MAY_FAIL: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
"""For events whose EditErrors are shown. Gradio shows a warning to visitors in the queue only; without a limit of their
own number these wait for nobody there, either."""


@contextmanager
def errors_shown() -> Iterator[None]:
    """Shows an EditError to the visitor and ends it there."""
    try:
        yield
    except EditError as error:
        warn(error)


def showing_errors(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler, no generator, whose EditErrors are shown and change nothing else."""

    @wraps(handler)  # Gradio reads from the signature whether an event or a request is wanted
    def handling(*values: Any, **named: Any) -> Any:
        with errors_shown():
            return handler(*values, **named)
        return gr.skip()

    return handling
