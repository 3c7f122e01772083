"""What is refused before Gradio reads it: oversized bodies, and files that would be fetched from elsewhere.

Gradio limits the size of a single upload only: not of all files in one request, nor of JSON, which may hold pictures
too; and it fetches a file whose path is a web address by itself. Plain ASGI, so that streamed answers stay streams.
"""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON_LIMIT = 1 << 20
UPLOAD_LIMIT = 64 << 20
"""Bytes of one request; a canvas sends a picture and its mask together."""
_DECIDING = frozenset({"content-type", "content-length"})
"""Headers that decide how a body is read: of two, another reader might believe the other one."""


class TooLarge(Exception):
    """A body above its limit."""


class RequestLimits:
    """Wraps an ASGI app; answers 413 and 400 by itself."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        pairs = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        headers = dict(pairs)
        if sum(name in _DECIDING for name, _ in pairs) > len(_DECIDING & headers.keys()):
            await _refuse(send, 400, "The request says twice what it is or how long. Say it once.")
            return
        upload = headers.get("content-type", "").startswith("multipart/form-data")
        limit, announced = UPLOAD_LIMIT if upload else JSON_LIMIT, headers.get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            if announced.isdecimal() and int(announced) <= UPLOAD_LIMIT:
                await _discard(receive)  # a client that is still sending would not read the answer
            await _refuse(send, 413, f"The request is too large; the limit is {limit >> 20} MB.")
        elif upload:
            await self._upload(scope, receive, send, limit)
        else:
            await self._plain(scope, receive, send, limit)

    async def _upload(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Passes the parts on as they come, up to the limit."""
        taken = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                # As if the client had gone: whoever sends more than it announced is not owed an answer.
                return {"type": "http.disconnect"}
            return message

        await self.app(scope, counted, send)

    async def _plain(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        """Reads the whole body first, to look into it."""
        try:
            body = await _whole(receive, limit)
        except TooLarge:
            await _refuse(send, 413, f"The request is too large; the limit is {limit >> 20} MB.")
            return
        if fetches(body):
            await _refuse(send, 400, "A file's path is a web address. Upload the file instead.")
            return
        given = False

        async def replayed() -> MutableMapping[str, Any]:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, replayed, send)


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
            if isinstance(path, str) and path.strip().lower().startswith(("http:", "https:", "ftp:", "//")):
                return True
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return False


async def _whole(receive: Receive, limit: int) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge
        if not message.get("more_body", False):
            return body


async def _discard(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


async def _refuse(send: Send, code: int, reason: str) -> None:
    body = json.dumps({"error": reason, "detail": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})
