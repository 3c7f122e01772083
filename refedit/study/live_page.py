"""The page of a live study: a person edits own pictures, two arms run unseen, and the person says which did better.

A page of its own on the Gradio server, since edits need its uploads, its queue and, on ZeroGPU, the visitor's identity.
Consent, token and the way out are the participant's page's (`routes.py`), which leads here and back.
"""

import secrets
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from refedit.editing.line import in_line
from refedit.editing.request import LONGEST_PROMPT, Finished
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.methods import Input
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.study.blinded import Along, BlindEvent, Broken, Own, Ready, needs_of, run_both, takes_of
from refedit.study.pairs import Side
from refedit.study.running import Study
from refedit.study.said import Answer, Choice, Contradiction, Event, EventKind, LiveEdit, TooFast
from refedit.study.store import Given
from refedit.ui.events.running_edits import Halted, RunningEdits
from refedit.ui.events.selecting import Answer as Selected
from refedit.ui.events.selecting import Question, answers_of
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.events.visitors import Looks, asked_by
from refedit.ui.state.picture_with_mask import read_canvas
from refedit.ui.view.pane import draw_pane

PATH = "live"
STATIC = Path(__file__).parent / "static"
PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
AT_ONCE: dict[str, Any] = {"queue": False, **PRIVATE}
IN_LINE: dict[str, Any] = {"concurrency_limit": None}
"""Edits wait in a line of their own, with the others of the page."""
BACK = '<p class="live-note">{} <a href="../study/">Go to the study</a></p>'

PACE = 0.2
"""Seconds between two moves of the bar."""

Updates = dict[Any, Any]


@dataclass(frozen=True, kw_only=True)
class LivePage:
    """What is on the page; `token` says whose it is, `ready` holds the showing whose results are on the screen."""

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
    choices: dict[Choice, gr.Button]

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


def add_live_page(blocks: gr.Blocks, study: Study, editor: EditingService, embeddings: EmbeddingCache) -> None:
    """Adds the page to a Gradio app at /live; nothing leads there but the participant's page."""
    with blocks.route("Study", f"/{PATH}", show_in_navbar=False):
        editor = in_line(editor)
        page = _draw(study, answers_of(editor, embeddings, Looks()))
        _connect(blocks, page, study, editor)


def entrance(title: str, path: str) -> TellingBlocks:
    """A Gradio app that only leads to the participant's page at `path`."""
    with TellingBlocks(title=title, analytics_enabled=False) as blocks:
        gr.HTML(f"<p><a href='.{path}/'>Go to the study</a></p>")
    return blocks


def head() -> str:
    """What the page needs in the browser: its style, the clock and the keys."""
    style, script = ((STATIC / name).read_text("utf-8") for name in ("live.css", "live.js"))
    return f"<style>\n{style}</style>\n<script>\n{script}</script>"


def _draw(study: Study, answers: Mapping[str, Callable[[Question], Selected]]) -> LivePage:
    definition = study.definition
    needs, takes = needs_of(definition), takes_of(definition)
    with gr.Column(elem_id="live"):
        token, ready = gr.Textbox(visible="hidden", elem_id="live-token"), gr.State(None)
        place = gr.HTML("", elem_id="live-place")
        with gr.Column(visible="hidden", elem_id="live-results") as results:  # on top: what was asked for stays below
            question = gr.HTML("", elem_id="live-question")
            with gr.Row():
                pictures = (_result("Result 1"), _result("Result 2"))
            with gr.Row():
                choices = _choices(definition.no_preference)
        with gr.Column(visible=False) as desk:
            with gr.Row():
                source = draw_pane("source", "Your picture", "click or paint what may change", answers).canvas
                other = ("reference", "The other picture", "click or paint what to take")
                reference = draw_pane(*other, answers, visible=Input.REFERENCE in takes).canvas
            source_prompt = _sentence("The picture as it is now", "live-source-prompt", Input.SOURCE_PROMPT in needs)
            prompt = _sentence("The picture that you want", "live-prompt", True)
            with gr.Row() as actions:
                run = gr.Button("Edit", variant="primary", elem_id="live-run")
                stop = gr.Button("Stop", visible=False, elem_id="live-stop")
            bar = gr.HTML("", elem_id="live-bar")
    return LivePage(
        token=token, ready=ready, place=place, desk=desk, source=source, reference=reference, actions=actions, run=run,
        stop=stop, source_prompt=source_prompt, prompt=prompt, bar=bar, results=results, pictures=pictures,
        question=question, choices=choices,
    )  # fmt: skip


