"""What Gradio keeps of visitors in memory: nothing of one who has left, and nobody's goes for invented ones."""

from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState, StateHolder

Scope = MutableMapping[str, Any]
HEARTBEAT = "/heartbeat/"
"""In the path of the connection that a page holds open while it is looked at; the session's name follows."""


class Visit(SessionState):
    """A session without the values that came and went: Gradio keeps them for links to a state, which we don't offer."""

    def __init__(self, blocks: gr.Blocks) -> None:
        super().__init__(blocks)
        self.config_values = {}

    def __setitem__(self, key: int, value: Any) -> None:
        super().__setitem__(key, value)
        self.config_values.clear()

    def _update_config(self, key: int) -> None:
        return

    def _update_value_in_config(self, key: int, value: Any) -> None:
        return


class Sessions(StateHolder):
    """The sessions by name; above `capacity`, those whose page is not open go first, the longest unused of them.

    A session that is forgotten begins anew when it is named again; only what a `gr.State` held is lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self._open: Counter[str] = Counter()

    def __getitem__(self, session_id: str) -> SessionState:
        with self.lock:
            if session_id not in self.session_data:
                self.session_data[session_id] = Visit(self.blocks)
            session = self.session_data[session_id]
            self.time_last_used[session_id] = datetime.now()
        self.update(session_id)
        return session

    def update(self, session_id: str) -> None:
        with self.lock:
            if session_id in self.session_data:
                self.session_data.move_to_end(session_id)
            while len(self.session_data) > self.capacity:
                closed = (name for name in self.session_data if name not in self._open)
                self._forget(next(closed, next(iter(self.session_data))))

    def came(self, session_id: str) -> None:
        """A page of the session is open."""
        with self.lock:
            self._open[session_id] += 1

    def left(self, session_id: str) -> None:
        """A page of the session was closed; after the last one nothing is kept but what a `gr.State` holds."""
        with self.lock:
            self._open[session_id] -= 1
            if self._open[session_id] > 0:
                return
            del self._open[session_id]
            if session_id in self.session_data and not self.session_data[session_id].state_data:
                self._forget(session_id)

    def _forget(self, session_id: str) -> None:
        self.session_data.pop(session_id, None)
        self.time_last_used.pop(session_id, None)
        if session_id not in self._open and all(one.session_hash != session_id for one in pending_events(self.blocks)):
            queue = self.blocks._queue  # answers that nobody has fetched wait there
            queue.pending_messages_per_session.pop(session_id, None)
            queue.pending_event_ids_session.pop(session_id, None)


def pending_events(blocks: gr.Blocks) -> list[Any]:
    """The events that wait or run, as Gradio's queue has them."""
    queue = blocks._queue  # Gradio has no public way to ask for them
    waiting = [event for one in [*queue.event_queue_per_concurrency_id.values()] for event in [*one.queue]]
    return waiting + [event for running in [*queue.active_jobs] for event in running or ()]


class Presence:
    """Wraps an ASGI app; tells the sessions which pages are open."""

    def __init__(self, app: Callable[..., Awaitable[None]], sessions: Sessions) -> None:
        self.app, self.sessions = app, sessions

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path = str(scope.get("path", "")) if scope["type"] == "http" else ""
        if HEARTBEAT not in path:
            await self.app(scope, receive, send)
            return
        session = path.rpartition(HEARTBEAT)[2]
        self.sessions.came(session)
        try:
            await self.app(scope, receive, send)
        finally:
            self.sessions.left(session)
