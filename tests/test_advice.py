"""Advice: what a sentence asks for that a drawing does not show."""

import pytest
import torch

from refedit.models import builtin_folder
from refedit.picturebook.advice import conflicts, named
from refedit.picturebook.glance import surely_shown
from refedit.picturebook.networks.reader import Reader
from refedit.picturebook.world.captions import describe
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.examples import scene
from refedit.picturebook.world.true_edits import with_backdrop, with_colour, with_style

DOG = scene("dog", 103, pose="sitting", backdrop="beach", pattern="dotted", colour="brown")


@pytest.mark.parametrize(
    ("factor", "prompt", "word"),
    [
        ("background", "A dog in the SNOW.", "snow"),
        ("style", "a dog in watercolour style", "watercolour"),
        ("colour", "a dog", None),
        ("colour", "a red dog and a blue cat", None),
        ("colour", "a reddish dog", None),
    ],
)
def test_a_sentence_names_a_word_once_or_not_at_all(factor: str, prompt: str, word: str | None) -> None:
    assert named(factor, prompt) == word


@pytest.mark.skipif(not (builtin_folder() / "clip").is_dir(), reason="no readers in this copy")
def test_only_what_differs_from_the_drawing_is_a_conflict() -> None:
    shown = surely_shown(Reader.load(builtin_folder(), torch.device("cpu")), draw(DOG, 256).picture)
    assert conflicts(shown, describe(DOG).text) == ()
    for changed, told in (
        (with_backdrop(DOG, "snow"), ("background", "beach", "snow")),
        (with_style(DOG, "watercolour"), ("style", "storybook", "watercolour")),
        (with_colour(DOG, "blue"), ("colour", "brown", "blue")),
    ):
        (conflict,) = conflicts(shown, describe(changed).text)
        assert (conflict.factor, conflict.shown, conflict.said) == told
