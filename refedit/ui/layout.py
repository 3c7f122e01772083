"""What is on the page and where; nothing here reacts to anything."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.methods import METHODS
from refedit.ui import status
from refedit.ui.controls import Controls, build_controls
from refedit.ui.examples import Example
from refedit.ui.painting import painted_picture


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything a visitor fills in; `reference_column` and `source_prompt` are shown for methods that need them."""

    method: gr.Radio
    summary: gr.Markdown
    source: gr.ImageEditor
    source_hint: gr.Markdown
    source_prompt: gr.Textbox
    reference_column: gr.Column
    reference: gr.ImageEditor
    prompt: gr.Textbox
    controls: dict[str, Controls]


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Everything the page answers; `after` holds what only exists once an edit is finished."""

    run: gr.Button
    stop: gr.Button
    status: gr.HTML
    notes: gr.HTML
    preview: gr.Image
    result: gr.Image
    after: gr.Column
    region: gr.Image
    subject: gr.Image
    download: gr.DownloadButton
    parameters: gr.HTML


@dataclass(frozen=True, kw_only=True)
class Page:
    """The drawn page: its inputs, its outputs and one button for each example."""

    inputs: Inputs
    outputs: Outputs
    tiles: tuple[gr.Button, ...]


INTRODUCTION = """# RefEdit
Edit a picture by showing what you mean, and watch it happen.
"""

PRIVACY = (
    "Your pictures stay on this server: they are used for your edit only and deleted about an hour later. "
    "Nobody else is shown them, and nothing is learned from them."
)


def draw(about: str, examples: tuple[Example, ...], tiles: tuple[str, ...]) -> Page:
    """Draws the page into the open gr.Blocks; `tiles` are the pictures on the examples' buttons, `about` is HTML."""
    first = next(iter(METHODS.values()))
    gr.Markdown(INTRODUCTION, elem_id="introduction")
    gr.HTML(about, elem_id="about-model", visible=bool(about))
    with gr.Row(elem_id="chooser"):
        names = [(method.title, name) for name, method in METHODS.items()]
        method = gr.Radio(names, value=first.name, label="Method", elem_id="method", container=False)
        summary = gr.Markdown(first.summary, elem_id="summary")
    buttons = _draw_examples(examples, tiles)
    with gr.Row(elem_id="desk"):
        source, source_hint, source_prompt = _draw_source(first.needs)
        column, reference = _draw_reference(first.needs)
        with gr.Column(elem_id="result-column", elem_classes="stage-column"):
            prompt, outputs = _draw_result()
        with gr.Column(elem_id="parameters-column"):
            gr.HTML("<h2>Parameters</h2>", elem_classes="heading plain")
            controls = {name: build_controls(kind, kind is first) for name, kind in METHODS.items()}
    gr.HTML(f"<p>{PRIVACY}</p>", elem_id="privacy")
    inputs = Inputs(
        method=method,
        summary=summary,
        source=source,
        source_hint=source_hint,
        source_prompt=source_prompt,
        reference_column=column,
        reference=reference,
        prompt=prompt,
        controls=controls,
    )
    return Page(inputs=inputs, outputs=outputs, tiles=buttons)


def _draw_examples(examples: tuple[Example, ...], tiles: tuple[str, ...]) -> tuple[gr.Button, ...]:
    if not examples:
        return ()
    with gr.Row(elem_id="examples"):
        gr.HTML("<h2>Start with an example</h2>", elem_classes="heading plain")
        return tuple(
            gr.Button(example.title, icon=tile, elem_classes=f"tile {example.method}", elem_id=f"example-{number}")
            for number, (example, tile) in enumerate(zip(examples, tiles, strict=True))
        )


def _draw_source(needs: frozenset[str]) -> tuple[gr.ImageEditor, gr.Markdown, gr.Textbox]:
    with gr.Column(elem_id="source-column", elem_classes="stage-column"):
        _heading("Source", "where to edit")
        source = painted_picture(
            label="Source picture",
            placeholder="Drop the picture to edit here\nor click to upload",
            elem_id="source",
        )
        hint = gr.Markdown(hint_for_source(needs), elem_id="source-hint", elem_classes="hint")
        prompt = gr.Textbox(
            label="The source as it is",
            placeholder="a red mug on a table",
            elem_id="source-prompt",
            visible="source_prompt" in needs,
            lines=2,
        )
    return source, hint, prompt


def hint_for_source(needs: frozenset[str]) -> str:
    """What painting on the source does with a method of these needs, and what not painting does."""
    undecided = "the words decide where to edit" if "source_prompt" in needs else "the whole picture may change"
    return f"Paint over what may change. **Nothing painted: {undecided}.**"


def _draw_reference(needs: frozenset[str]) -> tuple[gr.Column, gr.ImageEditor]:
    with gr.Column(elem_id="reference-column", elem_classes="stage-column", visible="reference" in needs) as column:
        _heading("Reference", "what to take")
        reference = painted_picture(
            label="Reference picture",
            placeholder="Drop the picture to take from here\nor click to upload",
            elem_id="reference",
        )
        gr.Markdown("Paint over what to take. **Nothing painted: the whole reference is taken.**", elem_classes="hint")
    return column, reference


def _draw_result() -> tuple[gr.Textbox, Outputs]:
    _heading("Result", "what it should show")
    prompt = gr.Textbox(
        label="The result as you want it",
        placeholder="a striped mug on a table",
        elem_id="prompt",
        lines=2,
    )
    with gr.Row(elem_id="buttons"):
        run = gr.Button("Run", variant="primary", elem_id="run", min_width=120)
        stop = gr.Button("Stop", variant="stop", elem_id="stop", interactive=False, min_width=80, scale=0)
    progress = gr.HTML(status.ready(), elem_id="status")
    notes = gr.HTML("", elem_id="notes", visible=False)
    picture: dict[str, Any] = {"interactive": False, "height": "auto"}
    preview = gr.Image(label="Preview", format="jpeg", elem_id="preview", visible=False, buttons=[], **picture)
    result = gr.Image(
        label="Result",
        format="png",
        elem_id="result",
        buttons=["fullscreen"],
        **picture,
    )
    return prompt, Outputs(
        run=run, stop=stop, status=progress, notes=notes, preview=preview, result=result, **_draw_after(picture)
    )


def _draw_after(picture: dict[str, Any]) -> dict[str, Any]:
    """What is shown below a finished result, by the names of `Outputs`."""
    with gr.Column(visible=False, elem_id="after") as after:
        with gr.Row(elem_id="masks"):
            small: dict[str, Any] = {"format": "png", "buttons": ["download"], "min_width": 100, **picture}
            region = gr.Image(label="Where it was edited", elem_id="region-used", **small)
            subject = gr.Image(label="What was taken", elem_id="subject-used", **small)
        download = gr.DownloadButton("Download the result (PNG, parameters inside)", elem_id="download", size="md")
        with gr.Accordion("All parameters of this result", open=False, elem_id="result-parameters"):
            parameters = gr.HTML("")
    return {"after": after, "region": region, "subject": subject, "download": download, "parameters": parameters}


def _heading(title: str, about: str) -> None:
    # The number is a CSS counter: a column that is not shown is not counted.
    gr.HTML(f"<h2>{title} <small>{about}</small></h2>", elem_classes="heading numbered")
