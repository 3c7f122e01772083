"""What happens on the page apart from its panes and edits: choosing a method, filling in an example."""

from collections.abc import Callable

import gradio as gr

from refedit.editor import Editor
from refedit.methods import METHODS
from refedit.segment_memory import SegmentMemory
from refedit.ui.events import UI_ONLY, Updates
from refedit.ui.examples import Example
from refedit.ui.forms import empty_panes, fill_in, filled_outputs
from refedit.ui.layout import Inputs, Page, comparable, hint_for_source, info_for_prompt
from refedit.ui.link_events import connect_link
from refedit.ui.pane_events import connect_pane
from refedit.ui.result_events import connect_result
from refedit.ui.run_events import connect_run


def show_method(page: Page, name: str) -> Updates:
    """Shows the inputs that a method needs, and only those."""
    inputs, method = page.inputs, METHODS[name]
    return {
        inputs.summary: method.summary,
        inputs.source.hint: hint_for_source(method.needs),
        inputs.prompt: gr.Textbox(info=info_for_prompt(method.needs)),
        inputs.source_prompt: gr.Textbox(visible="source_prompt" in method.needs),
        inputs.reference_column: gr.Column(visible="reference" in method.needs | method.takes),
        page.outputs.run_both: gr.Button(visible=comparable(method)),
    } | {item.panel: gr.Column(visible=item.method is method) for item in inputs.controls.values()}


def connect(
    page: Page, blocks: gr.Blocks, editor: Editor, segments: SegmentMemory, examples: tuple[Example, ...]
) -> None:
    """Makes the drawn page react."""
    inputs = page.inputs
    connect_run(page, blocks, editor)
    connect_result(page, editor)
    connect_link(page, blocks, editor)
    connect_pane(inputs.source, segments)
    connect_pane(inputs.reference, segments)
    panels = [item.panel for item in inputs.controls.values()]
    shown = [inputs.summary, inputs.source.hint, inputs.prompt, inputs.source_prompt, inputs.reference_column]
    inputs.method.change(
        lambda name: show_method(page, name), inputs.method, [*shown, page.outputs.run_both, *panels], **UI_ONLY
    )
    for tile, example in zip(page.tiles, examples, strict=True):
        emptied = tile.click(lambda: empty_panes(inputs), None, filled_outputs(inputs), **UI_ONLY)
        emptied.then(_filler(inputs, example), None, filled_outputs(inputs), **UI_ONLY)


def _filler(inputs: Inputs, example: Example) -> Callable[[], Updates]:
    return lambda: fill_in(inputs, example.filling())
