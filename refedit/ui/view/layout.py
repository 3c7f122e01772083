"""What is on the page and where; nothing here reacts to anything."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.editing.request import LONGEST_PROMPT
from refedit.methods import METHODS, Input, Method
from refedit.ui.state.examples import Example
from refedit.ui.view.pane import Pane, draw_pane
from refedit.ui.view.parameter_panel import ParameterPanel, draw_panel
from refedit.ui.view.result_column import Outputs, draw_reading, draw_result


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything a visitor fills in; `reference_column` and `source_prompt` are shown for methods that need them."""

    method: gr.Radio
    summary: gr.Markdown
    source: Pane
    source_prompt: gr.Textbox
    source_reading: gr.HTML
    reference_column: gr.Column
    reference: Pane
    prompt: gr.Textbox
    prompt_reading: gr.HTML
    panels: dict[str, ParameterPanel]


@dataclass(frozen=True, kw_only=True)
class Page:
    """The drawn page: its inputs, its outputs and one button for each example.

    `copy` makes a link, which `link` shows.
    """

    inputs: Inputs
    outputs: Outputs
    tiles: tuple[gr.Button, ...]
    copy: gr.Button
    link: gr.Textbox


INTRODUCTION = """# RefEdit
Edit a picture by showing what you mean, and watch it happen.
"""

PRIVACY = (
    "Your pictures stay on this server: they are used for your edit only and deleted about an hour later. "
    "Nobody else is shown them, and nothing is learned from them. What the model computed from them stays in memory "
    "until newer edits need the room."
)


def draw(about: str, models: str, examples: tuple[Example, ...], tiles: tuple[str, ...]) -> Page:
    """Draws the page into the open gr.Blocks; `tiles` are the pictures on the examples' buttons.

    `about` is the note on the model at work, `models` the table of all of them, both HTML.
    """
    first = next(iter(METHODS.values()))
    gr.Markdown(INTRODUCTION, elem_id="introduction")
    gr.HTML(about, elem_id="about-model", visible=bool(about))
    method, summary = _draw_chooser(first)
    buttons = _draw_examples(examples, tiles)
    with gr.Row(elem_id="desk"):
        source, source_prompt, source_reading = _draw_source(first.needs)
        column, reference = _draw_reference(first.needs)
        prompt, prompt_reading, outputs = _draw_result(first)
        panels, sharing = _draw_parameters(first)
    with gr.Accordion("Which models there are, and what they cost", open=False, elem_id="models"):
        gr.HTML(models)
    gr.HTML(f"<p>{PRIVACY}</p>", elem_id="privacy")
    inputs = Inputs(
        method=method,
        summary=summary,
        source=source,
        source_prompt=source_prompt,
        source_reading=source_reading,
        reference_column=column,
        reference=reference,
        prompt=prompt,
        prompt_reading=prompt_reading,
        panels=panels,
    )
    return Page(inputs=inputs, outputs=outputs, tiles=buttons, **sharing)


def _draw_chooser(first: type[Method]) -> tuple[gr.Radio, gr.Markdown]:
    with gr.Row(elem_id="chooser"):
        names = [(method.title, name) for name, method in METHODS.items()]
        method = gr.Radio(names, value=first.name, label="Method", elem_id="method", container=False)
        return method, gr.Markdown(first.summary, elem_id="summary")


def _draw_result(first: type[Method]) -> tuple[gr.Textbox, gr.HTML, Outputs]:
    with gr.Column(elem_id="result-column", elem_classes="stage-column"):
        _heading("Result", "what it should show")
        return draw_result(info_for_prompt(first.needs), comparable(first))


def _draw_parameters(first: type[Method]) -> tuple[dict[str, ParameterPanel], dict[str, Any]]:
    """The panel of every method, and the parts that make a link, by the names of `Page`."""
    with gr.Column(elem_id="parameters-column"):
        with gr.Row(elem_id="parameters-head"):
            gr.HTML("<h2>Parameters</h2>", elem_classes="heading plain")
            copy = gr.Button("Copy link", size="sm", elem_id="copy-link", min_width=80)
        link = gr.Textbox(
            label="Link to these settings",
            info="It carries the method, its parameters, the prompts and the model's name; no pictures.",
            elem_id="link",
            visible=False,
            interactive=False,
            buttons=["copy"],
        )
        panels = {name: draw_panel(kind, kind is first) for name, kind in METHODS.items()}
    return panels, {"copy": copy, "link": link}


def _draw_examples(examples: tuple[Example, ...], tiles: tuple[str, ...]) -> tuple[gr.Button, ...]:
    if not examples:
        return ()
    with gr.Row(elem_id="examples"):
        gr.HTML("<h2>Start with an example</h2>", elem_classes="heading plain")
        return tuple(
            gr.Button(
                example.title, icon=tile, elem_classes=f"tile {example.words.method}", elem_id=f"example-{number}"
            )
            for number, (example, tile) in enumerate(zip(examples, tiles, strict=True))
        )


def _draw_source(needs: frozenset[Input]) -> tuple[Pane, gr.Textbox, gr.HTML]:
    with gr.Column(elem_id="source-column", elem_classes="stage-column"):
        _heading("Source", "where to edit")
        pane = draw_pane("source", "Drop or paste the picture to edit here\nor click to upload", hint_for_source(needs))
        prompt = gr.Textbox(
            label="Source prompt: the picture as it is",
            placeholder="a red mug on a table",
            elem_id="source-prompt",
            visible=Input.SOURCE_PROMPT in needs,
            lines=2,
            max_length=LONGEST_PROMPT,
        )
        reading = draw_reading("source-reading")
    return pane, prompt, reading


def hint_for_source(needs: frozenset[Input]) -> str:
    """What selecting on the source does with a method of these needs, and what selecting nothing does."""
    words, square = "the words decide where to edit", "the largest square in the middle may change"
    undecided = words if Input.SOURCE_PROMPT in needs else square
    return f"Paint over what may change, or click on it. **If you select nothing, {undecided}.**"


def info_for_prompt(needs: frozenset[Input]) -> str:
    """How to write the target prompt for a method of these needs."""
    if Input.SOURCE_PROMPT in needs:
        return (
            "The source's sentence with the new thing in it: the words that differ are what is replaced. If the thing "
            "only gets the reference's look, repeat the sentence and select where to edit."
        )
    return "One sentence about the finished picture, not a command: “a jumping cat”, not “make it jump”."


def comparable(method: type[Method]) -> bool:
    """True if whoever has filled in the inputs of this method can run all others, too."""
    return all(other.needs <= method.needs for other in METHODS.values())


def _draw_reference(needs: frozenset[Input]) -> tuple[gr.Column, Pane]:
    with gr.Column(elem_id="reference-column", elem_classes="stage-column", visible=Input.REFERENCE in needs) as column:
        _heading("Reference", "what to take")
        undecided = "the largest square in its middle is taken"
        hint = f"Paint over what to take, or click on it. **If you select nothing, {undecided}.**"
        pane = draw_pane("reference", "Drop or paste the picture to take from here\nor click to upload", hint)
    return column, pane


def _heading(title: str, about: str) -> None:
    # The number is a CSS counter: a column that is not shown is not counted.
    gr.HTML(f"<h2>{title} <small>{about}</small></h2>", elem_classes="heading numbered")
