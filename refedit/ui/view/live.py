"""The page of a live study as it is drawn: own pictures and sentences, and two results with a question about them.

It knows no study: `study/live_page.py` says what stands there, and when.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.editing.request import LONGEST_PROMPT
from refedit.ui.view.pane import draw_pane


@dataclass(frozen=True, kw_only=True)
class LivePage:
    """What is on the page; `token` says whose it is, `ready` holds the position that its question is about."""

    token: gr.Textbox
    ready: gr.State
    place: gr.HTML
    desk: gr.Column
    source: gr.HTML
    reference: gr.HTML
    source_prompt: gr.Textbox
    prompt: gr.Textbox
    actions: gr.Row
    run: gr.Button
    stop: gr.Button
    bar: gr.HTML
    results: gr.Column
    pictures: tuple[gr.Image, gr.Image]
    question: gr.HTML
    choices: Mapping[str, gr.Button]

    @property
    def all(self) -> list[Any]:
        """Everything that changes."""
        fixed = [
            self.ready,
            self.place,
            self.desk,
            self.actions,
            self.run,
            self.stop,
            self.bar,
            self.results,
            self.question,
        ]
        return [*fixed, *self.pictures]


def draw_live(
    answers: Mapping[str, Callable[..., Any]], choices: Mapping[str, str], *, reference: bool, source_prompt: bool
) -> LivePage:
    """Draws the page, with what its panes ask the server for, and a labelled button for every choice.

    `reference` and `source_prompt` say whether people are asked for these.
    """
    with gr.Column(elem_id="live"):
        token, ready = gr.Textbox(visible="hidden", elem_id="live-token"), gr.State(None)
        place = gr.HTML("", elem_id="live-place")
        with gr.Column(visible="hidden", elem_id="live-results") as results:  # on top: what was asked for stays below
            question = gr.HTML("", elem_id="live-question")
            with gr.Row():
                pictures = (_result("Result 1"), _result("Result 2"))
            with gr.Row():
                buttons = {choice: gr.Button(label, elem_id=f"live-{choice}") for choice, label in choices.items()}
        with gr.Column(visible=False) as desk:
            with gr.Row():
                own = draw_pane("source", "Your picture", "click or paint what may change", answers).canvas
                about = ("reference", "The other picture", "click or paint what to take")
                other = draw_pane(*about, answers, visible=reference).canvas
            now = _sentence("The picture as it is now", "live-source-prompt", source_prompt)
            prompt = _sentence("The picture that you want", "live-prompt", True)
            with gr.Row() as actions:
                run = gr.Button("Edit", variant="primary", elem_id="live-run")
                stop = gr.Button("Stop", visible=False, elem_id="live-stop")
            bar = gr.HTML("", elem_id="live-bar")
    return LivePage(
        token=token, ready=ready, place=place, desk=desk, source=own, reference=other, actions=actions, run=run,
        stop=stop, source_prompt=now, prompt=prompt, bar=bar, results=results, pictures=pictures,
        question=question, choices=buttons,
    )  # fmt: skip


def _sentence(label: str, elem_id: str, visible: bool) -> gr.Textbox:
    return gr.Textbox(label=label, elem_id=elem_id, visible=visible, max_length=LONGEST_PROMPT, lines=1)


def _result(label: str) -> gr.Image:
    return gr.Image(label=label, interactive=False, format="png", buttons=["fullscreen"])
