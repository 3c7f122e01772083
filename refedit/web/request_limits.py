"""What is refused before Gradio reads it: bodies that are too much, and files that would be fetched from elsewhere.

Gradio limits the size of an upload only: not of JSON, which may hold pictures too; and it fetches a file whose path is
a web address by itself. Uploads are taken before this, so that nothing passes by calling itself one.
"""

import json
import re
from typing import Any

from refedit.web.answers import App, Message, Receive, Scope, Send, refuse
from refedit.web.listeners import LONGEST_NAME

JSON_LIMIT = 1 << 20
"""Bytes of one request."""
LARGEST = 64 << 20
"""Of a request that is too large so many bytes are read before the answer, for which a client that sends would not
look."""
TOO_LARGE = f"The request is too large; the limit is {JSON_LIMIT >> 20} MB."
VALUES = 10_000
"""Values of one JSON body: a small body of many takes a hundred times its bytes, and holds up everybody meanwhile."""
NAMES = ("session_hash", "event_id")
"""What Gradio remembers of a body by its name, for a while."""
TOO_MANY_VALUES = f"The request holds too many values, or too deep ones; the limit is {VALUES}."
LONG_NAME = f"The name of a session or of an event has {LONGEST_NAME} characters at most."
NO_FETCHING = "This server fetches nothing from elsewhere. Upload the file instead."
_ELSEWHERE = re.compile(r"[\s/\\]*(?:[a-z][a-z0-9+.-]+:|//|\\\\)", re.IGNORECASE)
"""A scheme of two letters or more (one is a Windows drive), or two slashes."""
_DECIDING = frozenset({"content-type", "content-length"})
"""Headers that decide how a body is read: of two, another reader might believe the other one."""


class RequestLimits:
    """Wraps an ASGI app; answers 413 and 400 by itself. Plain ASGI, so that streamed answers stay streams."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = dict(pairs)
        announced = headers.get("content-length", "0")
        if sum(name in _DECIDING for name, _ in pairs) > len(_DECIDING & headers.keys()):
            await refuse(send, 400, "The request says twice what it is or how long. Say it once.")
        elif not announced.isdecimal() or int(announced) > JSON_LIMIT:
            if announced.isdecimal() and int(announced) <= LARGEST:
                await _discard(receive)
            await refuse(send, 413, TOO_LARGE)
        else:
            await self._read(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads the whole body first, to look into it."""
        body = await _whole(receive)
        if body is None:
            await refuse(send, 413, TOO_LARGE)
            return
        if refusal := refusal_of(body):
            await refuse(send, *refusal)
            return
        given = False

        async def replayed() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replayed, send)


def elsewhere(path: str) -> bool:
    """Whether a file's path leads to another machine."""
    return _ELSEWHERE.match(path) is not None


def refusal_of(body: bytes) -> tuple[int, str] | None:
    """A status and a sentence for a JSON body that is not passed on; None for all others.

    Not passed on is a file whose path would be fetched from the web, a long name, and what is many values or deep.
    """
    if sum(map(body.count, (b",", b"[", b"{"))) > VALUES:  # before it is read, which would take the time
        return 413, TOO_MANY_VALUES
    try:
        told = json.loads(body)
    except RecursionError:
        return 413, TOO_MANY_VALUES
    except ValueError:
        return None  # whoever reads it says so
    if isinstance(told, dict) and any(_is_long(told.get(name)) for name in NAMES):
        return 400, LONG_NAME
    return (400, NO_FETCHING) if _fetches(told) else None


def _fetches(told: Any) -> bool:
    waiting = [told]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            path = value.get("path")
            if isinstance(path, str) and elsewhere(path):
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


def _is_long(name: Any) -> bool:
    return isinstance(name, str) and len(name) > LONGEST_NAME


async def _whole(receive: Receive) -> bytes | None:
    """The body; None if it is longer than its limit."""
    parts, taken = [], 0
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        taken += len(parts[-1])
        if taken > JSON_LIMIT:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


async def _discard(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass
