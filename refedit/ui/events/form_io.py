"""The form of the page: read from its components, and filled into them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradio.blocks import Block
from gradio.components import Component

from refedit.methods import METHODS, Input
from refedit.ui.events.handlers import Updates
from refedit.ui.state.form import Form
from refedit.ui.state.kinds import choice, kind_of
from refedit.ui.state.picture_with_mask import PictureWithMask, read_canvas, to_canvas
from refedit.ui.view.layout import Inputs
from refedit.ui.view.pane import Pane


def read_form(
    inputs: Inputs, values: Mapping[Component, Any], method: str | None = None, pictures: bool = True
) -> Form:
    """The visitor's form from the values of all components, for the chosen method or another one.

    Raises EditError for a picture or mask that cannot be read. A reference is read only if the method can use it.
    """
    method = method or choice(values[inputs.kind]).method
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
    return read_canvas(values[pane.canvas], pane.name)


def all_inputs(inputs: Inputs) -> set[Component]:
    """Every component that `read_form` reads."""
    panels = inputs.panels.values()
    fixed = {inputs.kind, inputs.source_prompt, inputs.prompt, inputs.source.canvas, inputs.reference.canvas}
    return fixed | {panel.preset for panel in panels} | {part for panel in panels for part in panel.components}


def filled_outputs(inputs: Inputs) -> list[Block]:
    """Every component that `fill_in` fills."""
    return [*all_inputs(inputs)]


def fill_in(inputs: Inputs, form: Form, folder: Path) -> Updates:
    """Fills in everything; the pictures, if there are any, lie in `folder` until Gradio has copied them."""
    panel = inputs.panels[form.method]
    words: Updates = {
        inputs.kind: kind_of(form.method, form.preset),
        inputs.source_prompt: form.source_prompt,
        inputs.prompt: form.prompt,
        panel.preset: form.preset,
    }
    pictures: Updates = {}
    if form.source is not None:
        for pane, shown in ((inputs.source, form.source), (inputs.reference, form.reference)):
            pictures[pane.canvas] = to_canvas(shown, folder)
    return pictures | words | panel.filled(form.values)
