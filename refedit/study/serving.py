"""Serves a study: alone, which needs no model and no Gradio, or beside the page of RefEdit."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refedit.errors import EditError
from refedit.study.routes import study_app
from refedit.study.running import Study, open_study

if TYPE_CHECKING:
    from starlette.routing import Mount

VARIABLE = "REFEDIT_STUDY"
PATH = "/study"


def mounted(study: Study) -> "Mount":
    """The study at its path, for `launch(app_kwargs={"routes": [...]})`: links to it end with a slash."""
    from starlette.routing import Mount

    return Mount(PATH, study_app(study))


def serve_alone(study: Study, host: str, port: int) -> None:
    """Serves the study's page and nothing else until it is stopped; EditError if the port cannot be had."""
    import uvicorn  # a requirement of gradio
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    from refedit.ui.request_limits import RequestLimits

    root = Route("/", lambda request: RedirectResponse(f"{PATH}/"))
    app = Starlette(routes=[root, mounted(study)], middleware=[Middleware(RequestLimits)])
    # No access log: it would hold addresses, and Prolific's ids in them.
    config = uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
    with _bound(host, port) as listening:
        uvicorn.Server(config).run(sockets=[listening])


def _bound(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise EditError(f"Port {port} of {host} is in use or not this machine's. Choose another --port.") from None
    return listening


def study_beside(environment: Any = os.environ) -> Study | None:
    """The study that the environment asks for beside the page; raises as `open_study`."""
    folder = environment.get(VARIABLE, "")
    return open_study(Path(folder), environment) if folder else None
