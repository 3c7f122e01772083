"""Pictures drawn by a model from captions, as a check of what it has learnt."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.backbone import Backbone, TextEmbedding
from refedit.diffusion.ddim import guide, move
from refedit.picturebook.dataset.scenes import scene_at
from refedit.picturebook.world.captions import describe


def unseen_captions(count: int) -> list[str]:
    """Full captions of the first test scenes."""
    return [describe(scene_at("test", number)).text for number in range(count)]


@torch.no_grad()
def draw_pictures(
    model: Backbone, captions: Sequence[str], *, steps: int = 20, guidance: float = 4.0, seed: int = 0
) -> Float[Tensor, "rows 3 height width"]:
    """A picture in [-1, 1] for every caption, by DDIM; row i starts from noise i of the seed."""
    side = model.latent_grid
    random, shape = torch.Generator().manual_seed(seed), (len(captions), model.latent_channels, side, side)
    z = torch.randn(shape, generator=random).to(model.device)
    texts = [*([model.embed("")] * len(captions)), *(model.embed(caption) for caption in captions)]
    text = TextEmbedding.cat(texts)
    schedule = model.schedule(steps)
    for step, timestep in enumerate(schedule.timesteps):
        unconditional, conditional = model.predict_noise(torch.cat([z, z]), timestep, text).chunk(2)
        eps = guide(unconditional, conditional, guidance)
        z = move(z, eps, schedule.alpha_bars[step], schedule.alpha_bars[step + 1])
    return model.decode(z)
