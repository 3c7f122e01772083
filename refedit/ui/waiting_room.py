"""A page that answers while the model is being loaded, so that nobody waits before a browser's error."""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TypeVar

import uvicorn

from refedit.machine.model_hub import HubTrouble
from refedit.ui.launching import in_use
from refedit.ui.settings import Settings
from refedit.web.answers import Receive, Scope, Send
from refedit.web.guard import Guard, bound
from refedit.web.origins import Origins
from refedit.web.patience import NAME as PATIENT

log = logging.getLogger(__name__)
Made = TypeVar("Made")

AGAIN = 15.0
"""Seconds until a hub that could not answer is asked again."""
LOADING = "The model {} is being loaded. This can take minutes the first time."
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<title>RefEdit</title>
<body style="font-family: system-ui, sans-serif; max-width: 40em; margin: 15vh auto; padding: 0 1em">
<h1>RefEdit</h1><p role="status">{}</p><p>This page looks again by itself every few seconds.</p></body></html>"""


class WaitingRoom:
    """Says one sentence to everybody, with the status of a service that is not there yet."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = PAGE.format(escape(self.sentence)).encode()
        headers = {"content-type": "text/html; charset=utf-8", "retry-after": "5", "cache-control": "no-store"}
        told = [(name.encode(), value.encode()) for name, value in headers.items()]
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 503, "headers": [*told, length]})
        await send({"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""})


def patiently(room: WaitingRoom, load: Callable[[], Made]) -> Made:
    """What is loaded, as soon as the hub gives it: troubles that may pass are told and waited for."""
    while True:
        try:
            return load()
        except HubTrouble as trouble:
            if not trouble.passing:
                raise
            log.warning("%s", trouble)
            room.sentence = str(trouble)
            time.sleep(AGAIN)


@contextmanager
def waiting_room(settings: Settings) -> Iterator[WaitingRoom]:
    """A waiting room at the page's address for as long as the block lasts; EditError if the address can't be had.

    On a Space nobody is let in: Hugging Face shows a page of its own until the first answer.
    """
    room = WaitingRoom(LOADING.format(Path(settings.model).name if Path(settings.model).exists() else settings.model))
    if "SPACE_ID" in os.environ:
        _bound(settings).close()
        yield room
        return
    app = Guard(room, Origins.of(settings.host, settings.names))
    quiet = {"log_level": "error", "access_log": False, "server_header": False, "lifespan": "off"}
    with _bound(settings) as listening:
        server = uvicorn.Server(uvicorn.Config(app, http=PATIENT, timeout_graceful_shutdown=1, **quiet))  # type: ignore[arg-type]
        serving = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        serving.start()
        try:
            yield room
        finally:
            server.should_exit = True
            serving.join(5)


def _bound(settings: Settings) -> socket.socket:
    try:
        return bound(settings.host, settings.port)
    except OSError as error:
        raise in_use(settings) from error
