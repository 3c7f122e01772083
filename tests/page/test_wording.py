"""What the page says: states, notes and the table of models."""

import re
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refedit.diffusion.vocabulary import AllWords
from refedit.editing.editor import Editor
from refedit.editing.request import Progress, Reference
from refedit.editing.service import ModelFacts
from refedit.imaging.images import read_picture
from refedit.imaging.masks import Mask
from refedit.methods import Baret, SpecRef
from refedit.models import BUILTIN, CARDS, builtin_folder
from refedit.picturebook.advice import about, notes
from refedit.picturebook.glance import looks_drawn
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.examples import scene
from refedit.ui.state import status
from refedit.ui.state.form import Form
from refedit.ui.state.status import at_work, model_table
from refedit.ui.view.layout import Page

READERS = pytest.mark.skipif(not (builtin_folder() / "clip").is_dir(), reason="no readers in this copy")
PHOTOS = Path(__file__).parents[3] / "shared" / "photos"


def test_nothing_a_visitor_wrote_becomes_html() -> None:
    for html in (
        status.failed("<img src=x>"),
        status.notes(("<b>",)),
        status.table({"<i>": "<script>"}, {"<i>": "<u>"}),
    ):
        assert not any(tag in html for tag in ("<img", "<script", "<i>", "<b></"))


def model_card() -> str:
    """The built-in model's README, where `ship` writes what was measured."""
    return (builtin_folder() / "README.md").read_text("utf-8")


def test_what_the_built_in_model_costs_is_what_was_measured() -> None:
    measured = re.findall(r"\| (SpecRef|BARET), one edit \|[^|]*\| ([\d.]+) s", model_card())
    assert len(measured) == 2 and CARDS[0].name == BUILTIN
    assert all(f"{method} {float(seconds):.0f} s" in CARDS[0].cost for method, seconds in measured)
    weights = sum(path.stat().st_size for path in builtin_folder().rglob("*") if path.is_file())
    assert f" {weights / 1e6:.0f} MB" in CARDS[0].download


def test_a_parameter_is_told_by_its_name_on_the_page_and_on_the_command_line() -> None:
    html = status.table({"self_replace": "0.6", "seed": "3"}, {"self_replace": "Keep layout until"})
    assert "Keep layout until <code>self_replace</code></th><td>0.6" in html and ">seed</th><td>3" in html


def test_progress_names_stage_step_and_time() -> None:
    html = status.running(Progress(stage="Editing", step=3, of=20, fraction=0.5, seconds_left=75))
    assert all(part in html for part in ("Editing", "step 3 of 20", "1 min 15 s", 'aria-valuenow="50"'))


def test_what_changes_many_times_a_second_is_not_read_out() -> None:
    states = (status.queued(), status.stopped(), status.finished("1 s"), status.announced("Editing"))
    assert all('role="status"' in html for html in states)
    assert 'role="status"' not in status.running(Progress(stage="Editing", step=3, of=20, fraction=0.5))


def test_whether_anything_was_kept_for_sure_is_said() -> None:
    told = [
        status.finished("1 s", whole, selected) for whole, selected in ((False, True), (False, False), (True, False))
    ]
    assert len({*told}) == 3 and "you selected" in told[0], "nobody is told of a selection that was not made"


def test_parts_are_called_as_errors_call_them(page: Page) -> None:
    for field, words in ((page.inputs.source_prompt, "source prompt"), (page.inputs.prompt, "target prompt")):
        assert words in str(field.label)
    assert "copied" not in str(page.link.label)
    assert "preview" not in status.stopped(), "there may have been none"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.04, "0.0 s"), (9.97, "10 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_seconds_are_said_as_a_person_would(seconds: float, words: str) -> None:
    assert status.seconds_in_words(seconds) == words


GRAIN = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))


@READERS
def test_drawings_are_told_from_all_else() -> None:
    assert not looks_drawn(GRAIN)
    assert all(looks_drawn(draw(scene("dog", seed), 128).picture) for seed in range(4))


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="no photographs beside this copy")
@READERS
def test_photographs_are_unlike_drawings_even_on_plain_ground() -> None:
    for name in ("dog13.jpg", "gnochi_mirror_1.jpeg", "tiger.jpg", "two_dogs_with_checkered_shirts1.jpg"):
        assert not looks_drawn(read_picture(PHOTOS / name)), name


