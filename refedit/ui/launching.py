"""Serves a page on its address, behind what every request passes (`refedit/web`)."""

import contextvars
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from gradio.routes import App
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from refedit.errors import EditError
from refedit.keeping.janitor import Janitor
from refedit.machine.failures import said_of
from refedit.ui.events.telling import GARBLED, TellingBlocks
from refedit.ui.sessions import Presence, Sessions
from refedit.ui.settings import Settings
from refedit.ui.uploads import Uploads
from refedit.web.guard import TRUSTED, Guard, trust_proxies
from refedit.web.origins import Origins
from refedit.web.patience import use_patience

SAID = {
    403: "This is not for visitors.",
    404: "There is no such page here.",
    405: "Nothing of this kind can be done with this address.",
}
"""For what Starlette has one or two words only."""
BROKEN_OFF = "The request was not sent to its end."


_info: contextvars.ContextVar[Any] = contextvars.ContextVar("info", default=None)


class GuardedApp(App):
    """Gradio's app behind a guard, which is outside of everything that Gradio and Starlette put round it."""

    def __init__(self, origins: Origins, **named: Any) -> None:
        self.origins = origins
        # What handlers raise is told by `TellingBlocks`: of Gradio's own routes these come of what a request holds.
        garbled = (RequestValidationError, FnIndexInferError, LookupError, TypeError, ValueError, AttributeError)
        handlers = dict.fromkeys(garbled, _garbled) | {HTTPException: _refused, Exception: _unexpected}
        super().__init__(exception_handlers=handlers, **named)

    @property
    def api_info(self) -> Any:
        """What programs are told of the endpoints: Gradio would tell everybody by which address the first one came."""
        return _info.get()

    @api_info.setter
    def api_info(self, info: Any) -> None:
        _info.set(info)

    def build_middleware_stack(self) -> Any:
        return Guard(super().build_middleware_stack(), self.origins)


def launch(page: TellingBlocks, settings: Settings, options: dict[str, Any], janitor: Janitor) -> None:
    """Serves a page, with the options of `launch_options`, until Ctrl+C or SIGTERM ends it in order.

    `janitor` is that of the `kept_files` in which the page was drawn. Raises EditError if it can't listen there.
    """
    end_in_order()
    with served(page, settings, options, janitor):
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("RefEdit is ending.", flush=True)


def end_in_order() -> None:
    """From now on SIGTERM ends this process as Ctrl+C does, if this is its main thread."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def leave() -> NoReturn:
    """Ends the process now: a thread whose edit still runs would hold it until that is done."""
    for worker in multiprocessing.active_children():
        worker.kill()  # an end in order would do that
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


@contextmanager
def served(page: TellingBlocks, settings: Settings, options: dict[str, Any], janitor: Janitor) -> Iterator[None]:
    """The same for as long as the block lasts."""
    os.environ[TRUSTED] = trust_proxies()  # uvicorn reads it
    use_patience()
    _limit_process()
    sessions = Sessions()
    app = _guarded(settings, options, sessions, janitor)
    try:
        page.launch(_app=app, **_of_gradio(options), prevent_thread_lock=True)
    except OSError as error:  # Gradio's own advice is about another variable
        raise in_use(settings) from error
    print(f"RefEdit is at {page.local_url}", flush=True)  # Gradio's own lines advise what nobody here can set
    sessions.set_blocks(page)
    app.state_holder = sessions
    try:
        yield
    finally:
        page.close(verbose=False)


def _limit_process() -> None:
    """A crash writes no memory to the disk, where pictures would stay; and every open page may have its connections."""
    with suppress(ImportError, OSError, ValueError):  # no Unix, or not allowed
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _guarded(settings: Settings, options: dict[str, Any], sessions: Sessions, janitor: Janitor) -> GuardedApp:
    """The app with what stands before it, from outside to inside."""
    given = options.get("app_kwargs", {})
    own = [(Presence, (), {"sessions": sessions}), (Uploads, (), {"janitor": janitor})]
    origins = Origins.of(settings.host, settings.names)
    return GuardedApp(origins, **given | {"middleware": [*own, *given.get("middleware", ())]})


def _of_gradio(options: dict[str, Any]) -> dict[str, Any]:
    """What Gradio's own `launch` takes; the rest is for its app, which is made here."""
    return {name: value for name, value in options.items() if name != "app_kwargs"}


def in_use(settings: Settings) -> EditError:
    """The error where the address cannot be listened on."""
    where = f"port {settings.port} of {settings.host}"
    return EditError(f"{where} is in use or not this machine's. Set REFEDIT_PORT or REFEDIT_HOST.")


async def _garbled(request: Request, error: Exception) -> Response:
    return _said(GARBLED, 422)


async def _refused(request: Request, error: Any) -> Response:
    return _said(SAID.get(error.status_code, str(error.detail)), error.status_code)


async def _unexpected(request: Request, error: Exception) -> Response:
    return _said(BROKEN_OFF, 400) if isinstance(error, ClientDisconnect) else _said(said_of(error), 500)


def _said(sentence: str, status: int) -> Response:
    return JSONResponse({"error": sentence, "detail": sentence}, status)