def _choices(no_preference: bool) -> dict[Choice, gr.Button]:
    labels = ((Choice.LEFT, "1: Result 1"), (Choice.NONE, "0: No preference"), (Choice.RIGHT, "2: Result 2"))
    return {
        choice: gr.Button(label, elem_id=f"live-{choice}", visible=no_preference or choice is not Choice.NONE)
        for choice, label in labels
    }


def _sentence(label: str, elem_id: str, visible: bool) -> gr.Textbox:
    return gr.Textbox(label=label, elem_id=elem_id, visible=visible, max_length=LONGEST_PROMPT, lines=1)


def _result(label: str) -> gr.Image:
    return gr.Image(label=label, interactive=False, format="png", buttons=["fullscreen"])


def _connect(blocks: gr.Blocks, page: LivePage, study: Study, editor: EditingService) -> None:
    running, moves = RunningEdits(), _Moves(page, study)

    def stop(request: gr.Request) -> None:
        running.stop(request.session_hash or "", patience=3.0)

    inputs = [page.token, page.source, page.reference, page.source_prompt, page.prompt]
    # The token stands behind the address's #, which browsers do not send: this page's own script hands it over.
    blocks.load(moves.begin, page.token, [page.token, *page.all], js="(token) => [window.live.token()]", **AT_ONCE)
    page.run.click(_runner(moves, editor, running), inputs, page.all, **IN_LINE, **PRIVATE)
    page.stop.click(stop, None, None, **AT_ONCE)
    blocks.unload(stop)
    for choice, button in page.choices.items():
        told = f"(token, ready, told) => [token, ready, window.live.told('{choice}')]"
        button.click(moves.vote, [page.token, page.ready, gr.JSON(visible=False)], page.all, js=told, **AT_ONCE)


class _Moves:
    """What happens on the page, in its turn."""

    def __init__(self, page: LivePage, study: Study) -> None:
        self.page, self.study, self.store = page, study, study.store

    def begin(self, token: str) -> Updates:
        """The page of whoever holds the token."""
        try:
            return {self.page.token: token} | self.next_edit(token)
        except EditError as error:
            return {self.page.place: BACK.format(escape(str(error)))}

    def open_trials(self, token: str) -> list[Given]:
        """The questions of the next showing that are not answered yet, none at the end."""
        open_ones = [given for given in self.store.trials(token) if given.choice is None]
        return [given for given in open_ones if given.showing == open_ones[0].showing]

    def next_edit(self, token: str) -> Updates:
        """Ready for another edit, or done."""
        page, open_ones = self.page, self.open_trials(token)
        if not open_ones:
            return {
                page.place: BACK.format("That was the last one. Thank you."),
                page.desk: gr.Column(visible=False),
                page.results: gr.Column(visible="hidden"),
                page.question: "",
                page.bar: "",
            }
        of = self.study.definition.trials
        return {
            page.ready: None,
            page.place: f"<p class='live-note'>Edit {open_ones[0].showing + 1} of {of}. Bring a picture, say what it "
            "should become, and judge two results.</p>",
            page.desk: gr.Column(visible=True),
            page.actions: gr.Row(visible=True),
            page.results: gr.Column(visible="hidden"),
            page.question: "",
            page.bar: "",
        }

    def show(self, given: Given, results: Mapping[Side, Finished]) -> Updates:
        """Both results side by side, with the first question."""
        page = self.page
        shown = {
            picture: Image.fromarray(np.asarray(results[side].image))  # pixels only
            for picture, side in zip(page.pictures, (given.left, given.left.other), strict=True)
        }
        told = "<p class='live-note'>Judge these two results of your edit.</p>"
        return shown | self.ask(given) | {page.actions: gr.Row(visible=False), page.bar: "", page.place: told}

    def ask(self, given: Given) -> Updates:
        """A question about what is shown."""
        definition = self.study.definition
        text = next(item.text for item in definition.questions if item.id == given.question)
        minimum = definition.minimum_ms
        return {
            self.page.ready: given.position,
            self.page.results: gr.Column(visible=True),
            self.page.question: f"<h2 data-position='{given.position}' data-minimum='{minimum}'>{escape(text)}</h2>",
        }

    def vote(self, token: str, ready: int | None, told: dict[str, Any]) -> Updates:
        """Stores a choice, if it is one about what is shown, and goes on; anything else changes nothing."""
        if not isinstance(told, dict) or ready is None or told.get("position") != ready:
            return gr.skip()
        try:
            ms, hidden, first = (int(told[name]) for name in ("ms", "hidden_ms", "first_key_ms"))
            answer = Answer(
                position=ready, uuid=secrets.token_hex(16), choice=Choice(told["choice"]), ms=ms,
                hidden_ms=min(hidden, ms), first_key_ms=first,
            )  # fmt: skip
            showing = self.open_trials(token)[0].showing
            self.store.answer(token, answer)
            open_ones = self.open_trials(token)
        except (TooFast, Contradiction, LookupError, TypeError, ValueError):
            return gr.skip()
        except EditError as error:  # gone on elsewhere, or withdrawn
            return {self.page.place: BACK.format(escape(str(error)))}
        if open_ones and open_ones[0].showing == showing:
            return self.ask(open_ones[0])
        return self.next_edit(token)

    def note(self, token: str, kind: EventKind, given: Given, detail: str = "") -> None:
        event = Event(uuid=secrets.token_hex(16), kind=kind, position=given.position, detail=detail[:500])
        self.store.note(token, event)


