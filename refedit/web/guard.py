"""What stands round a whole page or study: who may ask, what is never answered, and what every answer carries."""

import os
import re
import socket
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from refedit.machine.by_name import UnderWay
from refedit.machine.failures import said_of
from refedit.web.answers import App, Message, Receive, Scope, Send, refuse, with_headers
from refedit.web.listeners import LONGEST_NAME, Listeners, stream_of
from refedit.web.origins import Origins
from refedit.web.patience import TOO_SLOW, PatientBody
from refedit.web.rates import OPEN, TOO_FAST, TOO_MANY, Rates, network_of
from refedit.web.request_limits import NO_FETCHING, elsewhere

LISTENERS = "refedit.listeners"
"""Under this name a request's scope holds the `Listeners` of its server."""
TRUSTED = "FORWARDED_ALLOW_IPS"
"""uvicorn's variable: the proxies whose `X-Forwarded-For` is believed."""
PRIVATE = "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7"
"""Where a Space's proxy may be; of a chain of addresses the last one that is none of these is the visitor's."""
NO_FILE = "There is no such file here, or it was deleted meanwhile."
NO_PAGE = "There is no such page here."
_FILE = re.compile(r"/file[=/](.*)", re.DOTALL)
_UNUSED: tuple[str, ...] = (
    "/proxy=",
    "/vibe-",
    "/undo-vibe-",
    "/run-history",
    "/runs",
    "/process_recording",
    "/deep_link",
    "/dev/",
)
_UNUSED += ("/monitoring", "/profiling", "/stream/", "/custom_component/", "/upload_progress")
"""Of Gradio's routes those that RefEdit has no use for: some fetch, keep or tell what nobody asked for."""


def trust_proxies(environment: Mapping[str, str] = os.environ) -> str:
    """Whom uvicorn is to believe what it forwards: who was named, a Space's own proxies, nobody elsewhere."""
    return environment.get(TRUSTED, PRIVATE if "SPACE_ID" in environment else "")


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens at an address of this machine, for uvicorn; OSError if it cannot be had."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


class Guard:
    """Wraps an ASGI app from outside; nothing reaches it, and no answer leaves it, but through here."""

    def __init__(self, app: App, origins: Origins) -> None:
        self.app, self.origins = app, origins
        self.listeners, self.rates, self.open = Listeners(), Rates(), UnderWay(OPEN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await _refuse_socket(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if scope.get("client"):  # all who look at an address, here and behind this, see whose it is
            scope["client"] = (network_of(str(scope["client"][0])), scope["client"][1])
        # Gradio allows every site to read what it answers under a public name.
        hidden = (b"access-control-",) if self.origins.foreign(scope) else ()
        telling = with_headers(send, hidden)
        with self.open.one_of(_address(scope)) as few:
            if refusal := self._refusal(scope) if few else (429, TOO_MANY):
                await refuse(telling, *refusal)
                return
            scope[LISTENERS] = self.listeners
            with self.listeners.listening(scope):
                await self._answered(scope, receive, telling)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        path = str(scope["path"])
        if refusal := self.origins.refusal(scope):
            return refusal
        if (file := _FILE.search(path)) and elsewhere(file[1]):
            return 403, NO_FETCHING
        route = path[: file.start()] if file else path  # a visitor's file may have any name
        if any(name in route for name in _UNUSED) or (not file and len(stream_of(scope)) > LONGEST_NAME):
            return 404, NO_PAGE
        makes_work = scope["method"] == "POST" or (stream_of(scope) and not file)
        if makes_work and not self.rates.spend(_address(scope)):
            return 429, TOO_FAST
        return None

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer; what it does not expect gets a sentence, and so do files that are not there."""
        body, begun = PatientBody(receive), False

        async def sending(message: Message) -> None:
            nonlocal begun
            if not body.late:
                begun = begun or message["type"] == "http.response.start"
                await send(message)

        about_file = _FILE.search(str(scope["path"])) is not None
        try:
            await self.app(scope, body.next, _about_file(sending) if about_file else sending)
        except ClientDisconnect:
            pass
        except Exception as error:
            if begun and isinstance(error.__cause__, HTTPException):  # of a stream that has said so itself
                await send({"type": "http.response.body", "body": b""})
            elif not body.late:
                sentence = said_of(error)
                if not begun:
                    await refuse(send, 500, sentence)
        if body.late and not begun:
            await refuse(send, 408, TOO_SLOW)


async def _refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Nothing here speaks by WebSocket; browsers let every site open one."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return

    async def sending(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    await refuse(with_headers(sending), 404, NO_PAGE)


def _about_file(send: Send) -> Send:
    """An answer about a visitor's file: its refusals do not repeat what was asked for, and no proxy may keep it."""
    replaced = False

    async def sending(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start" and message["status"] in (403, 404):
            replaced = True
            await refuse(send, message["status"], NO_FILE)
        elif not replaced:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"cache-control", b"private")]
            await send(message)

    return sending


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])
