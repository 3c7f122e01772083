"""Trials of a hub in trouble, while a server starts that needs a model from there."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import edited, noise

MODEL = "somebody/something"
NAMED, READY = 15.0, 20.0
"""Seconds until a trouble is named, and until the page stands where there is no hub at all."""
SAYS = {
    401: "logged in",
    403: "licence",
    404: "no model",
    429: "too many requests",
    503: "503",
    None: "does not answer",
}
"""A part of the sentence that names each trouble; None is a hub that never answers."""
ENDED = "cannot start"


def _trouble(status: int | None) -> Callable[[Site, bool], Found]:
    def run(site: Site, quick: bool) -> Found:
        site.end(signal.SIGTERM)
        with troubled_hub(status) as address:
            variables = {"REFEDIT_MODEL": MODEL, "HF_ENDPOINT": address, "HF_HUB_OFFLINE": "0"}
            asked = Site(site.folder, {**site.variables, **variables, "HF_HOME": str(site.folder / "hub")})
            try:
                asked.open()
                answered = _until(lambda: _answers(asked))
                named = _until(lambda: SAYS[status] in asked.log.read_text() or SAYS[status] in _said(asked))
            finally:
                asked.end(signal.SIGKILL)
        return Found(
            measured=f"the page answered{'' if answered < 60 else ' not'}, named {named:.1f} s later",
            held=answered < 60 and named < NAMED,
        )

    return run


def _offline(site: Site, quick: bool) -> Found:
    """The built-in model where nothing was ever fetched and nothing can be."""
    site.end(signal.SIGTERM)
    alone = Site(site.folder, {**site.variables, "HF_HUB_OFFLINE": "1", "HF_HOME": str(site.folder / "empty")})
    with alone, alone.client() as client:
        started = time.monotonic() - alone.opened
        ended = edited(client, noise(0))
    return Found(
        measured=f"ready after {started:.1f} s, an edit ended with '{ended}'",
        held=started < READY and ended == "complete",
    )


def _until(true: Callable[[], bool]) -> float:
    """The seconds until something is true; a minute if it is not."""
    began = time.monotonic()
    while not true() and time.monotonic() - began < 60:
        time.sleep(0.1)
    return time.monotonic() - began


def _answers(site: Site) -> bool:
    return bool(_said(site)) or ENDED in site.log.read_text()


def _said(site: Site) -> str:
    try:
        return httpx.get(site.address, timeout=5).text
    except httpx.HTTPError:
        return ""


@contextmanager
def troubled_hub(status: int | None) -> Iterator[str]:
    """The address of a hub that answers with one status only, or with nothing."""
    if status is None:
        with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
            yield f"http://127.0.0.1:{silent.getsockname()[1]}"
        return

    code = status

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(code)

        do_HEAD = do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


TRIALS = (
    Trial(
        name="offline",
        does="the server starts without a hub and with nothing fetched before",
        goal=f"ready within {READY:g} s",
        run=_offline,
    ),
    *(
        Trial(
            name=f"hub-{status or 'silent'}",
            does=f"a hub that {f'answers with {status}' if status else 'does not answer'}, at the start",
            goal=f"named within {NAMED:g} s after the page answers",
            run=_trouble(status),
        )
        for status in SAYS
    ),
)
