"""What is refused before Gradio reads it: oversized bodies, and files that would be fetched from elsewhere.

Gradio limits the size of a single upload only: not of all files in one request, nor of JSON, which may hold pictures
too; and it fetches a file whose path is a web address by itself. Plain ASGI, so that streamed answers stay streams.
"""

import asyncio
import json
import re
import time
from contextlib import suppress

from refedit.web.answers import App, Message, Receive, Scope, Send, refuse

JSON_LIMIT = 1 << 20
UPLOAD_LIMIT = 64 << 20
"""Bytes of one request; a canvas sends a picture and its mask together."""
UPLOAD = "/gradio_api/upload"
PAUSE, LONGEST = 30.0, 600.0
"""Seconds for which the next part of a body is waited for, and the whole."""
TOO_SLOW = "The request came too slowly, or only half of it. Send it again."
NO_FETCHING = "This server fetches nothing from elsewhere. Upload the file instead."
_ELSEWHERE = re.compile(r"[\s/\\]*(?:[a-z][a-z0-9+.-]+:|//|\\\\)", re.IGNORECASE)
"""A scheme of two letters or more (one is a Windows drive), or two slashes."""
_DECIDING = frozenset({"content-type", "content-length"})
"""Headers that decide how a body is read: of two, another reader might believe the other one."""


class Refused(Exception):
    """A body that is not read to its end."""


class RequestLimits:
    """Wraps an ASGI app; answers 413 and 400 by itself."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = dict(pairs)
        if sum(name in _DECIDING for name, _ in pairs) > len(_DECIDING & headers.keys()):
            await refuse(send, 400, "The request says twice what it is or how long. Say it once.")
            return
        upload = _is_upload(scope, headers.get("content-type", ""))
        limit, announced = UPLOAD_LIMIT if upload else JSON_LIMIT, headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            if announced.isdecimal() and int(announced) <= UPLOAD_LIMIT:
                await _discard(receive)  # a client that is still sending would not read the answer
            await refuse(send, 413, too_large(limit))
        elif upload:
            await self._upload(scope, receive, send, limit)
        else:
            await self._plain(scope, receive, send, limit)

    async def _upload(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Passes the parts on as they come, up to the limit; to the app, what goes on too long ends as if cut off."""
        body, cut = _Body(receive, limit), False

        async def counted() -> Message:
            nonlocal cut
            try:
                return await body.next()
            except Refused:
                cut = True
                return {"type": "http.disconnect"}

        async def answering(message: Message) -> None:
            if not cut:
                await send(message)

        try:
            await self.app(scope, counted, answering)
        except Exception:
            if not cut:
                raise
        if cut:
            await refuse(send, *body.refusal)

    async def _plain(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Reads the whole body first, to look into it."""
        sent = _Body(receive, limit)
        try:
            body = await sent.whole()
        except Refused:
            await refuse(send, *sent.refusal)
            return
        if fetches(body):
            await refuse(send, 400, NO_FETCHING)
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


def fetches(body: bytes) -> bool:
    """True if a JSON body has a file whose path would be fetched from the web, or is nested beyond reason."""
    try:
        waiting = [json.loads(body)]
    except RecursionError:
        return True
    except ValueError:
        return False
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


class _Body:
    """A request's body as it comes; `Refused` once it is longer than its limit or takes too long."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive, self._limit = receive, limit
        self._taken, self.over = 0, False
        self._until = time.monotonic() + LONGEST
        self.refusal = (413, too_large(limit))

    async def next(self) -> Message:
        if self.over:  # what comes now is that the client has gone, for which there is no hurry
            return await self._receive()
        pause = min(PAUSE, self._until - time.monotonic())
        try:
            message = await asyncio.wait_for(self._receive(), max(pause, 0.0))
        except TimeoutError:
            self.refusal = (408, TOO_SLOW)
            raise Refused from None
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            raise Refused
        self.over = not message.get("more_body", False)
        return message

    async def whole(self) -> bytes:
        parts = []
        while not self.over:
            parts.append((await self.next()).get("body", b""))
        return b"".join(parts)


def _is_upload(scope: Scope, kind: str) -> bool:
    """Whether a request may be as large as pictures: by where it goes, not only by what it says of itself."""
    return kind.lower().startswith("multipart/form-data") and str(scope["path"]).rstrip("/").endswith(UPLOAD)


def too_large(limit: int) -> str:
    return f"The request is too large; the limit is {limit >> 20} MB."


async def _discard(receive: Receive) -> None:
    body = _Body(receive, UPLOAD_LIMIT)
    with suppress(Refused):
        while not body.over:
            await body.next()
