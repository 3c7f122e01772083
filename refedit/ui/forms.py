"""What a visitor has filled in, read from the page and filled into it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gradio.blocks import Block
from gradio.components import Component

from refedit.edit import EditRequest, Reference
from refedit.methods import METHODS, with_settings
from refedit.ui.board import Board, board_of
from refedit.ui.events import Updates
from refedit.ui.filling import Filling
from refedit.ui.layout import Inputs
from refedit.ui.pane import BRUSH_TOOL, CLICK_TOOL, Pane
from refedit.ui.pane_events import show_board

Painted = Board | dict[str, Any] | None
"""A picture as its tool delivers it: see `board_of`. None is a board that is missing, {} an empty canvas."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a visitor has filled in, as the page delivers it."""

    method: str
    source: Painted
    reference: Painted
    source_prompt: str
    prompt: str
    preset: str
    settings: Mapping[str, Any]

    def request(self) -> EditRequest:
        """The edit that is asked for; EditError if something is missing or unfit."""
        method = with_settings(METHODS[self.method].presets()[self.preset], self.settings)
        source, takes = board_of(self.source, "source").painting, method.takes | method.needs
        return EditRequest(
            method=method,
            source=source.picture,
            region=source.mask if "region" in takes else None,
            reference=self._reference() if "reference" in takes else None,
            source_prompt=self.source_prompt if "source_prompt" in takes else "",
            prompt=self.prompt,
        )

    def _reference(self) -> Reference:
        reference = board_of(self.reference, "reference").painting
        return Reference(image=reference.picture, subject=reference.mask)


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
