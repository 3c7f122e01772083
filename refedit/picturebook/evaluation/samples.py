"""Pictures drawn by a model from captions, as a check of what it has learnt."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.ddim import guide, move
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.picturebook.dataset.scenes import scene_at
from refedit.picturebook.world.captions import describe


def unseen_captions(count: int) -> list[str]:
    """Full captions of the first test scenes."""
    return [describe(scene_at("test", number)).text for number in range(count)]


@torch.no_grad()
def draw_pictures(
    model: StableDiffusion, captions: Sequence[str], *, steps: int = 20, guidance: float = 4.0, seed: int = 0
) -> Float[Tensor, "rows 3 height width"]:
    """A picture in [-1, 1] for every caption, by DDIM; row i starts from noise i of the seed."""
    side = model.latent_grid
    z = torch.randn(
        len(captions), model.unet.config.in_channels, side, side, generator=torch.Generator().manual_seed(seed)
    ).to(model.device)
    texts = torch.cat([model.embed(""), *(model.embed(caption) for caption in captions)])
    text = torch.cat([texts[:1].expand(len(captions), -1, -1), texts[1:]])
    schedule = model.schedule(steps)
    for step, timestep in enumerate(schedule.timesteps):
        unconditional, conditional = model.predict_noise(torch.cat([z, z]), timestep, text).chunk(2)
        eps = guide(unconditional, conditional, guidance)
        z = move(z, eps, schedule.alphas[step], schedule.alphas[step + 1])
    return model.decode(z)