def _runner(moves: _Moves, editor: EditingService, running: RunningEdits) -> Callable[..., Any]:
    """Runs both arms on what the person brought."""

    def run(
        token: str, source: Any, reference: Any, source_prompt: str, prompt: str, request: gr.Request
    ) -> Generator[Updates, None, None]:
        page, visitor = moves.page, request.session_hash or ""
        ticket = running.start(visitor)
        try:
            open_ones = moves.open_trials(token)
            if not open_ones:
                yield moves.next_edit(token)
                return
            given = open_ones[0]
            own = Own(
                source=read_canvas(source, "first"),
                reference=read_canvas(reference, "other"),
                source_prompt=source_prompt,
                prompt=prompt,
            )
            moves.note(token, EventKind.RUN, given)
            yield {page.run: gr.Button(interactive=False), page.stop: gr.Button(visible=True), page.bar: _bar(0)}
            with closing(
                run_both(asked_by(editor, request), moves.study.definition, given.pair, given.showing, own, ticket.stop)
            ) as events:
                last = yield from _told(moves, token, given, events)
        except EditError as error:
            last = {page.bar: _said(str(error))}
        finally:
            running.end(visitor, ticket)
        # In one: of updates that follow each other at once, a browser may lose some.
        yield {page.run: gr.Button(interactive=True), page.stop: gr.Button(visible=False)} | last

    return run


def _told(moves: _Moves, token: str, given: Given, events: Iterable[BlindEvent]) -> Generator[Updates, None, Updates]:
    """Keeps what is to be kept and moves the bar, a few times a second; gives what is to be shown at the end."""
    bar, shown = moves.page.bar, time.monotonic()
    for event in events:
        match event:
            case LiveEdit():
                moves.store.keep_edit(token, event)
            case Along() if time.monotonic() - shown > PACE:
                shown = time.monotonic()
                yield {bar: _bar(event.fraction)}
            case Ready():
                return moves.show(given, event.results)
            case Broken():
                moves.note(token, EventKind.FAIL, given, event.detail)
                return {bar: _said(event.message)}
            case Halted():
                moves.note(token, EventKind.STOP, given)
                return {bar: _said("Stopped. Change what you like, and edit again.")}
    raise AssertionError("the edits have no end")


def _bar(fraction: float) -> str:
    percent = round(100 * fraction)
    return f"<label class='live-note'>Editing, {percent} %<progress max='100' value='{percent}'></progress></label>"


def _said(text: str) -> str:
    return f"<p class='live-note' role='alert'>{escape(text)}</p>"
