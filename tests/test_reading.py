"""What a model reads of a sentence: ordinary English becomes captions, and nothing is lost without a word."""

from copy import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from refedit.diffusion.lexicon import Lexicon
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.diffusion.vocabulary import AllWords, KnownWords, LeftOut, Reading
from refedit.editing.editor import Editor
from refedit.editing.reading import as_read, notes_on, reading_notes
from refedit.editing.request import EditRequest, Finished, Reference
from refedit.errors import EditError
from refedit.methods import Baret, Input, Method, SpecRef
from refedit.models import builtin_folder
from refedit.picturebook.world.captions import caption, describe
from refedit.picturebook.world.lexicon import SAME, lexicon
from refedit.picturebook.world.scene import sample_scene
from tests.conftest import picture

WORDS = lexicon()


def test_every_caption_is_read_as_it_stands() -> None:
    rng = np.random.default_rng(0)
    for scene in (sample_scene(rng) for _ in range(500)):
        for said in (describe(scene), caption(scene, rng)):
            assert WORDS.read(said.text) == Reading(text=said.text)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("a jumping cat", "a cat jumping"),
        ("A CAT, SITTING.", "a cat sitting"),
        ("a cat that jumps", "a cat jumping"),
        ("on a beach, a cat is jumping", "a cat jumping on a beach"),
        ("a striped red cat", "a red striped cat"),
        ("a red and white cat", "a red cat"),
        ("a red fluffy cat", "a red cat"),
        ("a red cat under a green tree", "a red cat"),
        ("a cat, red, sitting, forest", "a red cat sitting in a forest"),
        ("a cat and a dog, both sleeping", "a cat sleeping and a dog sleeping"),
        ("a red cat and a blue one", "a red cat and a blue cat"),
        ("2 cats", "a cat and a cat"),
        ("a pair of dogs", "a dog and a dog"),
        ("a two-headed dog", "a dog"),
        ("a dog-like cat", "a cat"),
        ("teddy bear", "a bear"),
        ("snow white rabbit", "a white rabbit"),
        ("a cat without stripes", "a cat"),
        ("the cat isn't sleeping", "a cat"),
        ("not a cat but a dog", "a dog"),
        ("a dog instead of a cat", "a dog"),
        ("turn the cat into a dog", "a dog"),
        ("make the red car blue", "a blue car"),
        ("make the sky green", ""),
        ("make the colour blue", "blue"),
        ("a cat. Negative prompt: dog, blue", "a cat"),
        ("a pencil on a table", ""),
        ("a cat that is red", "a red cat"),
        ("two dogs", "a dog and a dog"),
        ("two red dogs jumping", "a red dog jumping and a red dog jumping"),
        ("dogs", "a dog"),
        ("a cat and a jumping dog", "a cat and a dog jumping"),
        ("a sleeping dog and a cat", "a dog sleeping and a cat"),
        ("a dog with a red umbrella", "a dog and a red umbrella"),
        ("a face with a smile", "a smiling face"),
        ("a watercolor of a kitten", "a cat in watercolour style"),
        ("“a dog”", "a dog"),
        ("‘a dog’", "a dog"),
        ("a (dog:1.3)", "a dog"),
        ("a ((striped dog:1,2))", "a striped dog"),
        ("a puppy's ball", "a dog and a ball"),
        ("", ""),
        ("red", "red"),
    ],
)
def test_ordinary_english_becomes_a_caption(sentence: str, text: str) -> None:
    assert WORDS.read(sentence).text == text
    assert WORDS.read(text) == Reading(text=text)


@pytest.mark.parametrize(
    ("sentence", "left_out"),
    [
        ("a photo of a dog", LeftOut(word="photo")),
        ("a happy dog jumping on a beach", LeftOut(word="happy", known=True)),
        ("a mug sitting", LeftOut(word="sitting", known=True)),
        ("a black and white cat", LeftOut(word="white", known=True)),
        ("cat house", LeftOut(word="cat", known=True)),
        ("remove the umbrella", LeftOut(word="umbrella", known=True)),
        ("a rabit", LeftOut(word="rabit", nearest="rabbit")),
        ("a cat in a red room", LeftOut(word="red", known=True)),
        ("two cats and a dog", LeftOut(word="dog", known=True)),
        ("a cat \N{DOG FACE}", LeftOut(word="\N{DOG FACE}")),
    ],
)
def test_what_is_left_out_is_named(sentence: str, left_out: LeftOut) -> None:
    reading = WORDS.read(sentence)
    assert reading.left_out == (left_out,)
    assert any(left_out.word in note for note in notes_on(sentence, reading))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        *(("forrest", "forest"), ("jumpign", "jumping"), ("umbrela", "umbrella"), ("umbralla", "umbrella")),
        *(("yelow", "yellow"), ("surprise", "surprised"), ("gras", "grass"), ("sandy", "sand")),
        *((word, "") for word in "glass horse beard wine shoe deer coat boast plant seal made sailing brid".split()),
    ],
)
def test_only_a_word_that_was_surely_meant_is_offered(word: str, meant: str) -> None:
    (left,) = WORDS.read(f"a {word} cat").left_out
    assert (left.nearest, left.known) == (meant, False)


