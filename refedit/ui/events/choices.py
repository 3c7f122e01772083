"""What happens when a visitor chooses a method, a preset or an example."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.methods import METHODS, Input, values_of
from refedit.ui.events.form_io import empty_panes, fill_in, filled_outputs
from refedit.ui.events.handlers import PAGE_ONLY, Updates
from refedit.ui.state.examples import Example
from refedit.ui.view.layout import Inputs, Page, comparable, hint_for_source, info_for_prompt
from refedit.ui.view.parameter_panel import ParameterPanel


def connect_choices(page: Page, examples: tuple[Example, ...]) -> None:
    """Connects the chooser of methods, the presets and the examples' tiles."""
    inputs = page.inputs
    shown = [inputs.summary, inputs.source.hint, inputs.prompt, inputs.source_prompt, inputs.reference_column]
    panels = [panel.panel for panel in inputs.panels.values()]
    inputs.method.change(
        lambda name: show_method(page, name), inputs.method, [*shown, page.outputs.run_all, *panels], **PAGE_ONLY
    )
    for panel in inputs.panels.values():
        for event in (panel.preset.input, panel.reset.click):
            event(_applying(panel), panel.preset, list(panel.components), **PAGE_ONLY)
    for tile, example in zip(page.tiles, examples, strict=True):
        emptied = tile.click(lambda: empty_panes(inputs), None, filled_outputs(inputs), **PAGE_ONLY)
        emptied.then(_filler(inputs, example), None, filled_outputs(inputs), **PAGE_ONLY)


def show_method(page: Page, name: str) -> Updates:
    """Shows the inputs that a method needs, and only those."""
    inputs, method = page.inputs, METHODS[name]
    return {
        inputs.summary: method.summary,
        inputs.source.hint: hint_for_source(method.needs),
        inputs.prompt: gr.Textbox(info=info_for_prompt(method.needs)),
        inputs.source_prompt: gr.Textbox(visible=Input.SOURCE_PROMPT in method.needs),
        inputs.reference_column: gr.Column(visible=Input.REFERENCE in method.needs | method.takes),
        page.outputs.run_all: gr.Button(visible=comparable(method)),
    } | {panel.panel: gr.Column(visible=panel.method is method) for panel in inputs.panels.values()}


def _applying(panel: ParameterPanel) -> Callable[[str], dict[Component, Any]]:
    return lambda preset: panel.filled(values_of(panel.method.presets()[preset]))


def _filler(inputs: Inputs, example: Example) -> Callable[[], Updates]:
    return lambda: fill_in(inputs, example.form())
