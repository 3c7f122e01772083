"""What happens in the pane of a picture: changing the tool, clicking, the buttons, files and typed places."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import gradio as gr
import numpy as np

from refedit.errors import EditError
from refedit.imaging.images import read_mask
from refedit.imaging.masks import Mask
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.segmenter import read_clicks
from refedit.ui.events.handlers import MAY_FAIL, Updates, showing_errors
from refedit.ui.state.mask_document import MaskDocument, document_of, kept_document
from refedit.ui.state.overlay import overlay, place
from refedit.ui.state.picture_with_mask import Canvas, to_canvas
from refedit.ui.view.pane import ADD, BRUSH_TOOL, CLICK_TOOL, OPERATIONS, Pane

LONGEST = 1280
"""The longest side, in pixels, of a picture that browsers paint on without stalling; `uploads.js` keeps to it, too."""

TOO_LARGE = (
    "The picture has {}x{} pixels, too many for the brush. Select by clicks, or drop it on the brush's canvas, which "
    "makes it smaller."
)

Change = Callable[[MaskDocument], MaskDocument]


def pane_document(pane: Pane, tool: str, canvas: Canvas | None, document: MaskDocument | None) -> MaskDocument:
    """The picture and the mask that a pane shows; EditError if it has no picture."""
    if tool == CLICK_TOOL:
        return kept_document(document, pane.name)
    return document_of(canvas, pane.name, document)


def show_document(pane: Pane, tool: str, document: MaskDocument | None) -> Updates:
    """Shows a document in a pane, or empties the pane.

    A picture above `LONGEST` has the click tool only; where the brush was asked for, a warning says so.
    """
    large = document is not None and max(document.picture.size) > LONGEST
    if document is not None and large and tool == BRUSH_TOOL:
        gr.Warning(TOO_LARGE.format(*document.picture.size), title="Clicks only")
    clicking = tool == CLICK_TOOL or large
    return {
        pane.tool: CLICK_TOOL if clicking else BRUSH_TOOL,
        pane.canvas: gr.Column(visible=not clicking),
        pane.editor: None if clicking or document is None else to_canvas(document.shown),
        pane.clicker: gr.update(value=overlay(document) if clicking and document else None, visible=clicking),
        pane.clicking: gr.Row(visible=clicking),
        pane.document: document,
    }


def change_tool(pane: Pane, tool: str, canvas: Canvas | None, document: MaskDocument | None) -> Updates:
    """Hands the mask over from the other tool to the chosen one."""
    before = BRUSH_TOOL if tool == CLICK_TOOL else CLICK_TOOL
    if before == BRUSH_TOOL and (canvas is None or canvas.get("background") is None):
        return show_document(pane, tool, None)
    if before == CLICK_TOOL and document is None:
        return show_document(pane, tool, None)
    return show_document(pane, tool, pane_document(pane, before, canvas, document).next_thing())


def connect_pane(pane: Pane, embeddings: EmbeddingCache) -> None:
    """Makes a drawn pane react."""

    def changed(change: Change, tool: str, canvas: Canvas | None, document: MaskDocument | None) -> Updates:
        before = pane_document(pane, tool, canvas, document)
        after = change(before)
        # A canvas that is filled anew loses its own undo, and flickers.
        return gr.skip() if after is before else show_document(pane, tool, after)

    def on_click(tool: str, document: MaskDocument | None, sign: str, event: gr.SelectData) -> Updates:
        def click(known: MaskDocument) -> MaskDocument:
            where = place(known, event.index, sign == ADD)
            return known.clicked(where, partial(embeddings.mask, known.picture))

        return changed(click, tool, None, document)

    pane.tool.input(
        showing_errors(lambda *values: change_tool(pane, *values)), pane.inputs, pane.outputs, **MAY_FAIL
    ).then(
        showing_errors(lambda tool, document: _embed(embeddings, tool, document)),
        [pane.tool, pane.document],
        None,
        **MAY_FAIL,
    )
    pane.clicker.select(showing_errors(on_click), [pane.tool, pane.document, pane.sign], pane.outputs, **MAY_FAIL)
    _connect_buttons(pane, changed)
    _connect_files(pane, embeddings, changed)


def _connect_files(pane: Pane, embeddings: EmbeddingCache, changed: Callable[..., Updates]) -> None:
    def select_places(tool: str, canvas: Canvas | None, document: MaskDocument | None, text: str) -> Updates:
        return changed(_clicks(text, embeddings), tool, canvas, document)

    def take_mask(tool: str, canvas: Canvas | None, document: MaskDocument | None, path: str) -> Updates:
        return changed(lambda known: known.with_mask(_from_file(path, known)), tool, canvas, document)

    pane.select_places.click(showing_errors(select_places), [*pane.inputs, pane.places], pane.outputs, **MAY_FAIL)
    pane.mask_file.upload(showing_errors(take_mask), [*pane.inputs, pane.mask_file], pane.outputs, **MAY_FAIL)
    pane.picture_file.upload(
        showing_errors(lambda path: show_document(pane, CLICK_TOOL, MaskDocument.of_file(Path(path).read_bytes()))),
        pane.picture_file,
        pane.outputs,
        **MAY_FAIL,
    )


def _from_file(path: str, document: MaskDocument) -> Mask:
    """The mask of a file at the size of the picture, which may have been made smaller; EditError if it is empty."""
    mask = read_mask(path).fitted(document.picture.size)
    if mask.is_empty:
        raise EditError("The mask file selects nothing: it is all black or transparent. White or opaque is inside.")
    return mask


def _connect_buttons(pane: Pane, changed: Callable[..., Updates]) -> None:
    buttons: list[tuple[gr.Button, Change]] = [
        (pane.undo, MaskDocument.undone),
        (pane.clear, lambda document: document.with_mask(None)),
        (pane.next_thing, MaskDocument.next_thing),
        *((button, _operation(name)) for name, button in pane.operations.items()),
    ]
    for button, change in buttons:
        button.click(showing_errors(_bound(changed, change)), pane.inputs, pane.outputs, **MAY_FAIL)


def _operation(name: str) -> Change:
    def change(document: MaskDocument) -> MaskDocument:
        if document.mask is None and name != "Invert":
            raise EditError(
                "Nothing is selected on the picture yet, so there is nothing to change. Paint or click first."
            )
        blank = Mask(np.zeros(document.picture.size[::-1], np.float32))
        return document.with_mask(OPERATIONS[name](document.mask or blank))

    return change


def _clicks(text: str, embeddings: EmbeddingCache) -> Change:
    def change(document: MaskDocument) -> MaskDocument:
        for click in read_clicks(text):
            document = document.clicked(click, partial(embeddings.mask, document.picture))
        return document

    return change


def _bound(changed: Callable[..., Updates], change: Change) -> Callable[..., Updates]:
    return lambda tool, canvas, document: changed(change, tool, canvas, document)


def _embed(embeddings: EmbeddingCache, tool: str, document: MaskDocument | None) -> None:
    """Embeds the picture before the first click, so that the click is answered at once."""
    if tool == CLICK_TOOL and document is not None:
        embeddings.embed(document.picture)
