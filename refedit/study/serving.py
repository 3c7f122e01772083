"""Serves a study: alone, which needs no model and no Gradio, or beside the page of RefEdit."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from refedit.errors import EditError
from refedit.study.routes import study_app
from refedit.study.running import Study, open_study

if TYPE_CHECKING:
    from starlette.routing import Mount

    from refedit.editing.service import EditingService
    from refedit.segment.embedding_cache import EmbeddingCache
    from refedit.ui.settings import Settings
    from refedit.ui.waiting_room import WaitingRoom

    Opened = AbstractContextManager[tuple[EditingService, EmbeddingCache]]

VARIABLE = "REFEDIT_STUDY"
PATH = "/study"


def mounted(study: Study) -> "Mount":
    """The study at its path, for `launch(app_kwargs={"routes": [...]})`: links to it end with a slash."""
    from starlette.routing import Mount

    return Mount(PATH, study_app(study))


def serve_alone(study: Study, host: str, port: int, names: tuple[str, ...] = ()) -> None:
    """Serves the study's page and nothing else until it is stopped; EditError if the port cannot be had."""
    import uvicorn  # a requirement of gradio
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.responses import RedirectResponse
    from starlette.routing import Route

    from refedit.web.guard import Guard, bound, trust_proxies
    from refedit.web.origins import Origins
    from refedit.web.patience import NAME as PATIENT
    from refedit.web.request_limits import RequestLimits

    root = Route("/", lambda request: RedirectResponse(f"{PATH}/"))
    app = Starlette(routes=[root, mounted(study)], middleware=[Middleware(RequestLimits)])
    guarded = Guard(app, Origins.of(host, names))
    # No access log: it would hold addresses, and Prolific's ids in them.
    options: dict[str, Any] = {"log_level": "warning", "access_log": False, "server_header": False}
    options |= {"http": PATIENT, "forwarded_allow_ips": trust_proxies()}
    config = uvicorn.Config(guarded, host=host, port=port, **options)
    try:
        listening = bound(host, port)
    except OSError:
        raise EditError(f"Port {port} of {host} is in use or not this machine's. Choose another --port.") from None
    with listening:
        uvicorn.Server(config).run(sockets=[listening])


def study_beside(environment: Mapping[str, str] = os.environ) -> Study | None:
    """The study that the environment asks for beside the page; raises as `open_study`."""
    folder = environment.get(VARIABLE, "")
    return open_study(Path(folder), environment) if folder else None


def put_beside(
    study: Study, blocks: Any, options: dict[str, Any], editor: "EditingService", embeddings: "EmbeddingCache"
) -> None:
    """Adds a study to a Gradio app and to what `launch` will be given; a live one gets its own page there, too."""
    options["app_kwargs"] = {**options.get("app_kwargs", {}), "routes": [mounted(study)]}
    if study.definition.kind == "live":
        from refedit.study.live_page import add_live_page, head

        add_live_page(blocks, study, editor, embeddings)
        options["head"] = options.get("head", "") + head()


def serve_page(settings: "Settings", opened: "Callable[[WaitingRoom], Opened]") -> None:
    """Serves RefEdit's page, and beside it the study that the environment asks for; raises as `launch`, `open_study`.

    Visitors sit in a waiting room until `opened`, which is given it, has an editor and a segmenter.
    """
    from refedit.editing.line import in_line
    from refedit.ui.kept_files import kept_files
    from refedit.ui.launching import launch
    from refedit.ui.page import build_page, launch_options
    from refedit.ui.waiting_room import waiting_room

    options = launch_options(settings)  # first, since a model may take minutes to load
    study = study_beside()
    with closing(study) if study else nullcontext(), ExitStack() as opening, ExitStack() as waiting:
        room = waiting.enter_context(waiting_room(settings))
        editor, embeddings = opening.enter_context(opened(room))
        editor, janitor = in_line(editor), opening.enter_context(kept_files(settings.promise))
        page = build_page(editor, settings, embeddings)
        if study:
            put_beside(study, page, options, editor, embeddings)
        waiting.close()
        launch(page, settings, options, janitor)


def serve_live(study: Study, settings: "Settings", editor: "EditingService", embeddings: "EmbeddingCache") -> None:
    """Serves a live study and nothing else of the page; raises as `launch`."""
    from refedit.ui.events.live import entrance
    from refedit.ui.kept_files import kept_files
    from refedit.ui.launching import launch
    from refedit.ui.page import PANE_SCRIPTS, PANE_STYLES, launch_options, queued, scripts

    promise = settings.promise
    quiet = {"css_paths": PANE_STYLES, "head": scripts(promise, PANE_SCRIPTS)}  # all others tell of methods
    options = launch_options(settings) | quiet
    with kept_files(promise) as janitor:
        blocks = entrance(study.definition.title, PATH)
        put_beside(study, blocks, options, editor, embeddings)
        launch(queued(blocks), settings, options, janitor)
