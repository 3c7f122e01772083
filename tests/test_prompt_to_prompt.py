"""Prompt-to-prompt's maths: what the fused attention does is what the explicit maps say; local blend's masks."""

import pytest
import torch
from torch import Tensor

from refedit.diffusion.alignment import Alignment, refinement, replacement
from refedit.diffusion.attention import attend, attention_map
from refedit.diffusion.prompt_to_prompt import LocalBlend, PromptToPrompt, word_factors
from refedit.diffusion.rows import Rows
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.diffusion.word_maps import WordMap, WordMaps
from refedit.methods.specref import SOURCE, SOURCE_UNCOND, TARGET, TARGET_UNCOND

ROWS = Rows((SOURCE_UNCOND, TARGET_UNCOND, SOURCE, TARGET))
TOKENS = 8
NAMES = ["replacement", "exact", "refinement", "reweighted", "half a replacement", "half a refinement"]


def alignments(model: StableDiffusion) -> dict[str, Alignment]:
    replaced = replacement("a dog red", "a doge red", model.tokens, TOKENS)
    refined = refinement("a cat", "a red cat", model.tokens, TOKENS)
    factors, half = word_factors("a red cat", "red:3, cat:-0.5", model.tokens, TOKENS), torch.arange(TOKENS) % 2.0
    exact = replacement("a dog red", "a doge red", model.tokens, TOKENS, exact=True)
    found = (replaced, exact, refined, refined.reweighted(factors), replaced.during(half), refined.during(half))
    return dict(zip(NAMES, found, strict=True))


def states() -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (
        torch.randn(4, 2, count, 8, generator=torch.Generator().manual_seed(3)) for count in (16, TOKENS, TOKENS)
    )
    return q, k, v + 1


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_following_is_what_the_explicit_map_gives(model: StableDiffusion, name: str, recorded: bool) -> None:
    cross, (q, k, v) = alignments(model)[name], states()
    maps = WordMaps(grid=4, words={}, device=torch.device("cpu")) if recorded else None
    control = PromptToPrompt(rows=ROWS, source=SOURCE, target=TARGET, cross=cross, self_grid=0, maps=maps)
    out, plain = control(model.sites[1], q, k, v), attend(q, k, v)
    explicit = (attention_map(q[2], k[2]) @ cross.matrix + attention_map(q[3], k[3]) * cross.own) @ v[3]
    torch.testing.assert_close(out[3], explicit, atol=1e-5, rtol=0)
    torch.testing.assert_close(out[:3], plain[:3], atol=1e-5, rtol=0)
    assert not torch.allclose(out[3], plain[3], atol=1e-2)


def test_layout_is_followed_up_to_its_grid(model: StableDiffusion) -> None:
    q, k, v = torch.randn(3, 4, 2, 16, 8, generator=torch.Generator().manual_seed(4)).unbind()
    for grid, leader in ((4, 2), (2, 3), (0, 3)):
        control = PromptToPrompt(rows=ROWS, source=SOURCE, target=TARGET, cross=None, self_grid=grid)
        out = control(model.sites[0], q, k, v)
        torch.testing.assert_close(out[3], attend(q[leader], k[leader], v[3]))
        torch.testing.assert_close(out[:3], attend(q[:3], k[:3], v[:3]))


def word_maps(*names: WordMap) -> WordMaps:
    """Random maps at a grid of 4 for the words of these names."""
    maps = WordMaps(grid=4, words={}, device=torch.device("cpu"))
    random = torch.Generator().manual_seed(5)
    maps.steps.append({name: torch.rand(4, 4, generator=random) ** 4 for name in names})
    return maps


BLEND = (WordMap.BLEND_SOURCE, WordMap.BLEND_TARGET)
STAY = (WordMap.STAY_SOURCE, WordMap.STAY_TARGET)


def test_the_targets_blend_mask_holds_the_sources() -> None:
    blend = LocalBlend(threshold=0.9, stay_threshold=0.3)
    source, target = blend.mask(word_maps(*BLEND), 8)
    assert 0 < source.sum() < target.sum() < 64 and bool((source <= target).all())
    assert torch.equal(target, torch.maximum(source, blend.mask(word_maps(WordMap.EDITED, WordMap.BLEND_TARGET), 8)[1]))


def test_words_that_stay_are_never_inside_the_blend_mask() -> None:
    blend, maps = LocalBlend(threshold=0.5, stay_threshold=0.3), word_maps(*BLEND, *STAY)
    free, mask, stay = blend.mask(word_maps(*BLEND), 8), blend.mask(maps, 8), blend.stay(maps, 8)
    assert bool(stay.any()) and not bool(mask[stay].any())
    assert torch.equal(mask[~stay], free[~stay]) and bool(free[stay].any())
    for name, rows in ((WordMap.STAY_SOURCE, (0, 1)), (WordMap.STAY_TARGET, (1,))):
        total = maps.total(name)
        assert total is not None
        peak = total == total.max()
        assert all(not blend.mask(maps, 4)[row][peak].any() for row in rows)


def test_without_maps_there_is_no_blend_mask() -> None:
    assert not LocalBlend(threshold=0.3, stay_threshold=0.3).mask(word_maps(), 8).any()
