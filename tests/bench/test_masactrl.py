"""MasaCtrl's laws: where it does nothing it is plain DDIM, and its edit looks at the source only."""

import pytest
import torch

from refedit.bench.baselines.base import PlainDdim
from refedit.bench.baselines.masactrl import MasaCtrl, MutualAttention
from refedit.bench.golden.trace import finish
from refedit.diffusion.attention import Site, attend
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.methods import Method
from tests.bench.conftest import metered, task_for


def latents(model: StableDiffusion, method: Method) -> torch.Tensor:
    return finish(method.edit(model, task_for(model))).latents


def test_without_its_attention_it_is_plain_ddim_from_an_inversion_without_a_prompt(model: StableDiffusion) -> None:
    plain = latents(model, PlainDdim(steps=4))
    assert torch.equal(latents(model, MasaCtrl(steps=4, start=1.0)), plain)
    assert torch.allclose(latents(model, MasaCtrl(steps=4, sites_start=1.0)), plain, atol=1e-4)
    assert not torch.allclose(latents(model, MasaCtrl(steps=4)), plain, atol=1e-2)


def test_from_its_site_on_every_row_looks_at_the_last_rows_keys_and_values() -> None:
    q, k, v = torch.randn(3, 3, 1, 4, 8).unbind(0)
    control = MutualAttention(sites=range(10, 16))
    seen = control(Site("self", 10), q, k, v)
    for row in range(3):
        assert torch.allclose(seen[row], attend(q[row], k[2], v[2]), atol=1e-6)
    for site in (Site("self", 9), Site("cross", 10)):
        assert torch.equal(control(site, q, k, v), attend(q, k, v))


@pytest.mark.parametrize(("start", "looking"), [(0.0, 5), (0.4, 3), (1.0, 0)])
def test_the_sources_row_runs_where_it_is_looked_at(model: StableDiffusion, start: float, looking: int) -> None:
    watch = metered(model)
    finish(MasaCtrl(steps=5, start=start).edit(watch, task_for(watch)))
    assert watch.rows == 5 + 2 * 5 + looking


def test_it_starts_at_step_4_of_50_and_site_10_of_16() -> None:
    method = MasaCtrl(steps=50)
    assert round(method.start * 50) == 4 and round(method.sites_start * 16) == 10


def test_no_prompt_of_the_source_is_read(model: StableDiffusion) -> None:
    told = finish(MasaCtrl(steps=2).edit(model, task_for(model, source_prompt="a cat"))).latents
    assert torch.equal(told, latents(model, MasaCtrl(steps=2)))
