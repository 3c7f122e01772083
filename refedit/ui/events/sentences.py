"""What is said of a sentence while it is typed: how the model reads it, and which words it leaves out."""

from typing import Any

import gradio as gr

from refedit.editing.reading import Read, notes_on
from refedit.editing.service import EditingService
from refedit.ui.events.handlers import PAGE_ONLY
from refedit.ui.state import status
from refedit.ui.view.layout import Page


def connect_sentences(page: Page, editor: EditingService) -> None:
    """Keeps the line under each prompt up to date, for typed and for filled-in sentences."""
    inputs, read = page.inputs, editor.facts.read
    for prompt, line in ((inputs.prompt, inputs.prompt_reading), (inputs.source_prompt, inputs.source_reading)):
        # Of quick changes only the last one is answered.
        how: dict[str, Any] = {"trigger_mode": "always_last", **PAGE_ONLY}
        prompt.change(lambda sentence: show_reading(sentence, read), prompt, line, **how)


def show_reading(sentence: str, read: Read) -> gr.HTML:
    """The line under a prompt; hidden where the sentence is read as it stands."""
    text = status.reading(tuple(notes_on(sentence, read(sentence))))
    return gr.HTML(text, visible=bool(text))
