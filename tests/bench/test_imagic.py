"""Imagic's laws: it leaves the model alone, what its ends are, and that what it fits is fitted."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor

from refedit.bench.baselines.base import FIT, TUNE
from refedit.bench.baselines.imagic import Imagic, noised
from refedit.bench.experiment.workbench import weights_checksum
from refedit.bench.golden.trace import finish
from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.ddim import Stage, denoised_latents, guide, move
from refedit.diffusion.stable_diffusion import StableDiffusion
from tests.bench.conftest import metered, task_for

QUICK = {"steps": 2, "text_iterations": 2, "tune_iterations": 2, "text_rate": 0.1, "tune_rate": 0.01}


def latents(model: StableDiffusion, settings: Mapping[str, float]) -> Tensor:
    watch = metered(model)
    return finish(Imagic(**{**QUICK, **settings}).edit(watch, task_for(watch))).latents  # type: ignore[arg-type]


def test_the_model_is_left_as_it_was_bit_for_bit(model: StableDiffusion) -> None:
    networks = (model.unet, model.vae, model.text_encoder)
    before = weights_checksum(*networks)
    tuned, untuned = latents(model, {}), latents(model, {"tune_iterations": 0})
    assert not torch.allclose(tuned, untuned, atol=1e-3)  # so weights did change: those of the copy
    assert weights_checksum(*networks) == before
    for weight in (weight for network in networks for weight in network.parameters()):
        assert not weight.requires_grad and weight.grad is None


@pytest.mark.parametrize("eta", [0.0, 1.0])
@torch.no_grad()
def test_without_iterations_it_draws_the_target_from_noise(model: StableDiffusion, eta: float) -> None:
    found = latents(model, {"text_iterations": 0, "tune_iterations": 0, "eta": eta})
    z = torch.randn(found.shape, generator=torch.Generator().manual_seed(0))
    schedule, text = model.schedule(2), TextEmbedding.cat([model.embed(""), model.embed("a dog")])
    for step, timestep in enumerate(schedule.timesteps):
        eps = model.predict_noise(z.expand(2, -1, -1, -1), timestep, text)
        z = move(z, guide(eps[:1], eps[1:], Imagic().guidance), *schedule.alpha_bars[step : step + 2])
    assert torch.equal(found, z)


def test_at_eta_one_the_fitted_text_is_not_drawn(model: StableDiffusion) -> None:
    alone = {"tune_iterations": 0, "eta": 1.0}
    assert torch.equal(latents(model, alone), latents(model, {**alone, "text_iterations": 0}))
    assert not torch.allclose(latents(model, {**alone, "eta": 0.0}), latents(model, alone), atol=1e-3)


@pytest.mark.long
def test_a_seed_gives_one_picture(model: StableDiffusion) -> None:
    assert torch.equal(latents(model, {"seed": 1}), latents(model, {"seed": 1}))
    assert not torch.allclose(latents(model, {"seed": 1}), latents(model, {"seed": 2}), atol=1e-2)


@pytest.mark.parametrize("which", ["model", "v_model"])
@pytest.mark.parametrize(
    ("stage", "settings"),
    [
        (FIT, {"text_rate": 0.1, "text_iterations": 24, "tune_iterations": 0}),
        (TUNE, {"tune_rate": 0.003, "text_iterations": 0, "tune_iterations": 24}),
    ],
)
@pytest.mark.long
def test_what_is_fitted_lowers_the_loss(
    which: str, stage: Stage, settings: Mapping[str, float], request: pytest.FixtureRequest
) -> None:
    watch, method = metered(request.getfixturevalue(which)), Imagic(steps=3, **settings)  # type: ignore[arg-type]
    losses = [step.loss or 0.0 for step in method.edit(watch, task_for(watch)) if step.stage == stage]
    assert len(losses) == 24 and sum(losses[-9:]) < sum(losses[:9])


def test_every_row_counts_once_the_copys_too(model: StableDiffusion) -> None:
    watch = metered(model)
    finish(Imagic(steps=2, text_iterations=3, tune_iterations=4).edit(watch, task_for(watch)))
    assert watch.rows == 3 + 4 + 2 * 2


def test_noised_latents_stand_for_the_source_at_every_level_in_turn(model: StableDiffusion) -> None:
    schedule, source = model.schedule(4), torch.randn(1, 4, 8, 8)
    endless = noised(source, schedule, torch.Generator().manual_seed(0))
    samples = [next(endless) for _ in range(8)]
    steps = [step for step, _, _ in samples]
    assert sorted(steps[:4]) == sorted(steps[4:]) == [0, 1, 2, 3]
    for step, z, noise in samples:
        assert torch.allclose(denoised_latents(z, noise, schedule.alpha_bars[step]), source, atol=1e-3)
