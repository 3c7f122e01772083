"""What is on the page and where; nothing here reacts to anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.editing.request import LONGEST_PROMPT
from refedit.methods import METHODS
from refedit.ui.state.examples import Example
from refedit.ui.state.kinds import choices, kind_of
from refedit.ui.view.choice import draw_choice
from refedit.ui.view.pane import Pane, draw_pane
from refedit.ui.view.parameter_panel import ParameterPanel, draw_panel
from refedit.ui.view.stage import Outputs, draw_run, draw_stage, draw_visit

Answers = Mapping[str, Callable[[Any], Any]]
"""What a canvas may ask the server, by name."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """Everything a visitor fills in; what a kind of edit does not need is hidden by the page's style."""

    kind: gr.HTML
    source: Pane
    source_prompt: gr.Textbox
    source_reading: gr.HTML
    reference: Pane
    prompt: gr.Textbox
    prompt_reading: gr.HTML
    panels: dict[str, ParameterPanel]


@dataclass(frozen=True, kw_only=True)
class Page:
    """The drawn page: its inputs, its outputs and one button for each example.

    `copy` makes a link, which `link` shows. A click on the way back, which the `head` has, triggers its event.
    """

    head: gr.HTML
    inputs: Inputs
    outputs: Outputs
    tiles: tuple[gr.Button, ...]
    copy: gr.Button
    link: gr.Textbox


HEAD = """<a class="skip" href="#prompt">Skip to the sentence</a>
<h1>RefEdit</h1><p>Change a picture by showing or saying what you want.</p>
<button type="button" id="back" hidden>&#8630; Back to what was here</button>
<button type="button" id="help" aria-expanded="false" aria-controls="keys" title="Keys" aria-label="Keys">?</button>"""

KEYS = """<div id="keys" hidden><p><kbd>Ctrl</kbd>+<kbd>Enter</kbd> runs, <kbd>Esc</kbd> stops,
<kbd>Ctrl</kbd>+<kbd>V</kbd> pastes a picture, holding <kbd>O</kbd> shows the original. On a picture:
<kbd>C</kbd> click, <kbd>B</kbd> brush, <kbd>E</kbd> eraser, <kbd>R</kbd> box, <kbd>X</kbd> add or take away,
<kbd>[</kbd> <kbd>]</kbd> size of the brush, <kbd>Ctrl</kbd>+<kbd>Z</kbd> undo, <kbd>Ctrl</kbd>+wheel
or two fingers zoom.</p></div>"""
"""The keys that `keys.js` listens to."""

PRIVACY = (
    "Your pictures stay on this server: they are used for your edit only and deleted within {kept}. "
    "Nobody else is shown them, and nothing is learned from them. What the model computed from them stays in memory "
    "until newer edits need the room. Your results and what stands on the page are kept in your own browser."
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the page says of the model at work, as HTML: a note, its words on offer, the table of all models.

    `kept` is how long pictures are kept.
    """

    kept: str
    about: str = ""
    words: str = ""
    models: str = ""


def draw(told: Told, examples: tuple[Example, ...], tiles: tuple[str, ...], answers: Answers) -> Page:
    """Draws the page into the open gr.Blocks.

    `tiles` are the pictures on the examples' buttons, `answers` is what the canvases may ask.
    """
    head = gr.HTML(HEAD + KEYS, elem_id="head", js_on_load="refedit.head(element, trigger)", apply_default_css=False)
    with gr.Row(elem_id="begin"):
        kind = draw_choice({example.words.method: example.pair() for example in reversed(examples)})
        buttons = _draw_examples(examples, tiles)
    with gr.Row(elem_id="desk"):
        source = draw_pane("source", "Your picture", "click what to change", answers)
        reference = draw_pane("reference", "The other picture", "click what to take", answers)
        stage = draw_stage()
    with gr.Row(elem_id="bar"):
        sentences = _draw_sentences(told.words)
        outputs = draw_run()
    with gr.Row(elem_id="rest"):
        restore, panels, sharing = _draw_rest(told)
    inputs = Inputs(kind=kind, source=source, reference=reference, panels=panels, **sentences)
    return Page(
        head=head, inputs=inputs, outputs=Outputs(stage=stage, restore=restore, **outputs), tiles=buttons, **sharing
    )


WORDS = """<button type="button" class="open-words" aria-expanded="false" aria-controls="offered">
  Words it knows</button>
<div class="words" id="offered" hidden>{}</div>"""


def _draw_sentences(words: str) -> dict[str, Any]:
    """Both sentences, side by side, with what the model reads below each, and the words on offer; as in `Inputs`."""
    if words:
        gr.HTML(WORDS.format(words), elem_id="words", js_on_load="refedit.words(element)", apply_default_css=False)
    drawn: dict[str, Any] = {}
    first = choices()[0]
    fields = (
        ("source_prompt", "source_reading", "source-prompt", "Now (source prompt)", first.before),
        ("prompt", "prompt_reading", "prompt", "Wanted (target prompt)", first.example),
    )
    for field, reading, name, label, example in fields:
        with gr.Column(elem_id=f"{name}-column", elem_classes="sentence", min_width=160):
            drawn[field] = gr.Textbox(
                label=label, placeholder=example, elem_id=name, lines=1, max_lines=3, max_length=LONGEST_PROMPT
            )
            drawn[reading] = gr.HTML("", elem_id=f"{name}-reading", elem_classes="reading", apply_default_css=False)
    return drawn


def _draw_rest(told: Told) -> tuple[gr.HTML, dict[str, ParameterPanel], dict[str, Any]]:
    """What is below the first look: earlier results, parameters, links, the models."""
    restore = draw_visit()
    panels = {name: draw_panel(method) for name, method in METHODS.items()}
    with gr.Accordion("Links, old results, models", open=False, elem_id="models"):
        with gr.Row(elem_id="sharing"):
            copy = gr.Button("Copy a link to these settings", size="sm", elem_id="copy-link", min_width=80)
            gr.HTML('<button type="button" class="restore">Restore a downloaded result</button>')
        link = gr.Textbox(
            label="Link to these settings",
            info="It carries the method, its parameters, the prompts and the model's name; no pictures.",
            elem_id="link",
            visible=False,
            interactive=False,
            buttons=["copy"],
        )
        gr.HTML(told.about + told.models)
        gr.HTML(f"<p>{PRIVACY.format(kept=told.kept)}</p>", elem_id="privacy")
    return restore, panels, {"copy": copy, "link": link}


def _draw_examples(examples: tuple[Example, ...], tiles: tuple[str, ...]) -> tuple[gr.Button, ...]:
    if not examples:
        return ()
    with gr.Row(elem_id="examples"):
        return tuple(
            gr.Button(
                example.title,
                icon=tile,
                elem_classes=f"tile for-{kind_of(example.words.method, example.words.preset)}",
                elem_id=f"example-{number}",
            )
            for number, (example, tile) in enumerate(zip(examples, tiles, strict=True))
        )
