"""Makes a link of the page's form, and fills in the link that opened the page."""

import json
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.editing.service import EditingService
from refedit.ui.events.choices import fill_example
from refedit.ui.events.form_io import all_inputs, fill_in, filled_outputs, read_form
from refedit.ui.events.handlers import MAY_FAIL, PAGE_ONLY, Updates, showing_errors
from refedit.ui.state import status
from refedit.ui.state.examples import Example
from refedit.ui.state.handed_out import handed_to
from refedit.ui.state.link import Link, query_of, read_link
from refedit.ui.state.status import other_model
from refedit.ui.view.layout import Page

COPY = "(query) => refedit.copied(query)"
OPENED = "() => refedit.opened()"


def connect_link(page: Page, blocks: gr.Blocks, editor: EditingService, examples: tuple[Example, ...]) -> None:
    """Connects the button that makes a link, and the moment when the page opens."""

    def make(values: dict[Component, Any]) -> Updates:
        query = query_of(read_form(page.inputs, values, pictures=False), editor.facts.name)
        return {page.link: gr.update(value=query, visible=True)}

    def opened(request: gr.Request) -> Updates:
        with handed_to(request) as folder:
            return open_page(page, editor, examples, dict(request.query_params), folder)

    made = page.copy.click(showing_errors(make), {*all_inputs(page.inputs)}, page.link, **MAY_FAIL)
    made.success(None, page.link, page.link, js=COPY, **PAGE_ONLY)
    changed = [*filled_outputs(page.inputs), page.outputs.status, page.outputs.notes, page.outputs.stage]
    parts, names = settings_of(page)
    opening = blocks.load(opened, None, changed, **MAY_FAIL)
    opening.then(None, parts, parts, js=f"(...values) => refedit.drafted({names}, values)", **PAGE_ONLY).then(
        None, None, None, js=OPENED, **PAGE_ONLY
    )
    page.head.click(None, parts, parts, js=f"(...values) => refedit.broughtBack({names}, values)", **PAGE_ONLY)
    keep = f"(...values) => refedit.set({names}, values)"
    gr.on([part.change for part in parts], None, parts, None, js=keep, **PAGE_ONLY)


def settings_of(page: Page) -> tuple[list[Any], str]:
    """What of the form the browser keeps by value, and the names for it, as JavaScript."""
    panels = page.inputs.panels.values()
    parts = [page.outputs.tries, *(part for panel in panels for part in (panel.preset, *panel.components))]
    return parts, json.dumps([part.elem_id for part in parts])


def open_page(
    page: Page, editor: EditingService, examples: tuple[Example, ...], query: dict[str, str], folder: Path
) -> Updates:
    """What the page opens with: the example that a link names or else the first one, and what the link holds."""
    named = [example for example in examples if example.name == query.get("example")]
    link = read_link(query)
    changes: Updates = {}
    for example in named or ([] if link else examples[:1]):
        changes |= fill_example(page, example, folder)
    if link is not None:
        told = {page.outputs.status: changes[page.outputs.status]} if named else {}
        changes |= open_link(page, editor, link, folder) | told
    return changes or gr.skip()  # type: ignore[return-value]


def open_link(page: Page, editor: EditingService, link: Link, folder: Path) -> Updates:
    """Fills in what a link holds."""
    notes = status.notes((*link.notes, *(other_model(link.model, editor.facts) if link.model else ())))
    return {
        **fill_in(page.inputs, link.form, folder),
        page.outputs.status: status.linked(),
        page.outputs.notes: gr.HTML(notes, visible=bool(notes)),
    }
