"""What is said of the sentences while they are typed: how the model reads them, and which kind of edit fits them."""

from collections.abc import Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from refedit.editing.request import LONGEST_PROMPT
from refedit.editing.service import EditingService, ModelFacts
from refedit.errors import EditError
from refedit.imaging.images import read_picture
from refedit.methods import Input
from refedit.models import BUILTIN
from refedit.picturebook.advice import Switch, Unsaid, switch_for, unlike_drawings, unsaid, whole_sentence
from refedit.picturebook.glance import Glance, glance_at
from refedit.ui.events.handlers import PAGE_ONLY, Updates
from refedit.ui.state.kinds import choice, kind_of, title_of
from refedit.ui.state.picture_with_mask import Canvas
from refedit.ui.state.received import is_large, unpacking, uploaded
from refedit.ui.state.words import marked, marked_html
from refedit.ui.view.layout import Page

REMEMBERED = 256
"""So many pictures are looked at once only, however long somebody types."""


def connect_sentences(page: Page, editor: EditingService) -> None:
    """Keeps the lines under the sentences up to date, for typed and for filled-in sentences, pictures and kinds."""
    inputs = page.inputs

    def show(kind: str, source_prompt: str, prompt: str, *canvases: Canvas | None) -> Updates:
        return show_sentences(page, editor, kind, source_prompt, prompt, *canvases)

    panes = [inputs.source.canvas, inputs.reference.canvas]
    asked: list[Any] = [inputs.kind, inputs.source_prompt, inputs.prompt, *panes]
    # Of quick changes only the last one is answered.
    how: dict[str, Any] = {"outputs": [inputs.source_reading, inputs.prompt_reading], "trigger_mode": "always_last"}
    for part in asked:
        part.change(show, asked, **how, **PAGE_ONLY)


def show_sentences(
    page: Page,
    editor: EditingService,
    kind: str,
    source_prompt: str,
    prompt: str,
    source: Canvas | None,
    reference: Canvas | None = None,
) -> Updates:
    """The lines under both sentences."""
    if max(len(source_prompt), len(prompt)) > LONGEST_PROMPT:  # the page itself takes no such; the run says it
        return {page.inputs.source_reading: "", page.inputs.prompt_reading: ""}
    facts, chosen = editor.facts, choice(kind)
    both = Input.SOURCE_PROMPT in chosen.needs
    now, wanted = (
        marked_html(marked(sentence, beside if both else "", facts.read, facts.words))
        for sentence, beside in ((source_prompt, prompt), (prompt, source_prompt))
    )
    sentences = (source_prompt if both else "", prompt)
    seen = _glance(facts, source, "source")
    other = _glance(facts, reference, "reference") if Input.REFERENCE in chosen.needs else None
    switch = switch_for(facts, chosen.method, chosen.preset, sentences, seen, other)
    offer = (
        _offered(switch)
        or _to_say(facts, prompt, both, (seen, other))
        or _to_keep(unsaid(facts, chosen.preset, prompt, seen))
    )
    offer += _told(unlike_drawings({"your picture": seen, "the other picture": other}))
    before = "" if source_prompt.strip() else _to_say(facts, source_prompt, both, (seen,))
    return {page.inputs.source_reading: now + before, page.inputs.prompt_reading: wanted + offer}


def _glance(model: ModelFacts, canvas: Canvas | None, name: str) -> Glance | None:
    """The picture of a canvas; none if it cannot be read, or takes too long to read while somebody types."""
    if model.name != BUILTIN or not canvas or not canvas.get("picture"):
        return None
    try:
        file = uploaded(canvas["picture"], name)
        return None if is_large(file) else _seen(file)
    except EditError:
        return None  # the run will say what is wrong with it


@lru_cache(maxsize=REMEMBERED)
def _seen(file: Path) -> Glance:
    """What is seen in a file, in which nothing else is ever written."""
    with unpacking(file):
        return glance_at(read_picture(file))


def _offered(switch: Switch | None) -> str:
    """The offer of another kind of edit, as a button that the browser presses for it."""
    if switch is None:
        return ""
    kind = kind_of(switch.method.name, switch.preset)
    title = title_of(switch.method, switch.preset)
    return (
        f'<p class="switch-offer" role="status">{escape(switch.sentence)} '
        f'<button type="button" data-kind="{kind}">{escape(title)}</button></p>'
    )


def _to_say(model: ModelFacts, sentence: str, both: bool, seen: Sequence[Glance | None]) -> str:
    """The offer of a sentence about the whole picture, as a chip that puts it in the place of one without a thing.

    Of an empty sentence it is made where both are needed: what a sentence alone should change, nobody can tell.
    """
    whole = whole_sentence(model, sentence, seen) if sentence.strip() or both else ""
    chip = f'<button type="button" class="chip" data-all="{escape(whole)}">{escape(whole)}</button>'
    return f'<p class="keep-offer" role="status">Describe the whole picture: {chip}</p>' if whole else ""


def _told(sentence: str) -> str:
    return f'<p class="keep-offer" role="status">{escape(sentence)}</p>' if sentence else ""


def _to_keep(left: Unsaid | None) -> str:
    """The offer to say what should stay, as a chip that puts it before its thing."""
    if left is None:
        return ""
    thing, both = escape(left.thing), escape(f"{left.words} {left.thing}")
    chip = f'<button type="button" class="chip" data-for="{thing}" data-word="{both}">{both}</button>'
    return f'<p class="keep-offer" role="status">What is said stays: {chip}</p>'
