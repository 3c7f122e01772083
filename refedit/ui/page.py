"""The page: drawn, connected and ready to be launched."""

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editor import Editor
from refedit.ui import status
from refedit.ui.examples import read_examples
from refedit.ui.layout import draw
from refedit.ui.look import theme
from refedit.ui.notes import about
from refedit.ui.settings import Settings
from refedit.ui.wiring import connect

QUEUE = 16
"""So many edits may wait; the next visitor is told that the queue is full."""

KEEP_FILES = 3600
"""Seconds after which uploads and results are deleted."""


def build_page(editor: Editor, settings: Settings) -> gr.Blocks:
    """The page of an editor, with the examples of the settings' folder."""
    examples, known = read_examples(settings.examples), about(editor.model)
    with gr.Blocks(title="RefEdit", analytics_enabled=False, delete_cache=(600, KEEP_FILES), fill_width=True) as blocks:
        with tempfile.TemporaryDirectory() as folder:  # Gradio copies the tiles when the buttons are drawn
            tiles = tuple(Path(folder) / f"tile-{number}.png" for number in range(len(examples)))
            for example, tile in zip(examples, tiles, strict=True):
                example.tile().save(tile)
            page = draw(status.notes((known,) if known else ()), examples, tuple(str(tile) for tile in tiles))
        connect(page, blocks, editor, examples)
    return blocks.queue(max_size=QUEUE)


def launch_options(settings: Settings) -> dict[str, Any]:
    """What `launch` needs to show the page as it is meant, on the address of the settings."""
    return {
        "server_name": settings.host,
        "server_port": settings.port,
        "theme": theme(),
        "css_paths": [Path(__file__).with_name("page.css")],
        "max_file_size": "20mb",
        "footer_links": ["gradio", "settings"],
        "run_history": False,
        "enable_monitoring": False,
        "share": False,
    }
