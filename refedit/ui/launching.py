"""Serves a page on its address, behind what every request passes (`refedit/web`)."""

import os
from typing import Any

import gradio as gr
from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from gradio.routes import App
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from refedit.errors import EditError
from refedit.machine.failures import said_of
from refedit.ui.settings import Settings
from refedit.web.guard import TRUSTED, Guard, trust_proxies
from refedit.web.origins import Origins
from refedit.web.patience import use_patience

GARBLED = "The request is not what this address takes. /gradio_api/info tells what that is."
SAID = {
    403: "This is not for visitors.",
    404: "There is no such page here.",
    405: "Nothing of this kind can be done with this address.",
}
"""For what Starlette has one or two words only."""
BROKEN_OFF = "The request was not sent to its end."


class GuardedApp(App):
    """Gradio's app behind a guard, which is outside of everything that Gradio and Starlette put round it."""

    def __init__(self, origins: Origins, **named: Any) -> None:
        self.origins = origins
        # What handlers raise is told by `TellingBlocks`: of Gradio's own routes these come of what a request holds.
        garbled = (RequestValidationError, FnIndexInferError, LookupError, TypeError, ValueError, AttributeError)
        handlers = dict.fromkeys(garbled, _garbled) | {HTTPException: _refused, Exception: _unexpected}
        super().__init__(exception_handlers=handlers, **named)

    def build_middleware_stack(self) -> Any:
        return Guard(super().build_middleware_stack(), self.origins)


def launch(page: gr.Blocks, settings: Settings, options: dict[str, Any]) -> None:
    """Serves a page, with the options of `launch_options`, until it is ended; EditError if it can't listen there."""
    os.environ[TRUSTED] = trust_proxies()  # uvicorn reads it
    use_patience()
    own = options.pop("app_kwargs", {})
    try:
        page.launch(_app=GuardedApp(Origins.of(settings.host, settings.names), **own), **options)
    except OSError as error:  # Gradio's own advice is about another variable
        raise in_use(settings) from error


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
