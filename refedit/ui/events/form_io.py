"""The form of the page: read from its components, and filled into them."""

from collections.abc import Mapping
from typing import Any

from gradio.blocks import Block
from gradio.components import Component

from refedit.methods import METHODS, Input
from refedit.ui.events.handlers import Updates
from refedit.ui.events.mask_events import show_document
from refedit.ui.state.form import Form
from refedit.ui.state.mask_document import MaskDocument, kept_document
from refedit.ui.state.picture_with_mask import PictureWithMask, read_canvas
from refedit.ui.view.layout import Inputs
from refedit.ui.view.pane import BRUSH_TOOL, CLICK_TOOL, Pane


def read_form(
    inputs: Inputs, values: Mapping[Component, Any], method: str | None = None, pictures: bool = True
) -> Form:
    """The visitor's form from the values of all components, for the chosen method or another one.

    Raises EditError for a picture or mask that cannot be read. A reference is read only if the method can use it.
    """
    method = method or values[inputs.method]
    takes = METHODS[method].takes | METHODS[method].needs
    panel = inputs.panels[method]
    return Form(
        method=method,
        preset=values[panel.preset],
        values=panel.values(values),
        source=_shown(inputs.source, values) if pictures else None,
        reference=_shown(inputs.reference, values) if pictures and Input.REFERENCE in takes else None,
        source_prompt=values[inputs.source_prompt],
        prompt=values[inputs.prompt],
    )


def _shown(pane: Pane, values: Mapping[Component, Any]) -> PictureWithMask | None:
    if values[pane.tool] == CLICK_TOOL:
        return kept_document(values[pane.document], pane.name).shown
    return read_canvas(values[pane.editor], pane.name)


def all_inputs(inputs: Inputs) -> set[Component]:
    """Every component that `read_form` reads."""
    panels = inputs.panels.values()
    panes = {part for pane in (inputs.source, inputs.reference) for part in pane.inputs}
    fixed = {inputs.method, inputs.source_prompt, inputs.prompt} | panes
    return fixed | {panel.preset for panel in panels} | {part for panel in panels for part in panel.components}


def filled_outputs(inputs: Inputs) -> list[Block]:
    """Every component that `fill_in` fills, and the rows of tools that it shows or hides."""
    panes = {part for pane in (inputs.source, inputs.reference) for part in pane.outputs}
    return [*(all_inputs(inputs) | panes)]


def empty_panes(inputs: Inputs) -> Updates:
    """Takes the pictures out of both panes.

    An editor keeps the canvas of the picture before, and would shift the mask of the next one on it, unless this
    has reached the browser first.
    """
    return show_document(inputs.source, BRUSH_TOOL, None) | show_document(inputs.reference, BRUSH_TOOL, None)


def fill_in(inputs: Inputs, form: Form) -> Updates:
    """Fills in everything; the pictures, if there are any, after `empty_panes`: both can be painted on then."""
    panel = inputs.panels[form.method]
    words = {
        inputs.method: form.method,
        inputs.source_prompt: form.source_prompt,
        inputs.prompt: form.prompt,
        panel.preset: form.preset,
    }
    pictures: Updates = {}
    if form.source is not None:
        for pane, shown in ((inputs.source, form.source), (inputs.reference, form.reference)):
            pictures |= show_document(pane, BRUSH_TOOL, None if shown is None else MaskDocument.of(shown))
    return pictures | words | panel.filled(form.values)