def test_reading_what_was_read_changes_nothing_whatever_it_was() -> None:
    words = [
        *WORDS.words,
        *SAME,
        *"a an and the with in of but not no two three one both make into , . ( hat tree".split(),
    ]
    rng = np.random.default_rng(1)
    for length in rng.integers(1, 12, 500):
        first = WORDS.read(" ".join(rng.choice(words, length)))
        assert WORDS.read(first.text) == Reading(text=first.text)


def test_words_that_mean_the_same_are_words_of_the_model_and_none_of_them_is_one() -> None:
    assert set(SAME.values()) <= set(WORDS.words) and not set(SAME) & set(WORDS.words)


def test_a_lexicon_is_read_as_it_was_written(tmp_path: Path) -> None:
    WORDS.save(tmp_path / "lexicon.json")
    assert Lexicon.load(tmp_path / "lexicon.json") == WORDS


@pytest.mark.skipif(not (builtin_folder() / "lexicon.json").is_file(), reason="no weights in this copy")
def test_the_shipped_lexicon_is_that_of_the_world() -> None:
    assert Lexicon.load(builtin_folder() / "lexicon.json") == WORDS


def test_a_small_vocabulary_without_a_grammar_leaves_out_what_it_lacks() -> None:
    known = KnownWords({"a", "dog", "red"}.__contains__)
    assert known.read("a red dog") == Reading(text="a red dog")
    read = known.read("a (red:1.2) “dogs” zebra, dogg")
    assert read.text == "a red dog" and read.replaced == (("dogs", "dog"),)
    assert read.left_out == (LeftOut(word="zebra"), LeftOut(word="dogg"))
    assert known.read(read.text) == Reading(text=read.text)


def test_a_large_vocabulary_reads_everything_but_weights() -> None:
    assert AllWords().read("A “Dog”, (jumping:1.3)!") == Reading(text="A “Dog”, jumping!")


@pytest.fixture
def small(model: StableDiffusion) -> StableDiffusion:
    """The tiny model with the picture book's lexicon."""
    small = copy(model)
    small.vocabulary = WORDS
    return small


def edited(model: StableDiffusion, request: EditRequest) -> bytes:
    done = list(Editor(model).edit(request))[-1]
    assert isinstance(done, Finished)
    return done.image.tobytes()


@pytest.mark.parametrize(
    ("method", "same"),
    [
        (SpecRef(steps=2, words="dogs", reweight="dogs:1.5"), SpecRef(steps=2, words="dog", reweight="dog:1.5")),
        (Baret(steps=2, inner_steps=1), Baret(steps=2, inner_steps=1)),
    ],
)
def test_an_edit_is_bit_equal_to_that_of_the_sentence_without_unknown_words(
    small: StableDiffusion, method: Method, same: Method
) -> None:
    reference = Reference(image=picture(2)) if Input.REFERENCE in method.needs else None
    written, source = "a photo of jumping (dogs:1.3)", "a lovely “cat”"
    request = EditRequest(method=method, source=picture(1), prompt=written, source_prompt=source, reference=reference)
    known = replace(request, method=same, prompt="a dog jumping", source_prompt="a cat")
    assert edited(small, request) == edited(small, known)
    assert request.recipe.prompt == written, "what was written is kept"


def test_a_sentence_that_only_takes_away_is_an_error_that_asks_for_a_picture() -> None:
    with pytest.raises(EditError, match="nothing to draw in 'remove the dog'"):
        as_read(EditRequest(method=Baret(), source=picture(1), prompt="remove the dog"), WORDS.read)


def test_a_sentence_of_which_nothing_is_known_is_an_error_that_offers_a_word() -> None:
    request = EditRequest(method=Baret(), source=picture(1), prompt="my rabit!")
    with pytest.raises(EditError, match=r"knows no word of 'my rabit!'. Did you mean 'rabbit'\?"):
        as_read(request, WORDS.read)
    assert any("rabbit" in note for note in reading_notes(request, WORDS.read))
