"""How the tokens of two prompts correspond."""

import pytest
import torch

from refedit.diffusion.alignment import refinement, replacement, same_word_count
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.errors import EditError


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


@pytest.mark.parametrize("target", ["a dog ", " a dog", "a  dog", "a dog\n"])
def test_spaces_make_no_words(target: str, model: StableDiffusion) -> None:
    assert same_word_count("a cat", target) and not same_word_count("a cat", "a red dog")
    assert torch.equal(
        replacement("a cat", target, model.tokens, 8).matrix, replacement("a cat", "a dog", model.tokens, 8).matrix
    )


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
