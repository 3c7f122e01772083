"""Finding a thing by its word: the editor says where the word is, the segmenter cuts it out."""

import gradio as gr

from refedit.editing.service import EditingService, at_once, unsure
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.handlers import MAY_FAIL, Updates, showing_errors
from refedit.ui.events.mask_events import pane_document, show_document
from refedit.ui.state.mask_document import MaskDocument
from refedit.ui.state.picture_with_mask import Canvas
from refedit.ui.view.pane import Pane


def connect_find(pane: Pane, editor: EditingService, embeddings: EmbeddingCache) -> None:
    """Makes a pane's button select what the word beside it names; Enter in the word does the same."""

    def select_named(tool: str, canvas: Canvas | None, document: MaskDocument | None, word: str) -> Updates:
        before = pane_document(pane, tool, canvas, document)
        located = editor.locate(before.picture, word)
        if not located.there:
            gr.Warning(unsure(word), title="Not sure")
        return show_document(pane, tool, before.with_mask(embeddings.thing(before.picture, located.heat)))

    for event in (pane.find.click, pane.word.submit):
        # Each waits for the device, as edits do.
        how = MAY_FAIL | {"concurrency_limit": at_once(editor), "concurrency_id": "find", "show_progress": "minimal"}
        event(showing_errors(select_named), [*pane.inputs, pane.word], pane.outputs, **how)
