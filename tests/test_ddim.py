"""DDIM: the schedule of SD, a step and its inverse, guidance, inversion there and back."""

import pytest
import torch

from refedit.bench.golden.trace import finish
from refedit.diffusion.ddim import Stage, denoised_latents, guide, leading_schedule, move
from refedit.diffusion.inversion import Inverter
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.machine.cache import Cache

ALPHAS = [1 - step / 1001 for step in range(1000)]


def test_fifty_steps_have_the_timesteps_of_stable_diffusion() -> None:
    schedule = leading_schedule(ALPHAS, 50)
    assert schedule.timesteps[:2] == (981, 961) and schedule.timesteps[-2:] == (21, 1)
    assert schedule.alpha_bars[0] == ALPHAS[981] and schedule.alpha_bars[-1] == 1.0 and len(schedule.alpha_bars) == 51


@pytest.mark.parametrize("steps", [0, 1001])
def test_a_schedule_without_steps_is_refused(steps: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 1000"):
        leading_schedule(ALPHAS, steps)


def test_a_step_back_undoes_a_step() -> None:
    z, eps = torch.randn(2, 1, 4, 8, 8).unbind()
    torch.testing.assert_close(move(move(z, eps, 0.3, 0.6), eps, 0.6, 0.3), z)


def test_a_step_to_the_clean_picture_is_the_clean_estimate() -> None:
    z, eps = torch.randn(2, 1, 4, 8, 8).unbind()
    torch.testing.assert_close(move(z, eps, 0.3, 1.0), denoised_latents(z, eps, 0.3))


def test_guidance_one_is_the_conditional_prediction() -> None:
    u, c = torch.randn(2, 1, 4, 8, 8).unbind()
    torch.testing.assert_close(guide(u, c, 1.0), c)


UP = Stage("up")


def round_trip_error(model: StableDiffusion, steps: int) -> float:
    schedule, start = model.schedule(steps), torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(3))
    levels = finish(Inverter(model, Cache(0)).trajectory(UP, start, "a cat", schedule))
    z, text = levels[-1], model.embed("a cat")
    for step, timestep in enumerate(schedule.timesteps):
        eps = model.predict_noise(z, timestep, text)
        z = move(z, eps, schedule.alpha_bars[step], schedule.alpha_bars[step + 1])
    return float((z - start).abs().mean())


@pytest.mark.long
@pytest.mark.parametrize("which", ["model", "v_model"])
@torch.no_grad()
def test_inversion_and_back_meet_as_steps_grow(which: str, request: pytest.FixtureRequest) -> None:
    model: StableDiffusion = request.getfixturevalue(which)
    assert round_trip_error(model, 30) < 0.6 * round_trip_error(model, 5)
