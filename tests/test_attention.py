"""The attention control: no control is stock, a control sees every site once, in forward order."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from refedit.diffusion.attention import Site, attend, attention_map, grid_of, make_controllable
from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.rows import Row
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.diffusion.word_maps import TrackedWords, WordMap, WordMaps
from refedit.methods.specref import Branch


@dataclass
class Watching:
    """Plain attention that notes where it is called."""

    sites: list[Site] = field(default_factory=list)
    grids: list[int] = field(default_factory=list)

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        self.sites.append(site)
        self.grids.append(grid_of(q))
        return attend(q, k, v)


def inputs(model: StableDiffusion) -> tuple[Tensor, int, TextEmbedding]:
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(2, 4, model.latent_grid, model.latent_grid, generator=generator)
    return latents, 501, TextEmbedding.cat([model.embed("a cat"), model.embed("a dog")])


def test_without_a_control_the_unet_is_stock_bit_for_bit(model: StableDiffusion) -> None:
    stock = UNet2DConditionModel.from_config(model.unet.config).eval()
    stock.load_state_dict(model.unet.state_dict())
    latents, timestep, text = inputs(model)
    with torch.no_grad():
        expected = stock(latents, timestep, encoder_hidden_states=text.tokens).sample
        assert torch.equal(model.predict_noise(latents, timestep, text), expected)
        assert torch.equal(model.predict_noise(latents, timestep, text, Watching()), expected)


def test_a_control_sees_every_site_once_in_forward_order(model: StableDiffusion) -> None:
    watching = Watching()
    with torch.no_grad():
        model.predict_noise(*inputs(model), watching)
    assert tuple(watching.sites) == model.sites
    assert [site.index for site in watching.sites if site.kind == "self"] == list(range(10))
    assert watching.grids[::2] == [8, 4, 2, 2, 2, 2, 4, 4, 8, 8]


def test_gradients_reach_the_text_and_nothing_else(model: StableDiffusion) -> None:
    latents, timestep, text = inputs(model)
    text.tokens.requires_grad_()
    model.predict_noise(latents, timestep, text).sum().backward()
    assert text.tokens.grad is not None and bool(text.tokens.grad.any())
    assert all(parameter.grad is None for parameter in model.unet.parameters())


def test_rows_of_a_call_do_not_see_each_other(model: StableDiffusion) -> None:
    latents, timestep, text = inputs(model)
    with torch.no_grad():
        together = model.predict_noise(latents, timestep, text)
        texts = [model.embed("a cat"), model.embed("a dog")]
        alone = [model.predict_noise(z, timestep, own) for z, own in zip(latents.split(1), texts, strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=0)


def test_another_memory_layout_predicts_the_same(model: StableDiffusion, tiny_folder: Path) -> None:
    turned = StableDiffusion.load(str(tiny_folder), torch.device("cpu"), channels_last=True)
    assert turned.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    z, text = torch.randn(2, 4, 8, 8), TextEmbedding.cat([model.embed("a cat")] * 2)
    torch.testing.assert_close(turned.predict_noise(z, 301, text), model.predict_noise(z, 301, text), atol=1e-4, rtol=0)


def test_layers_that_do_more_than_attention_are_refused(model: StableDiffusion) -> None:
    unet = UNet2DConditionModel.from_config(model.unet.config)
    unet.mid_block.attentions[0].transformer_blocks[0].attn1.residual_connection = True
    with pytest.raises(ValueError, match="not plain attention"):
        make_controllable(unet)


def test_an_explicit_map_is_the_fused_attention() -> None:
    q, k, v = torch.randn(3, 2, 4, 16, 8).unbind()
    torch.testing.assert_close(attention_map(q, k) @ v, attend(q, k, v))


@pytest.mark.parametrize(("recent", "expected"), [(0, 6.0), (1, 3.0), (2, 5.0)])
def test_word_maps_sum_the_steps_that_are_asked_for(recent: int, expected: float) -> None:
    source, target = Row(Branch.SOURCE), Row(Branch.TARGET)
    words = {
        WordMap.BLEND_SOURCE: TrackedWords(row=source, weights=torch.tensor([0.0, 1.0])),
        WordMap.EDITED: TrackedWords(row=target, weights=torch.tensor([1.0, 0.0])),
    }
    maps = WordMaps(grid=2, words=words, device=torch.device("cpu"), recent=recent)
    for step in (1, 2, 3):
        maps.begin_step()
        maps.add(source, torch.full((8, 4, 2), float(step)))
    total = maps.total(WordMap.BLEND_SOURCE)
    assert total is not None
    torch.testing.assert_close(total, torch.full((2, 2), expected))
    assert maps.total(WordMap.EDITED) is None


class Counting(TorchFunctionMode):
    """Counts calls of fused attention, and of softmax, which would form a whole map."""

    def __init__(self) -> None:
        super().__init__()
        self.fused = self.maps = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.fused += func is functional.scaled_dot_product_attention
        self.maps += func in (torch.softmax, torch.Tensor.softmax, functional.softmax)
        return func(*args, **(kwargs or {}))


def test_all_attention_is_fused(model: StableDiffusion) -> None:
    latents, text = torch.randn(1, 4, 8, 8), model.embed("a cat")
    calls = {
        len(model.sites): lambda: model.predict_noise(latents, 500, text),
        model.text_encoder.config.num_hidden_layers: lambda: model.embed("a dog"),
        1: lambda: model.decode(latents),
    }
    for wanted, call in calls.items():
        with Counting() as counted:
            call()
        assert (counted.fused, counted.maps) == (wanted, 0)
