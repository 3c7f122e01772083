"""Makes a link of the page's form, and fills in the link that opened the page."""

from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.editing.service import EditingService
from refedit.ui.events.form_io import all_inputs, fill_in, filled_outputs, read_form
from refedit.ui.events.handlers import MAY_FAIL, PAGE_ONLY, Updates, showing_errors
from refedit.ui.state import status
from refedit.ui.state.link import query_of, read_link
from refedit.ui.state.status import other_model
from refedit.ui.view.layout import Page

COPY = """(query) => {
  if (!query || query.includes("?")) return query;  // nothing new
  const link = `${location.origin}${location.pathname}?${query}`;
  navigator.clipboard?.writeText(link).catch(() => {});  // without permission, it can be copied by hand
  return link;
}"""


def connect_link(page: Page, blocks: gr.Blocks, editor: EditingService) -> None:
    """Connects the button that makes a link, and the moment when the page opens."""

    def make(values: dict[Component, Any]) -> Updates:
        query = query_of(read_form(page.inputs, values, pictures=False), editor.facts.name)
        return {page.link: gr.update(value=query, visible=True)}

    def opened(request: gr.Request) -> Updates:
        return open_link(page, editor, dict(request.query_params))

    made = page.copy.click(showing_errors(make), {*all_inputs(page.inputs)}, page.link, **MAY_FAIL)
    made.success(None, page.link, page.link, js=COPY, **PAGE_ONLY)
    changed = [*filled_outputs(page.inputs), page.outputs.status, page.outputs.notes]
    blocks.load(opened, None, changed, **MAY_FAIL)


def open_link(page: Page, editor: EditingService, query: dict[str, str]) -> Updates:
    """Fills in what a link's query holds; changes nothing without one."""
    link = read_link(query)
    if link is None:
        return gr.skip()
    notes = status.notes((*link.notes, *(other_model(link.model, editor.facts) if link.model else ())))
    return {
        **fill_in(page.inputs, link.form),
        page.outputs.status: status.linked(),
        page.outputs.notes: gr.HTML(notes, visible=bool(notes)),
    }
