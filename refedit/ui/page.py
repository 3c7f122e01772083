"""The page: drawn, connected and ready to be launched."""

import tempfile
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gradio as gr
import torch

from refedit.editing.service import EditingService, at_once
from refedit.errors import EditError
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
from refedit.ui.request_limits import RequestLimits
from refedit.ui.settings import Settings
from refedit.ui.state import status
from refedit.ui.state.examples import Example, read_examples
from refedit.ui.state.status import model_table
from refedit.ui.state.words import offered_html
from refedit.ui.view.layout import Page, Told, draw
from refedit.ui.view.theme import theme

QUEUE = 16
"""So many edits may wait for each that runs; the next visitor is told that the queue is full."""

KEEP_FILES = 3600
"""Seconds after which uploads and results are deleted."""


MAX_FILE = "48mb"
"""Of an upload: a downloaded result with large pictures inside has to come back."""

NO_MCP = (
    'REFEDIT_MCP is 1, but the Python package mcp is missing. Run pip install "gradio[mcp]>=6.30,<7" '
    '"mcp>=1.21,<2", or leave REFEDIT_MCP out.'
)

STATIC = Path(__file__).parent / "static"
STYLES = tuple(STATIC / name for name in ("pane.css", "page.css", "desk.css"))
PANE_STYLES = STYLES[:1]
PANE_SCRIPTS = ("mask.js", "easel.js", "hand.js", "pictures.js", "pane.js")
"""All that a pane needs, in the order in which they use each other; each adds functions to `window.refedit`."""
SCRIPTS = (*PANE_SCRIPTS, "stage.js", "history.js", "sentences.js", "bar.js", "keys.js")
"""In the order in which they use each other."""

VISITORS = 200
"""So many visitors' sessions are kept in memory; the one who was away the longest is forgotten first."""


def embeddings_of(settings: Settings, device: torch.device | None = None) -> EmbeddingCache:
    """The segmenter of the settings, on their device if none is given; it is loaded at the first click."""
    return EmbeddingCache(partial(load_segmenter, settings.sam, device or pick_device(settings.device)[0]))


def build_page(editor: EditingService, settings: Settings, embeddings: EmbeddingCache) -> gr.Blocks:
    """The page of an editor, with the examples of the settings."""
    examples, warning = read_examples(settings.examples), about(editor.facts)
    with gr.Blocks(title="RefEdit", analytics_enabled=False, delete_cache=(600, KEEP_FILES), fill_width=True) as blocks:
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies the tiles when the buttons are drawn
            tiles = tuple(Path(folder) / f"tile-{number}.png" for number in range(len(examples)))
            for example, tile in zip(examples, tiles, strict=True):
                example.tile().save(tile)
            told = Told(
                about=status.notes((warning,) if warning else ()),
                words=offered_html(editor.facts.words),
                models=status.at_work(CARDS, editor.facts) + model_table(CARDS, editor.facts.name),
            )
            answers = answers_of(editor, embeddings)
            page = draw(told, examples, tuple(str(tile) for tile in tiles), answers)
        if editor.facts.notices:
            gr.HTML(status.notes(editor.facts.notices), elem_id="notices")
        for button in page.tiles:
            assert button.icon is not None
            button.keep_in_cache.add(button.icon["path"])  # Gradio takes an icon's copy for a file of some visitor
        connect(page, blocks, editor, examples)
        draw_api(editor, embeddings)
    return blocks.queue(max_size=QUEUE * at_once(editor))


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
        "head": scripts(),
        "app_kwargs": {"middleware": [(RequestLimits, (), {})]},  # as starlette's Middleware unpacks
        "max_file_size": MAX_FILE,
        "state_session_capacity": VISITORS,
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
        "quiet": True,
    }


def launch(page: gr.Blocks, settings: Settings, options: dict[str, Any]) -> None:
    """Serves a page, with the options of `launch_options`, until it is ended; EditError if it can't listen there."""
    try:
        page.launch(**options, prevent_thread_lock=True)
    except OSError as error:  # Gradio's own advice is about another variable
        where = f"port {settings.port} of {settings.host}"
        raise EditError(f"{where} is in use or not this machine's. Set REFEDIT_PORT or REFEDIT_HOST.") from error
    print(f"RefEdit is at {page.local_url}", flush=True)  # Gradio's own lines advise what nobody here can set
    page.block_thread()


def scripts(names: Sequence[str] = SCRIPTS) -> str:
    """What the browser does by itself, and what the page's own components call, as an element of the page's head."""
    bodies = ((STATIC / name).read_text("utf-8").rstrip() for name in names)
    return "<script>\nwindow.refedit = {};\n" + "".join(f"{{\n{body}\n}}\n" for body in bodies) + "\n</script>"


def connect(page: Page, blocks: gr.Blocks, editor: EditingService, examples: tuple[Example, ...]) -> None:
    """Makes the drawn page react."""
    connect_choices(page, examples)
    connect_sentences(page, editor)
    connect_run(page, blocks, editor)
    connect_result(page, editor)
    connect_link(page, blocks, editor, examples)
