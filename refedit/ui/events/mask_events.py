"""What happens in the pane of a picture: changing the tool, clicking, the buttons, files and typed places."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from refedit.errors import EditError
from refedit.imaging.images import read_mask
from refedit.imaging.masks import Mask
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.segmenter import read_clicks
from refedit.ui.handlers import SPEAKING, Updates, spoken
from refedit.ui.state.mask_document import Board, board_of
from refedit.ui.state.overlay import overlay, place
from refedit.ui.view.mask_editor import to_value
from refedit.ui.view.pane import ADD, BRUSH_TOOL, CLICK_TOOL, OPERATIONS, Pane

LONGEST = 1280
"""The longest side, in pixels, of a picture that browsers paint on without stalling; `uploads.js` keeps to it, too."""

TOO_LARGE = (
    "The picture has {}x{} pixels, too many for the brush. Select by clicks, or drop it on the brush's canvas, which "
    "makes it smaller."
)

Change = Callable[[Board], Board]


def pane_board(pane: Pane, tool: str, painted: dict[str, Any] | None, board: Board | None) -> Board:
    """The picture and the mask that a pane shows; EditError if it has no picture."""
    if tool == CLICK_TOOL:
        return board_of(board, pane.name)
    return board_of(painted or {}, pane.name, board)


def show_board(pane: Pane, tool: str, board: Board | None) -> Updates:
    """A pane with a tool and a board, which may be missing; above `LONGEST` it is for clicks only, and that is said."""
    large = board is not None and max(board.picture.size) > LONGEST
    if board is not None and large and tool == BRUSH_TOOL:
        gr.Warning(TOO_LARGE.format(*board.picture.size), title="Clicks only")
    clicking = tool == CLICK_TOOL or large
    return {
        pane.tool: CLICK_TOOL if clicking else BRUSH_TOOL,
        pane.canvas: gr.Column(visible=not clicking),
        pane.editor: None if clicking or board is None else to_value(board.picture, board.mask),
        pane.clicker: gr.update(value=overlay(board) if clicking and board else None, visible=clicking),
        pane.clicking: gr.Row(visible=clicking),
        pane.board: board,
    }


def change_tool(pane: Pane, tool: str, painted: dict[str, Any] | None, board: Board | None) -> Updates:
    """Hands the mask over to the tool that was chosen, from the one that was not."""
    before = BRUSH_TOOL if tool == CLICK_TOOL else CLICK_TOOL
    if before == BRUSH_TOOL and (painted is None or painted.get("background") is None):
        return show_board(pane, tool, None)
    known = None if before == CLICK_TOOL and board is None else pane_board(pane, before, painted, board)
    return show_board(pane, tool, known and known.next_thing())


def connect_pane(pane: Pane, segments: EmbeddingCache) -> None:
    """Makes a drawn pane react."""

    def changed(change: Change, tool: str, painted: Any, board: Board | None) -> Updates:
        before = pane_board(pane, tool, painted, board)
        after = change(before)
        # A canvas that is filled anew loses its own undo, and flickers.
        return gr.skip() if after is before else show_board(pane, tool, after)

    def on_click(tool: str, board: Board | None, sign: str, event: gr.SelectData) -> Updates:
        def click(known: Board) -> Board:
            where = place(known, event.index, sign == ADD)
            return known.clicked(where, partial(segments.mask, known.picture))

        return changed(click, tool, None, board)

    def select_places(tool: str, painted: Any, board: Board | None, text: str) -> Updates:
        return changed(_clicks(text, segments), tool, painted, board)

    def take_mask(tool: str, painted: Any, board: Board | None, path: str) -> Updates:
        return changed(lambda known: known.with_mask(read_mask(path)), tool, painted, board)

    pane.tool.input(spoken(lambda *values: change_tool(pane, *values)), pane.inputs, pane.outputs, **SPEAKING).then(
        spoken(lambda tool, board: _look(segments, tool, board)), [pane.tool, pane.board], None, **SPEAKING
    )
    pane.clicker.select(spoken(on_click), [pane.tool, pane.board, pane.sign], pane.outputs, **SPEAKING)
    _connect_buttons(pane, changed)
    pane.select_places.click(spoken(select_places), [*pane.inputs, pane.places], pane.outputs, **SPEAKING)
    pane.mask_file.upload(spoken(take_mask), [*pane.inputs, pane.mask_file], pane.outputs, **SPEAKING)
    pane.picture_file.upload(
        spoken(lambda path: show_board(pane, CLICK_TOOL, Board(file=Path(path).read_bytes()))),
        pane.picture_file,
        pane.outputs,
        **SPEAKING,
    )


def _connect_buttons(pane: Pane, changed: Callable[..., Updates]) -> None:
    buttons: list[tuple[gr.Button, Change]] = [
        (pane.undo, Board.undone),
        (pane.clear, lambda board: board.with_mask(None)),
        (pane.next_thing, Board.next_thing),
        *((button, _operation(name)) for name, button in pane.operations.items()),
    ]
    for button, change in buttons:
        button.click(spoken(_bound(changed, change)), pane.inputs, pane.outputs, **SPEAKING)


def _operation(name: str) -> Change:
    def change(board: Board) -> Board:
        if board.mask is None and name != "Invert":
            raise EditError(
                "Nothing is selected on the picture yet, so there is nothing to change. Paint or click first."
            )
        blank = Mask(np.zeros(board.picture.size[::-1], np.float32))
        return board.with_mask(OPERATIONS[name](board.mask or blank))

    return change


def _clicks(text: str, segments: EmbeddingCache) -> Change:
    def change(board: Board) -> Board:
        for click in read_clicks(text):
            board = board.clicked(click, partial(segments.mask, board.picture))
        return board

    return change


def _bound(changed: Callable[..., Updates], change: Change) -> Callable[..., Updates]:
    return lambda tool, painted, board: changed(change, tool, painted, board)


def _look(segments: EmbeddingCache, tool: str, board: Board | None) -> None:
    """Embeds the picture before the first click, so that the click is answered at once."""
    if tool == CLICK_TOOL and board is not None:
        segments.embed(board.picture)
