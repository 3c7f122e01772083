"""Takes uploads in Gradio's place, which leaves a part of every broken one behind.

Parts lie in files without a name until all of a request has come: whatever breaks it off, nothing is left of them. Then
each becomes a file in the visitor's folder, if there is room.
"""

import json
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import anyio.to_thread
from gradio_client.utils import strip_invalid_filename_characters  # type: ignore[import-untyped]
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from refedit.keeping.janitor import Janitor
from refedit.keeping.private_folder import place_for

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATHS = ("/gradio_api/upload", "/upload")
FIELD = "files"
FILES = 8
"""Files of one request; the page sends one, and programs one each."""
LARGEST = 48 << 20
"""Bytes of a file: a downloaded result with large pictures inside has to come back."""
LARGEST_REQUEST = 64 << 20
ON_THEIR_WAY = 256 << 20
"""Bytes of unfinished uploads from one address: they take room before they are files, which nobody counts."""
NO_ROOM = "The server has no room for another picture now. Try again in a minute."


class Refused(Exception):
    """An upload that is not taken, with the status and the sentence that say so."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Uploads:
    """Wraps an ASGI app: answers uploads by itself, and refuses files that are sent anywhere else."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], janitor: Janitor) -> None:
        self.app, self.janitor = app, janitor
        self._coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("POST", "PUT", "PATCH"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        is_form = request.headers.get("content-type", "").lower().startswith("multipart/")
        here = _path(scope) in PATHS
        if not here and not is_form:
            await self.app(scope, receive, send)
            return
        whole = False

        async def noted() -> MutableMapping[str, Any]:
            nonlocal whole
            message = await receive()
            whole = not message.get("more_body", False)
            return message

        try:
            if not here:
                raise Refused(415, f"Files are sent to {PATHS[0]} only.")
            if not is_form:
                raise Refused(400, f"Send files as multipart/form-data, in the field '{FIELD}'.")
            stored = await self._take(scope, noted, request)
        except ClientDisconnect:  # or cut off for its length, and still there to be told
            await _answer(send, 400, {"error": "The upload broke off."})
        except Refused as refused:
            if not whole:  # else the next thing to come is that the client has gone
                await _discard(noted, _announced(request))
            await _answer(send, refused.status, {"error": refused.sentence, "detail": refused.sentence})
        else:
            await _answer(send, 200, stored)

    async def _take(self, scope: Scope, receive: Receive, request: Request) -> list[str]:
        """Reads the request and stores its files; the paths of these."""
        announced, address = _announced(request), _address(scope)
        if announced > LARGEST_REQUEST:
            raise _too_large(LARGEST_REQUEST)
        if not await anyio.to_thread.run_sync(self.janitor.make_room, announced):
            raise Refused(507, NO_ROOM)
        coming = _Coming(receive, self._coming, address)
        try:
            form = await Request(scope, coming).form(max_files=FILES, max_fields=FILES)
        except (MultiPartException, KeyError, ValueError) as error:
            many = "Too many" in str(error)
            told = f"send {FILES} files at most" if many else "it cannot be read"
            raise Refused(413 if many else 400, f"That is no upload: {told}.") from None
        except OSError:
            raise Refused(507, NO_ROOM) from None
        finally:
            coming.end()
        try:
            return await anyio.to_thread.run_sync(self._store, _files_in(form), address)
        finally:
            await form.close()

    def _store(self, files: list[UploadFile], address: str) -> list[str]:
        """Copies what has come into the visitor's folder."""
        if not self.janitor.make_room(sum(file.size or 0 for file in files)):
            raise Refused(507, NO_ROOM)
        stored: list[Path] = []
        try:
            for file in files:
                stored.append(place_for(self.janitor.folder.path, address))
                path = stored[-1] / (strip_invalid_filename_characters(Path(file.filename or "").name) or "file")
                with open(path, "xb") as target:
                    shutil.copyfileobj(file.file, target)
                stored[-1] = path
        except OSError:
            for path in stored:
                shutil.rmtree(path if path.is_dir() else path.parent, ignore_errors=True)
            raise Refused(507, NO_ROOM) from None
        return [str(path) for path in stored]


class _Coming:
    """What comes of an upload, up to its limits: one that does not say how long it is may go on for ever."""

    def __init__(self, receive: Receive, unfinished: Counter[str], address: str) -> None:
        self._receive, self._unfinished, self._address = receive, unfinished, address
        self._came = 0

    async def __call__(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        size = len(message.get("body", b""))
        self._came += size
        self._unfinished[self._address] += size
        if self._came > LARGEST_REQUEST:
            raise _too_large(LARGEST_REQUEST)
        if self._unfinished[self._address] > ON_THEIR_WAY:
            raise Refused(507, NO_ROOM)
        return message

    def end(self) -> None:
        """It is no upload on its way any more."""
        self._unfinished[self._address] -= self._came
        if not self._unfinished[self._address]:
            del self._unfinished[self._address]


def _files_in(form: FormData) -> list[UploadFile]:
    files = [item for item in form.getlist(FIELD) if isinstance(item, UploadFile)]
    if not files:
        raise Refused(400, f"There is no file in the field '{FIELD}'.")
    if any((file.size or 0) > LARGEST for file in files):
        raise _too_large(LARGEST)
    return files


def _too_large(limit: int) -> Refused:
    return Refused(413, f"The file is too large; the limit is {limit >> 20} MB.")


def _path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(str(scope.get("root_path", ""))).rstrip("/")


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "0")
    return int(length) if length.isdecimal() else LARGEST_REQUEST + 1


async def _discard(receive: Receive, announced: int) -> None:
    """Reads the rest of a request of a fair size: a client that is still sending would not read the answer."""
    left = announced if announced <= LARGEST_REQUEST else 0
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        left -= len(message.get("body", b""))


async def _answer(send: Send, status: int, told: Any) -> None:
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status != 200:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
