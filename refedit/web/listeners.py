"""Who still listens: a request's answers go to a stream of their own, and whoever closes it has left."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from refedit.machine.by_name import Recent
from refedit.web.answers import Scope

LONGEST_NAME = 64
"""Characters of a name at most: pages and programs have a dozen or three, and names are kept for a while."""
REMEMBERED = 4096
"""So many names of those who left are kept."""
HEARTBEAT, DATA, CALL = "/heartbeat/", "/queue/data", "/call/"


class Listeners:
    """The open streams by name: a session's, or a single call's. May be asked from any thread."""

    def __init__(self) -> None:
        self._open: Counter[str] = Counter()
        self._left: Recent[float] = Recent(REMEMBERED)
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, scope: Scope) -> Iterator[None]:
        """Notes that somebody listens for as long as the block lasts, if the request is for a stream."""
        name = stream_of(scope)
        if name:
            with self._lock:
                self._open[name] += 1
        try:
            yield
        finally:
            if name:
                self._leave(name)

    def has_page(self, session: str) -> bool:
        """Whether a page of the session is open somewhere."""
        return bool(self._open[f"{HEARTBEAT}{session}"])

    def silent_for(self, names: tuple[str, ...], since: float) -> float:
        """For how many seconds nobody has listened under any of the names, counted from `since` (monotonic) at most."""
        with self._lock:
            if any(self._open[name] for name in names):
                return 0.0
            return time.monotonic() - max(since, *(self._left.get(name, 0.0) for name in names))

    def _leave(self, name: str) -> None:
        with self._lock:
            self._open[name] -= 1
            if self._open[name] <= 0:
                del self._open[name]
                self._left[name] = time.monotonic()


def stream_of(scope: Scope) -> str:
    """The name under which a request listens; "" if it does not."""
    path = str(scope["path"]).rstrip("/")
    if scope["method"] != "GET":
        return ""
    if path.endswith(DATA):
        return parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0]
    if HEARTBEAT in path:
        return HEARTBEAT + path.rpartition(HEARTBEAT)[2]
    return path.rpartition("/")[2] if CALL in path else ""
