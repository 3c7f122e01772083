"""Words and tokens, and how two prompts correspond."""

import pytest
import torch

from refedit.errors import EditError
from refedit.stable_diffusion import StableDiffusion
from refedit.words import changed_words, refinement, replacement, split_words, word_positions, word_weights


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


def test_weights_mark_the_tokens(model: StableDiffusion) -> None:
    assert word_weights("a dog", ["dog"], model.tokens, 5).tolist() == [0, 0, 1, 0, 0]


def test_equal_prompts_correspond_token_by_token(model: StableDiffusion) -> None:
    for align in (replacement, refinement):
        found = align("a red cat", "a red cat", model.tokens, 8)
        assert torch.equal(found.matrix, torch.eye(8)) and not found.own.any()


def test_replacement_swaps_words_in_place(model: StableDiffusion) -> None:
    found = replacement("a cat, red", "a dog, red", model.tokens, 8)
    assert torch.equal(found.matrix, torch.eye(8))


def test_a_longer_word_shares_its_counterparts_map(model: StableDiffusion) -> None:
    found = replacement("a dog red", "a doge red", model.tokens, 8, exact=True)
    assert found.matrix[2, 2:5].tolist() == pytest.approx([1 / 3] * 3)
    assert found.matrix[3, 5] == 1
    official = replacement("a dog red", "a doge red", model.tokens, 8)
    assert official.matrix[5, 5] == 1 and official.matrix[3, 5] == 0


def test_replacement_needs_equally_many_words(model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="3 and 2. Change a prompt, or set controller to refine"):
        replacement("a red cat", "a dog", model.tokens, 8)


def test_refinement_keeps_known_words_and_leaves_new_ones_alone(model: StableDiffusion) -> None:
    found = refinement("a cat", "a red cat", model.tokens, 8)
    assert found.own.tolist() == [0, 0, 1, 0, 0, 0, 0, 0]
    assert found.matrix[:, 3].nonzero().flatten().tolist() == [2]
    assert found.matrix[:, 2].sum() == 0


def test_an_alignment_for_no_token_changes_nothing(model: StableDiffusion) -> None:
    found = refinement("a cat", "a red cat", model.tokens, 8)
    assert found.during(torch.zeros(8)).is_identity
    assert not found.during(torch.ones(8)).is_identity
    assert found.reweighted(torch.full((8,), 2.0)).matrix.sum() == 2 * found.matrix.sum()
