"""Sentences while they are typed: which words are read, which differ, which kind of edit fits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from refedit.editing.editor import Editor
from refedit.editing.service import ModelFacts
from refedit.methods import Baret, SpecRef
from refedit.models import BUILTIN, builtin_folder
from refedit.picturebook import glance
from refedit.picturebook.advice import switch_for, unsaid, whole_sentence
from refedit.picturebook.glance import Glance, glance_at
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.examples import scene
from refedit.picturebook.world.lexicon import lexicon
from refedit.ui.events.sentences import show_sentences
from refedit.ui.state.kinds import choice, choices, kind_of
from refedit.ui.state.picture_with_mask import PictureWithMask, to_canvas
from refedit.ui.state.words import Fate, marked, marked_html, offered_html
from refedit.ui.view.layout import Page

WORDS = lexicon()
READERS = pytest.mark.skipif(not (builtin_folder() / "clip").is_dir(), reason="no readers in this copy")


def fates(sentence: str, other: str = "") -> dict[str, tuple[Fate, str, bool]]:
    marks = marked(sentence, other, WORDS.read, WORDS.offered)
    return {mark.written: (mark.fate, mark.instead, mark.differs) for mark in marks}


def test_every_word_has_its_fate() -> None:
    found = fates("A kitty leaping wibbly on the meadoww")
    assert found["kitty"] == (Fate.REPLACED, "cat", False)
    assert found["leaping"] == (Fate.REPLACED, "jumping", False)
    assert found["wibbly"][0] is Fate.LEFT_OUT and found["meadoww"] == (Fate.LEFT_OUT, "meadow", False)
    assert found["the"][0] is Fate.PLAIN
    assert fates("a cat")["cat"][0] is Fate.KNOWN
    assert fates("a dog-jumping")["jumping"][0] is Fate.KNOWN, "as it is read"
    second = fates("a blue ball with yellow stripes")["yellow"]
    assert second[0] is Fate.NO_PLACE, "a thing of the drawn world has one colour"


def test_words_that_the_other_sentence_lacks_differ() -> None:
    found = fates("a dog, on a meadow", "A cat on a meadow")
    assert [word for word, (_, _, differs) in found.items() if differs] == ["dog"]
    assert not any(differs for _, _, differs in fates("a dog on a meadow").values())


def test_nothing_that_is_typed_becomes_html() -> None:
    html = marked_html(marked("<b>cat</b> <img src=x> kitty", "<i>", WORDS.read, WORDS.offered))
    assert "<b>" not in html and "<img" not in html and "<i>" not in html.replace('<i class="instead">', "")


def test_every_known_word_is_on_offer_and_only_of_a_small_model() -> None:
    html = offered_html(WORDS.offered)
    assert all(f'data-word="{word}"' in html for word in WORDS.words)
    assert offered_html({}) == ""


def told_of(editor: Editor) -> ModelFacts:
    """What the page is told of the built-in model."""
    return replace(editor.facts, name=BUILTIN, read=WORDS.read, words=WORDS.offered)


def dog_of(colour: str) -> Image.Image:
    return draw(scene("dog", 103, pose="sitting", backdrop="beach", colour=colour), 128).picture


@READERS
def test_a_sentence_that_the_kind_cannot_do_offers_the_one_that_can(editor: Editor) -> None:
    facts, seen, blue = told_of(editor), glance_at(dog_of("brown")), glance_at(dog_of("blue"))

    def offered(
        method: str, preset: str, now: str, wanted: str, other: Glance | None = None
    ) -> tuple[type, str] | None:
        switch = switch_for(facts, method, preset, (now, wanted), seen, other)
        return None if switch is None else (switch.method, switch.preset)

    poses, looks = (Baret.name, "non-rigid"), (Baret.name, "rigid")
    assert offered(*poses, "", "a dog in the snow") == (Baret, "rigid")
    assert offered(*looks, "", "a dog jumping on a beach") == (Baret, "non-rigid")
    assert offered(*looks, "", "a dog jumping in the snow") == (Baret, "non-rigid"), "one after the other"
    assert offered(*looks, "", "a dog in the snow") is None and offered(*poses, "", "a dog jumping") is None
    assert offered(*poses, "", "a cat sitting on a beach") == (SpecRef, "recommended")
    swap = (SpecRef.name, "recommended", "a dog sitting on a beach")
    assert offered(*swap, "a dog jumping on a beach") == (Baret, "non-rigid")
    assert offered(*swap, "a dog sitting in the snow") == (Baret, "rigid")
    assert offered(*swap, "a cat sitting on a beach") is None and offered(*swap, swap[2]) is None
    assert offered(*swap, "a blue dog sitting on a beach") == (Baret, "rigid"), "there is no other picture yet"
    assert offered(*swap, "a blue dog sitting on a beach", blue) is None, "the other picture has that colour"
    assert offered(*swap, "a red dog sitting on a beach", blue) == (Baret, "rigid")
    assert offered(*swap, "a blue dotted dog sitting on a beach") is None, "no sentence gives a pattern"
    assert switch_for(replace(facts, name="other"), *poses, ("", "a dog in the snow"), seen) is None


@READERS
def test_a_change_of_the_look_offers_to_say_what_stays(editor: Editor) -> None:
    facts, seen = told_of(editor), glance_at(dog_of("brown"))
    left = unsaid(facts, "rigid", "A Dog in the snow", seen)
    assert left is not None and (left.thing, left.words) == ("Dog", "brown")
    assert unsaid(facts, "rigid", "a green dog in the snow", seen) is None, "what changes is not asked for"
    assert unsaid(facts, "rigid", "a cat in the snow", seen) is unsaid(facts, "non-rigid", "a dog", seen) is None


def test_a_sentence_that_names_no_thing_is_offered_about_the_whole_picture(editor: Editor) -> None:
    shown = {"kind": "dog", "pose": "sitting", "colour": "brown", "pattern": "plain", "background": "beach"}
    facts, seen = told_of(editor), Glance(shown=shown)
    blue = Glance(shown=shown | {"colour": "blue", "style": "pencil"})
    asleep = Glance(shown=shown | {"kind": "fox", "pose": "sleeping"})
    mug = Glance(shown={"kind": "mug", "pose": "", "colour": "red", "background": "snow"})
    for said, whole in (
        ("change the colour to blue", "a blue dog sitting on a beach"),
        ("turn the beach into snow", "a brown dog sitting in the snow"),
        ("make it jump", "a brown dog jumping on a beach"),
    ):
        assert whole_sentence(facts, said, [seen]) == whole
        assert facts.read(whole).text == whole and not whole_sentence(facts, whole, [seen])
    assert whole_sentence(facts, "in the snow", [seen, blue]) == "a blue dog sitting in the snow"
    assert whole_sentence(facts, "", [None, blue]) == "a blue dog sitting", "where, only the first picture shows"
    assert not whole_sentence(facts, "remove the dog", [seen]), "it is not what was asked for"
    unsure = Glance(shown={"kind": "cat"})
    assert whole_sentence(facts, "", [seen, unsure]) == "a cat sitting on a beach", "not in the other one's coat"
    assert whole_sentence(facts, "", [seen, asleep]) == "a brown fox sitting on a beach", "a swap keeps the pose"
    assert whole_sentence(facts, "", [mug, asleep]) == "a brown fox sleeping in the snow", "if there is one"
    assert whole_sentence(facts, "", [asleep, mug]) == "a red mug on a beach"
    assert not whole_sentence(facts, "blue", [None]) and not whole_sentence(facts, "blue", [Glance(drawn=False)])
    assert not whole_sentence(replace(facts, name="other"), "blue", [seen])


@READERS
def test_an_offer_stands_below_the_sentence_and_a_picture_is_read_once(
    page: Page, editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setattr(editor, "facts", told_of(editor))
    asked, read = [], glance.surely_shown

    def counted(reader: Any, picture: Image.Image) -> dict[str, str]:
        asked.append(picture)
        return read(reader, picture)

    monkeypatch.setattr(glance, "surely_shown", counted)
    canvas = to_canvas(PictureWithMask(picture=dog_of("brown")), tmp_path)
    shown = show_sentences(page, editor, "pose", "", "a dog in the snow", canvas)
    assert 'data-kind="look"' in shown[page.inputs.prompt_reading] and shown[page.inputs.source_reading] == ""
    show_sentences(page, editor, "look", "", "a dog sitting on a beach", canvas)
    both = show_sentences(page, editor, "swap", "", "blue", canvas, {"picture": None, "mask": ""})
    assert 'data-all="a blue dog sitting on a beach"' in both[page.inputs.prompt_reading]
    assert 'data-all="a brown dog sitting on a beach"' in both[page.inputs.source_reading]
    assert len(asked) == 1, "also where no other kind is offered"


def test_every_kind_is_a_preset_and_every_preset_has_a_kind() -> None:
    for one in choices():
        assert kind_of(one.method, one.preset) == one.kind and choice(one.kind) == one
    assert kind_of("baret", "published") == "pose" and kind_of("specref", "official") == "swap"
    assert choice("magic") == choices()[0]
