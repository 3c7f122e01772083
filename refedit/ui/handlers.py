"""What all events of the page share: how they are announced to Gradio, and how an EditError reaches the visitor."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import gradio as gr

from refedit.errors import EditError

Updates = dict[Any, Any]
"""What an event changes: new values or properties by component."""

UI_ONLY: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""For events that only rearrange the page: they wait for nobody and are no part of the API."""

SPEAKING: dict[str, Any] = {"concurrency_limit": None, "show_progress": "hidden", "api_visibility": "private"}
"""For those that may have something to say, which Gradio shows to visitors in the queue only: without a limit of their
own number they wait for nobody there, either."""


@contextmanager
def said() -> Iterator[None]:
    """Says an EditError to the visitor and ends it there."""
    try:
        yield
    except EditError as error:
        gr.Warning(str(error), title="That did not work")


def spoken(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler whose EditErrors are said to the visitor and change nothing else; for a generator, `said` is inside."""

    @wraps(handler)  # Gradio reads from the signature whether an event or a request is wanted
    def speaking(*values: Any, **named: Any) -> Any:
        with said():
            return handler(*values, **named)
        return gr.skip()

    return speaking
