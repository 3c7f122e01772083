"""What happens on the page of a live study when somebody presses something; `Moves` knows what that means."""

import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import gradio as gr
from PIL import Image

from refedit.editing.line import in_line
from refedit.editing.service import EditingService
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.handlers import MAY_FAIL, PAGE_ONLY, Updates
from refedit.ui.events.running_edits import RunningEdits
from refedit.ui.events.selecting import Answer, Question, answers_of
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.events.visitors import Looks, asked_by
from refedit.ui.view.live import LivePage

Draw = Callable[[Mapping[str, Callable[[Question], Answer]]], LivePage]


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What a person asks for, as the page has it: the values of both canvases, and both sentences."""

    source: Any
    reference: Any
    source_prompt: str
    prompt: str


@dataclass(frozen=True)
class LiveView:
    """What can change on the page: HTML, and what can be seen and pressed."""

    page: LivePage

    def opened(self, place: str) -> Updates:
        """Ready for another edit."""
        seen = {self.page.desk: gr.Column(visible=True), self.page.actions: gr.Row(visible=True), self.page.ready: None}
        return self._without_results(place) | seen

    def closed(self, place: str) -> Updates:
        """Nothing is left to do here."""
        return self._without_results(place) | {self.page.desk: gr.Column(visible=False)}

    def _without_results(self, place: str) -> Updates:
        hidden = {self.page.results: gr.Column(visible="hidden"), self.page.question: "", self.page.bar: ""}
        return {self.page.place: place} | hidden

    def begun(self, bar: str) -> Updates:
        """Edits run, and can be stopped."""
        return {
            self.page.run: gr.Button(interactive=False),
            self.page.stop: gr.Button(visible=True),
            self.page.bar: bar,
        }

    def ended(self) -> Updates:
        """Edits can be asked for again."""
        return {self.page.run: gr.Button(interactive=True), self.page.stop: gr.Button(visible=False)}

    def shown(self, place: str, results: tuple[Image.Image, Image.Image]) -> Updates:
        """Both results side by side, in place of what asks for others."""
        pictures = dict(zip(self.page.pictures, results, strict=True))
        return pictures | {self.page.actions: gr.Row(visible=False), self.page.bar: "", self.page.place: place}

    def asked(self, position: int, question: str) -> Updates:
        """A question about the results."""
        return {self.page.ready: position, self.page.results: gr.Column(visible=True), self.page.question: question}


class Moves(Protocol):
    """What a study makes of it."""

    def begin(self, view: LiveView, token: str) -> Updates:
        """The page of whoever holds the token."""
        ...

    def edit(
        self, view: LiveView, token: str, brought: Brought, editor: EditingService, stop: threading.Event
    ) -> Generator[Updates, None, Updates]:
        """What changes while edits run, and what at their end."""
        ...

    def vote(self, view: LiveView, token: str, ready: int | None, told: Any) -> Updates | None:
        """What changes by a choice; None if it was none."""
        ...


def add_live(
    blocks: TellingBlocks, path: str, draw: Draw, moves: Moves, editor: EditingService, embeddings: EmbeddingCache
) -> None:
    """Adds a page to a Gradio app at a path, to which no other page leads; `draw` is given what its panes ask for."""
    editor = in_line(editor)
    with blocks.route("Study", path, show_in_navbar=False):
        page = draw(answers_of(editor, embeddings, Looks()))
        _connect(blocks, page, moves, editor)


def entrance(title: str, path: str) -> TellingBlocks:
    """A Gradio app that only leads to the page at `path`."""
    with TellingBlocks(title=title, analytics_enabled=False) as blocks:
        gr.HTML(f"<p><a href='.{path}/'>Go to the study</a></p>")
    return blocks


def _connect(blocks: TellingBlocks, page: LivePage, moves: Moves, editor: EditingService) -> None:
    running, view = RunningEdits(), LiveView(page)

    def stop(request: gr.Request) -> None:
        running.stop(request.session_hash or "", patience=3.0)

    def vote(token: str, ready: int | None, told: Any) -> Any:
        changes = moves.vote(view, token, ready, told)
        return gr.skip() if changes is None else changes

    inputs = [page.token, page.source, page.reference, page.source_prompt, page.prompt]
    # The token stands behind the address's #, which browsers do not send: this page's own script hands it over.
    blocks.load(
        partial(moves.begin, view),
        page.token,
        [page.token, *page.all],
        js="(token) => [window.live.token()]",
        **PAGE_ONLY,
    )
    page.run.click(_runner(view, moves, editor, running), inputs, page.all, **MAY_FAIL)
    page.stop.click(stop, None, None, **PAGE_ONLY)
    blocks.unload(stop)
    for choice, button in page.choices.items():
        told = f"(token, ready, told) => [token, ready, window.live.told('{choice}')]"
        button.click(vote, [page.token, page.ready, gr.JSON(visible=False)], page.all, js=told, **PAGE_ONLY)


def _runner(
    view: LiveView, moves: Moves, editor: EditingService, running: RunningEdits
) -> Callable[..., Generator[Updates, None, None]]:
    """Makes the edits that a visitor asks for, which `running` knows meanwhile."""

    def run(
        token: str, source: Any, reference: Any, source_prompt: str, prompt: str, request: gr.Request
    ) -> Generator[Updates, None, None]:
        visitor = request.session_hash or ""
        ticket = running.start(visitor)
        brought = Brought(source=source, reference=reference, source_prompt=source_prompt, prompt=prompt)
        try:
            last = yield from moves.edit(view, token, brought, asked_by(editor, request), ticket.stop)
        finally:
            running.end(visitor, ticket)
        # In one: of updates that follow each other at once, a browser may lose some.
        yield last

    return run
