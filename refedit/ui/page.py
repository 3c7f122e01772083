"""The page: drawn, connected and ready to be launched."""

from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from refedit.editing.line import in_line
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.keeping.promise import Promise
from refedit.machine.device import pick_device
from refedit.models import CARDS, load_segmenter
from refedit.picturebook.advice import about
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.api import draw_api
from refedit.ui.events.choices import connect_choices
from refedit.ui.events.links import connect_link
from refedit.ui.events.results import connect_result
from refedit.ui.events.run import connect_run
from refedit.ui.events.selecting import answers_of
from refedit.ui.events.sentences import connect_sentences
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.events.visitors import Looks
from refedit.ui.settings import Settings
from refedit.ui.state import status
from refedit.ui.state.examples import Example, read_examples
from refedit.ui.state.handed_out import own_files
from refedit.ui.state.status import model_table
from refedit.ui.state.words import offered_html
from refedit.ui.uploads import LARGEST
from refedit.ui.view.layout import Page, Told, draw
from refedit.ui.view.theme import theme
from refedit.web.request_limits import RequestLimits

THREADS = 128
"""Handlers that run at once: all edits that may run or wait, and some dozens of quick ones besides. It must not be 40,
Gradio's default: those threads serve the page as well, which would not answer while they are busy."""

NO_MCP = (
    'REFEDIT_MCP is 1, but the Python package mcp is missing. Run pip install "gradio[mcp]>=6.30,<7" '
    '"mcp>=1.21,<2", or leave REFEDIT_MCP out.'
)

STATIC = Path(__file__).parent / "static"
STYLES = tuple(STATIC / name for name in ("pane.css", "page.css", "desk.css"))
PANE_STYLES = STYLES[:1]
PANE_SCRIPTS = ("mask.js", "easel.js", "hand.js", "pictures.js", "pane.js")
"""All that a pane needs, in the order in which they use each other; each adds functions to `window.refedit`."""
SCRIPTS = (*PANE_SCRIPTS, "stage.js", "history.js", "sentences.js", "draft.js", "parameters.js", "bar.js", "keys.js")
"""In the order in which they use each other."""

EVENTS = 1 << 20
"""Gradio's queue may hold so many events. Without a number it holds one on ZeroGPU, and refuses what comes beside."""

VISITORS = 200
"""So many visitors' sessions are kept in memory, those of open pages first."""


def embeddings_of(settings: Settings, device: torch.device | None = None) -> EmbeddingCache:
    """The segmenter of the settings, on their device if none is given; it is loaded at the first click."""
    return EmbeddingCache(partial(load_segmenter, settings.sam, device or pick_device(settings.device)[0]))


def build_page(editor: EditingService, settings: Settings, embeddings: EmbeddingCache) -> TellingBlocks:
    """The page of an editor, with the examples of the settings."""
    examples, warning = read_examples(settings.examples), about(editor.facts)
    editor, looks = in_line(editor), Looks()
    with TellingBlocks(title="RefEdit", analytics_enabled=False, fill_width=True) as blocks:
        told = Told(
            about=status.notes((warning,) if warning else ()),
            words=offered_html(editor.facts.words),
            models=status.at_work(CARDS, editor.facts) + model_table(CARDS, editor.facts.name),
            kept=settings.promise.in_words(),
        )
        page = draw(told, examples, _tiles(examples), answers_of(editor, embeddings, looks))
        if editor.facts.notices:
            gr.HTML(status.notes(editor.facts.notices), elem_id="notices")
        connect(page, blocks, editor, examples)
        draw_api(editor, embeddings, looks)
    return queued(blocks)


def queued(blocks: TellingBlocks) -> TellingBlocks:
    """With Gradio's queue, in which nothing waits for anything else: what has to, waits in a line of ours.

    Gradio's own progress is shown nowhere. It would be kept for every output of every event nevertheless, and the
    browser would copy all of their properties each time that an event begins, goes on or ends.
    """
    for function in blocks.fns.values():
        function.show_progress_on = []
    blocks.queue(max_size=EVENTS, default_concurrency_limit=None, api_open=False)
    return blocks


def _tiles(examples: tuple[Example, ...]) -> tuple[str, ...]:
    """The files of the pictures on the examples' buttons."""
    tiles = tuple(own_files() / f"tile-{number}.png" for number in range(len(examples)))
    for example, tile in zip(examples, tiles, strict=True):
        example.tile().save(tile)
    return tuple(str(tile) for tile in tiles)


def launch_options(settings: Settings) -> dict[str, Any]:
    """What `launch` needs to show the page as it is meant, on the address of the settings.

    Raises EditError if the settings want tools for language models and what those need is not installed.
    """
    if settings.mcp and find_spec("mcp") is None:
        raise EditError(NO_MCP)
    return {
        "mcp_server": settings.mcp,
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": STYLES,
        "head": scripts(settings.promise),
        "app_kwargs": {"middleware": [(RequestLimits, (), {})]},  # as starlette's Middleware unpacks
        "max_file_size": LARGEST,
        "max_threads": THREADS,
        "state_session_capacity": VISITORS,
        "footer_links": [],
        "run_history": False,
        # Else a Space may put a server of its own before this one, whose answers pass no guard of ours.
        "ssr_mode": False,
        "enable_monitoring": False,
        "share": False,
        "quiet": True,
    }


def scripts(promise: Promise, names: Sequence[str] = SCRIPTS) -> str:
    """What the browser does by itself, and what the page's own components call, as an element of the page's head."""
    bodies = ((STATIC / name).read_text("utf-8").rstrip() for name in names)
    shared = f"window.refedit = {{ keep: {promise.keep:g} }};\n"  # how many seconds the server keeps files
    return f"<script>\n{shared}" + "".join(f"{{\n{body}\n}}\n" for body in bodies) + "\n</script>"


def connect(page: Page, blocks: TellingBlocks, editor: EditingService, examples: tuple[Example, ...]) -> None:
    """Makes the drawn page react."""
    connect_choices(page, examples)
    connect_sentences(page, editor)
    connect_run(page, blocks, editor)
    connect_result(page, editor)
    connect_link(page, blocks, editor, examples)
