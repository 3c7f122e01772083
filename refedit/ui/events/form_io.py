"""What a visitor has filled in, read from the page and filled into it."""

from collections.abc import Mapping
from typing import Any

from gradio.blocks import Block
from gradio.components import Component

from refedit.ui.events.mask_events import show_board
from refedit.ui.handlers import Updates
from refedit.ui.state.form import Filling, Form, Painted
from refedit.ui.state.mask_document import Board
from refedit.ui.view.layout import Inputs
from refedit.ui.view.pane import BRUSH_TOOL, CLICK_TOOL, Pane


def read_form(inputs: Inputs, values: Mapping[Component, Any], method: str | None = None) -> Form:
    """The visitor's form from the values of all components, for the chosen method or another one."""
    method = method or values[inputs.method]
    controls = inputs.controls[method]
    return Form(
        method=method,
        source=_painted(inputs.source, values),
        reference=_painted(inputs.reference, values),
        source_prompt=values[inputs.source_prompt],
        prompt=values[inputs.prompt],
        preset=values[controls.preset],
        settings=controls.settings([values[component] for component in controls.components]),
    )


def _painted(pane: Pane, values: Mapping[Component, Any]) -> Painted:
    painted: Painted = values[pane.board] if values[pane.tool] == CLICK_TOOL else values[pane.editor] or {}
    return painted


def all_inputs(inputs: Inputs) -> set[Component]:
    """Every component that `read_form` reads."""
    controls = inputs.controls.values()
    panes = {part for pane in (inputs.source, inputs.reference) for part in pane.inputs}
    fixed = {inputs.method, inputs.source_prompt, inputs.prompt} | panes
    return fixed | {item.preset for item in controls} | {part for item in controls for part in item.components}


def filled_outputs(inputs: Inputs) -> list[Block]:
    """Every component that `fill_in` fills, and the rows of tools that it shows or hides."""
    panes = {part for pane in (inputs.source, inputs.reference) for part in pane.outputs}
    return [*(all_inputs(inputs) | panes)]


def empty_panes(inputs: Inputs) -> Updates:
    """Takes the pictures out of both panes.

    An editor keeps the canvas of the picture before, and would shift the mask of the next one on it, unless this
    has reached the browser first.
    """
    return show_board(inputs.source, BRUSH_TOOL, None) | show_board(inputs.reference, BRUSH_TOOL, None)


def fill_in(inputs: Inputs, filling: Filling) -> Updates:
    """Fills in everything; the pictures, if there are any, after `empty_panes`: both can be painted on then."""
    controls = inputs.controls[filling.method]
    words = {
        inputs.method: filling.method,
        inputs.source_prompt: filling.source_prompt,
        inputs.prompt: filling.prompt,
        controls.preset: filling.preset,
    }
    pictures: Updates = {}
    if filling.source is not None:
        for pane, painting in ((inputs.source, filling.source), (inputs.reference, filling.reference)):
            pictures |= show_board(pane, BRUSH_TOOL, None if painting is None else Board.of(painting))
    return pictures | words | dict(zip(controls.components, filling.parameters.values(), strict=True))
