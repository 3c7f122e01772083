"""What happens when a visitor chooses a kind of edit, a preset or an example."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.methods import values_of
from refedit.ui.events.form_io import fill_in, filled_outputs
from refedit.ui.events.handlers import MAY_FAIL, PAGE_ONLY, Updates
from refedit.ui.events.result_views import no_notes, show_example
from refedit.ui.state import status
from refedit.ui.state.examples import Example
from refedit.ui.state.handed_out import handed_to
from refedit.ui.state.kinds import choice, kind_of
from refedit.ui.view.layout import Page
from refedit.ui.view.parameter_panel import ParameterPanel


def connect_choices(page: Page, examples: tuple[Example, ...]) -> None:
    """Connects the cards, the presets and the examples' tiles."""
    inputs = page.inputs
    panels = inputs.panels.values()
    set_up = [part for panel in panels for part in (panel.preset, *panel.components)]
    inputs.kind.input(lambda kind: show_kind(page, kind), inputs.kind, [*set_up, page.outputs.notes], **PAGE_ONLY)
    for panel in panels:
        for event in (panel.preset.input, panel.reset.click):
            event(_applying(page, panel), panel.preset, [inputs.kind, *panel.components], **PAGE_ONLY)
    for tile, example in zip(page.tiles, examples, strict=True):
        changed = [*filled_outputs(inputs), page.outputs.stage, page.outputs.status, page.outputs.notes]
        tile.click(_filler(page, example), None, changed, **MAY_FAIL)


def show_kind(page: Page, kind: str) -> Updates:
    """Sets the preset of a kind, and every parameter as it says; notes on another edit go."""
    chosen = choice(kind)
    panel = page.inputs.panels[chosen.method]
    filled = panel.filled(values_of(panel.method.presets()[chosen.preset]))
    return {panel.preset: chosen.preset} | filled | {page.outputs.notes: no_notes()}


def _applying(page: Page, panel: ParameterPanel) -> Callable[[str], dict[Component, Any]]:
    def apply(preset: str) -> dict[Component, Any]:
        kind = kind_of(panel.method.name, preset)
        return {page.inputs.kind: kind} | panel.filled(values_of(panel.method.presets()[preset]))

    return apply


def _filler(page: Page, example: Example) -> Callable[..., Updates]:
    def fill(request: gr.Request | None = None) -> Updates:
        with handed_to(request) as folder:
            return fill_example(page, example, folder)

    return fill


def fill_example(page: Page, example: Example, folder: Path) -> Updates:
    """Fills in an example and shows the result that is stored with it."""
    return {
        **fill_in(page.inputs, example.form(), folder),
        page.outputs.stage: show_example(example, folder),
        page.outputs.status: status.example(example.title, example.result is not None),
        page.outputs.notes: no_notes(),
    }
