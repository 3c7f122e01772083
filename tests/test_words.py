"""Words and tokens: where a word stands, and which words are new."""

import pytest

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.diffusion.words import changed_words, names_another_thing, split_words, word_positions, word_weights
from refedit.errors import EditError


def test_a_word_is_found_wherever_it_stands(model: StableDiffusion) -> None:
    assert word_positions("a cat and a dog", "a", model.tokens) == (1, 6)
    assert word_positions("cat, a red dog.", "dog", model.tokens) == (5,)


def test_a_word_of_several_tokens_gives_them_all(model: StableDiffusion) -> None:
    assert len(model.tokens("doge")) == 3
    assert word_positions("red doge cat", "doge", model.tokens) == (2, 3, 4)
    assert word_positions("a red dog", "red dog", model.tokens) == (2, 3)


def test_the_end_of_a_word_is_not_a_word(model: StableDiffusion) -> None:
    assert word_positions("pizza a cat", "a", model.tokens) == (6,)
    with pytest.raises(EditError, match="'z' is not in the prompt 'jazz'"):
        word_positions("jazz", "z", model.tokens)


def test_what_a_hyphen_joins_is_one_word_and_quotes_are_not_part_of_it(model: StableDiffusion) -> None:
    with pytest.raises(EditError):
        word_positions("a cat-like dog", "cat", model.tokens)
    assert word_positions("a 'red' cat dog!", "dog", model.tokens)
    assert len(word_positions("a cat-like dog", "cat-like", model.tokens)) == len(model.tokens("cat-like"))


def test_changed_words_ignore_punctuation_case_and_order() -> None:
    assert changed_words("A red dog, sitting", "a cat sitting.") == ("red", "dog")
    assert changed_words("the same", "same the") == ()
    assert split_words(" red dog, , cat") == ("red dog", "cat") and split_words(" - ") == ()


@pytest.mark.parametrize(
    ("prompt", "new"),
    [("a Weißbier", ("Weißbier",)), ('A CAT, a Red "dog"', ("Red", "dog")), ("Dog dog, doG!", ("Dog",))],
)
def test_every_changed_word_is_found_in_its_prompt(prompt: str, new: tuple[str, ...], model: StableDiffusion) -> None:
    assert changed_words(prompt, "a cat") == new
    assert all(word_positions(prompt, word, model.tokens) for word in new)


def test_a_word_is_known_however_it_is_spelled() -> None:
    assert changed_words("a WEISSBIER", "ein Weißbier") == ("a",)


def test_weights_mark_the_tokens(model: StableDiffusion) -> None:
    assert word_weights("a dog", ["dog"], model.tokens, 5).tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("prompt", "source", "another"),
    [
        ("a rabbit sitting on a meadow", "a cat sitting on a meadow", True),
        ("a photo of a dog", "a photo of a cat", True),
        ("a red fox in the snow", "a dog in the snow", True),
        ("a dotted cat on a beach", "a striped cat on a beach", False),
        ("a Cat, sitting", "a cat", False),
        ("a jumping cat", "a sitting cat", False),
        ("a cat jumping over a fence", "a cat sitting over a fence", False),
        ("a mug", "", True),
        ("", "a mug", False),
    ],
)
def test_another_thing_is_named_by_the_last_word_of_a_phrase(prompt: str, source: str, another: bool) -> None:
    assert names_another_thing(prompt, source) is another
