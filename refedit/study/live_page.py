"""The page of a live study: a person edits own pictures, two arms run unseen, and the person says which did better.

A page of its own on the Gradio server, since edits need its uploads, its queue and, on ZeroGPU, the visitor's identity.
`ui/view/live.py` draws it. Consent, token and the way out are the participant's page's (`routes.py`), which leads here
and back.
"""

import secrets
import threading
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from refedit.editing.request import Finished
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.methods import Input
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.study.blinded import Along, BlindEvent, Broken, Own, Ready, needs_of, run_both, takes_of
from refedit.study.data.pairs import Side
from refedit.study.data.said import Answer, Choice, Contradiction, Event, EventKind, LiveEdit, TooFast
from refedit.study.data.store import Given
from refedit.study.running import Study
from refedit.ui.events.handlers import Updates
from refedit.ui.events.live import Brought, LiveView, add_live
from refedit.ui.events.running_edits import Halted
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.state.picture_with_mask import read_canvas
from refedit.ui.view.live import draw_live

PATH = "live"
STATIC = Path(__file__).parent / "static"
BACK = '<p class="live-note">{} <a href="../study/">Go to the study</a></p>'
LABELS = {Choice.LEFT: "1: Result 1", Choice.NONE: "0: No preference", Choice.RIGHT: "2: Result 2"}

PACE = 0.2
"""Seconds between two moves of the bar."""


def add_live_page(blocks: TellingBlocks, study: Study, editor: EditingService, embeddings: EmbeddingCache) -> None:
    """Adds the page to a Gradio app at /live; nothing leads there but the participant's page."""
    definition = study.definition
    choices: dict[str, str] = {
        choice: label for choice, label in LABELS.items() if definition.no_preference or choice is not Choice.NONE
    }
    draw = partial(
        draw_live,
        choices=choices,
        reference=Input.REFERENCE in takes_of(definition),
        source_prompt=Input.SOURCE_PROMPT in needs_of(definition),
    )
    add_live(blocks, f"/{PATH}", draw, LiveMoves(study), editor, embeddings)


def head() -> str:
    """What the page needs in the browser: its style, the clock and the keys."""
    style, script = ((STATIC / name).read_text("utf-8") for name in ("live.css", "live.js"))
    return f"<style>\n{style}</style>\n<script>\n{script}</script>"


class LiveMoves:
    """What happens on the page, in its turn: `ui.events.live.Moves` of a study."""

    def __init__(self, study: Study) -> None:
        self.study, self.store = study, study.store

    def begin(self, view: LiveView, token: str) -> Updates:
        """The page of whoever holds the token."""
        try:
            return {view.page.token: token} | self.next_edit(view, token)
        except EditError as error:
            return {view.page.place: BACK.format(escape(str(error)))}

    def open_trials(self, token: str) -> list[Given]:
        """The questions of the next showing that are not answered yet, none at the end."""
        open_ones = [given for given in self.store.trials(token) if given.choice is None]
        return [given for given in open_ones if given.showing == open_ones[0].showing]

    def next_edit(self, view: LiveView, token: str) -> Updates:
        """Ready for another edit, or done."""
        open_ones = self.open_trials(token)
        if not open_ones:
            return view.closed(BACK.format("That was the last one. Thank you."))
        of = self.study.definition.trials
        return view.opened(
            f"<p class='live-note'>Edit {open_ones[0].showing + 1} of {of}. Bring a picture, say what it "
            "should become, and judge two results.</p>"
        )

    def show(self, view: LiveView, given: Given, results: Mapping[Side, Finished]) -> Updates:
        """Both results side by side, with the first question."""
        left, right = (
            Image.fromarray(np.asarray(results[side].image))  # pixels only
            for side in (given.left, given.left.other)
        )
        told = "<p class='live-note'>Judge these two results of your edit.</p>"
        return view.shown(told, (left, right)) | self.ask(view, given)

    def ask(self, view: LiveView, given: Given) -> Updates:
        """A question about what is shown."""
        definition = self.study.definition
        text = next(item.text for item in definition.questions if item.id == given.question)
        times = f"data-position='{given.position}' data-minimum='{definition.minimum_ms}'"
        return view.asked(given.position, f"<h2 {times}>{escape(text)}</h2>")

    def vote(self, view: LiveView, token: str, ready: int | None, told: Any) -> Updates | None:
        """Stores a choice, if it is one about what is shown, and goes on; anything else changes nothing."""
        if not isinstance(told, dict) or ready is None or told.get("position") != ready:
            return None
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
            return None
        except EditError as error:  # gone on elsewhere, or withdrawn
            return {view.page.place: BACK.format(escape(str(error)))}
        if open_ones and open_ones[0].showing == showing:
            return self.ask(view, open_ones[0])
        return self.next_edit(view, token)

    def edit(
        self, view: LiveView, token: str, brought: Brought, editor: EditingService, stop: threading.Event
    ) -> Generator[Updates, None, Updates]:
        """Runs both arms on what the person brought."""
        try:
            open_ones = self.open_trials(token)
            if not open_ones:
                return self.next_edit(view, token)
            given, own = open_ones[0], _own(brought)
            self.note(token, EventKind.RUN, given)
            yield view.begun(_bar(0))
            arms = run_both(editor, self.study.definition, given.pair, given.showing, own, stop)
            with closing(arms) as events:
                last = yield from self._told(view, token, given, events)
        except EditError as error:
            last = {view.page.bar: _said(str(error))}
        return view.ended() | last

    def note(self, token: str, kind: EventKind, given: Given, detail: str = "") -> None:
        event = Event(uuid=secrets.token_hex(16), kind=kind, position=given.position, detail=detail[:500])
        self.store.note(token, event)

    def _told(
        self, view: LiveView, token: str, given: Given, events: Iterable[BlindEvent]
    ) -> Generator[Updates, None, Updates]:
        """Keeps what is to be kept and moves the bar, a few times a second; gives what is to be shown at the end."""
        shown = time.monotonic()
        for event in events:
            match event:
                case LiveEdit():
                    self.store.keep_edit(token, event)
                case Along() if time.monotonic() - shown > PACE:
                    shown = time.monotonic()
                    yield {view.page.bar: _bar(event.fraction)}
                case Ready():
                    return self.show(view, given, event.results)
                case Broken():
                    self.note(token, EventKind.FAIL, given, event.detail)
                    return {view.page.bar: _said(event.message)}
                case Halted():
                    self.note(token, EventKind.STOP, given)
                    return {view.page.bar: _said("Stopped. Change what you like, and edit again.")}
        raise AssertionError("the edits have no end")


def _own(brought: Brought) -> Own:
    return Own(
        source=read_canvas(brought.source, "first"),
        reference=read_canvas(brought.reference, "other"),
        source_prompt=brought.source_prompt,
        prompt=brought.prompt,
    )


def _bar(fraction: float) -> str:
    percent = round(100 * fraction)
    return f"<label class='live-note'>Editing, {percent} %<progress max='100' value='{percent}'></progress></label>"


def _said(text: str) -> str:
    return f"<p class='live-note' role='alert'>{escape(text)}</p>"