@READERS
def test_a_picture_that_is_no_drawing_is_named(form: Form, editor: Editor) -> None:
    facts, drawing = replace(editor.facts, name=BUILTIN), draw(scene("dog", 1), 64).picture
    request = replace(form.request(), region=None)

    def noted(source: Image.Image, reference: Image.Image) -> str:
        asked = replace(request, source=source, reference=Reference(image=reference))
        return " ".join(note for note in notes(facts, asked) if "unlike" in note)

    assert noted(drawing, drawing) == ""
    assert noted(GRAIN, drawing).startswith("The source looks unlike")
    assert noted(drawing, GRAIN).startswith("The reference looks unlike")
    assert noted(GRAIN, GRAIN).startswith("The source and the reference look unlike")


@READERS
def test_another_look_than_the_pictures_leads_to_the_preset_and_the_mask_for_it(
    form: Form, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = replace(editor.facts, name=BUILTIN)
    drawing, presets = draw(scene("dog", 103, backdrop="beach", colour="brown"), 128), Baret.presets()
    region = Mask(drawing.masks["subject"].astype(np.float32))
    asked = replace(form.request(), method=presets["non-rigid"], source=drawing.picture, region=region, reference=None)

    def noted(prompt: str, **changes: Any) -> str:
        return " ".join(notes(facts, replace(asked, prompt=prompt, **changes)))

    assert noted("a brown dog jumping on a beach") == ""
    night = noted("a dog on a beach at night")
    assert night.startswith("The drawn world has one background at a time, and the sentence names “beach” and “night”.")
    snow = noted("a dog in the snow")
    assert "“snow” instead of “beach”" in snow and "the preset rigid changes them" in snow and "Clear the mask" in snow
    blue = noted("a blue dog on a beach")
    assert "“blue” instead of “brown”" in blue and "Clear the mask" not in blue
    assert "preset" not in noted("a dog in the snow", method=presets["rigid"])
    assert noted("a dog in the snow", method=presets["rigid"], region=None) == ""
    other = Reference(image=drawing.picture)
    assert noted("a dog in the snow", method=SpecRef(), source_prompt="a dog on a beach", reference=other) == ""


def test_only_the_built_in_model_needs_notes(form: Form, editor: Editor, monkeypatch: pytest.MonkeyPatch) -> None:
    request, facts = form.request(), editor.facts
    assert notes(facts, request) == () and about(facts) == ""
    facts = replace(facts, name=BUILTIN)
    assert about(facts)
    assert all("unknown" not in note for note in notes(facts, request))


def test_the_model_at_work_is_marked_among_all() -> None:
    table = model_table(CARDS, BUILTIN)
    assert table.count("(at work)") == 1 and all(card.title in table and card.licence in table for card in CARDS)
    assert "&lt;mine&gt; <b>(at work)" in model_table(CARDS, "<mine>")


def test_what_an_edit_costs_is_what_was_measured_here() -> None:
    measurements, builtin = model_card(), CARDS[0]
    assert builtin.name == BUILTIN and "measured" in builtin.cost
    for title in ("SpecRef", "BARET"):
        measured = re.search(rf"^\| {title}, one edit \| [^|]* \| ([\d.]+) s", measurements, re.M)
        told = re.search(rf"{title} (\d+) s", builtin.cost)
        assert measured and told and 0.5 < float(told[1]) / float(measured[1]) < 2
    assert all("estimated" in card.cost or card.cost.startswith("as ") for card in CARDS[1:])
    assert all(word in model_table(CARDS, BUILTIN) for word in ("An edit takes", "Download", "about 4 GB"))


def test_the_model_at_work_is_told_with_its_licence_and_limits() -> None:
    for card in CARDS:
        told = at_work(CARDS, ModelFacts(name=card.name, size=64, read=AllWords().read))
        assert all(escape(text) in told for text in (card.title, card.licence, card.limits))
    other = at_work(CARDS, ModelFacts(name="<mine>", size=64, read=AllWords().read))
    assert "&lt;mine&gt;" in other and "licence of its own" in other
