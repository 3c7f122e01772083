"""Previews: what latents roughly look like, for the price of a small matrix product."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.ddim import Latents
from refedit.imaging.images import to_image


@dataclass(frozen=True)
class LatentColours:
    """A linear map from latent channels (and 1) to red, green and blue in [-1, 1]."""

    matrix: Float[Tensor, "inputs 3"]

    @classmethod
    def fit(cls, latents: Latents, pictures: Float[Tensor, "rows 3 side side"]) -> "LatentColours":
        """The least-squares map for pictures whose latents are known (our choice: fits any VAE, needs no table)."""
        small = functional.interpolate(pictures.float(), latents.shape[-2:], mode="area")
        inputs, colours = _with_one(latents.float().cpu()), small.cpu().permute(0, 2, 3, 1).flatten(0, 2)
        gram = inputs.T @ inputs + 1e-3 * len(inputs) * torch.eye(inputs.shape[1])
        return cls(torch.linalg.solve(gram, inputs.T @ colours))

    def picture(self, latents: Latents, size: int) -> Image.Image:
        """What row 0 looks like, `size` pixels a side."""
        latents = latents[:1].float().cpu()
        colours = (_with_one(latents) @ self.matrix).unflatten(0, latents.shape[-2:]).permute(2, 0, 1)
        return to_image(colours).resize((size, size), Image.Resampling.BICUBIC)


def _with_one(latents: Tensor) -> Float[Tensor, "positions inputs"]:
    flat = latents.permute(0, 2, 3, 1).flatten(0, 2)
    return functional.pad(flat, (0, 1), value=1.0)
