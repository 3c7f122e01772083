"""The first stage: the VAE, on crops of drawn pictures."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from refedit.picturebook.dataset.scenes import Pictures, SceneStore, from_bytes, to_image
from refedit.picturebook.training.hyperparameters import DecoderHyperparameters, StageName, VaeHyperparameters
from refedit.picturebook.training.plan import autocast, layout
from refedit.picturebook.world.streams import Stream, random


def sharpness_loss(made: Pictures, true: Pictures, scales: int = 3) -> Float[Tensor, ""]:
    """How differently neighbouring pixels differ, at several scales: the mean error of edges."""
    total = made.new_zeros(())
    for scale in range(scales):
        if scale:
            made, true = functional.avg_pool2d(made, 2), functional.avg_pool2d(true, 2)
        error = made - true
        total = total + error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return total / scales


def differences(made: Pictures, true: Pictures) -> dict[str, Float[Tensor, ""]]:
    """How far pictures are from the true ones, in the ways that the hyperparameters weigh."""
    error = made - true
    return {"l1": error.abs().mean(), "sharpness": sharpness_loss(made, true), "squared": error.square().mean()}


def weighed(parts: Mapping[str, Tensor], hyperparameters: DecoderHyperparameters) -> Float[Tensor, ""]:
    """The absolute error, and the other parts as much as the hyperparameters say."""
    return sum(
        (getattr(hyperparameters, name) * part for name, part in parts.items() if name != "l1"), start=parts["l1"]
    )


def divergence(mean: Tensor, logvar: Tensor) -> Float[Tensor, ""]:
    """KL divergence of the latents from a unit Gaussian, per latent value."""
    return 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()


@dataclass
class VaeStage:
    """Trains the VAE on crops, which keep steps cheap. The stage of the decoder goes on with whole pictures."""

    network: AutoencoderKL
    store: SceneStore
    hyperparameters: VaeHyperparameters
    progress: Path
    rows: int
    name: StageName = StageName.VAE

    @property
    def latent(self) -> int:
        """The side of a latent in pixels."""
        return 2 ** (len(self.network.config.block_out_channels) - 1)  # type: ignore[attr-defined]

    def batch(self, number: int) -> UInt8[Tensor, "rows height width 3"]:
        rng = random(Stream.VAE_BATCHES, number)
        side, room = self.hyperparameters.crop, self.store.pixels - self.hyperparameters.crop
        # Crops at multiples of a latent: then the latents of a crop are those of the whole picture.
        places = rng.integers(0, room // self.latent + 1, (self.rows, 2)) * self.latent
        numbers = rng.integers(0, self.store.count, self.rows)
        crops = [self.store.pictures[n, y : y + side, x : x + side] for n, (y, x) in zip(numbers, places, strict=True)]
        return torch.from_numpy(np.stack(crops))

    def losses(self, batch: UInt8[Tensor, "rows height width 3"], generator: torch.Generator) -> dict[str, Tensor]:
        device = self.network.device
        true = from_bytes(batch.to(device)).contiguous(memory_format=layout(device))
        posterior = self.network.encode(true).latent_dist
        made = self.network.decode(posterior.sample(generator)).sample.float()
        parts = {**differences(made, true), "kl": divergence(posterior.mean.float(), posterior.logvar.float())}
        return {"loss": weighed(parts, self.hyperparameters), **parts}

    @torch.no_grad()
    def show(self, network: nn.Module, step: int) -> None:
        """Pictures above their round trips."""
        true = from_bytes(torch.from_numpy(self.store.pictures[:8].copy())).to(self.network.device)
        made = self.network.decode(self.network.encode(true).latent_dist.mode()).sample
        self.progress.mkdir(parents=True, exist_ok=True)
        to_image(torch.cat([true, made]), 8).save(self.progress / f"vae-{step:06d}.png")


def encode_all(
    vae: AutoencoderKL, store: SceneStore, parts: int = 1, rows: int = 64
) -> Float[Tensor, "count channels height width"]:
    """The latents (mode, not scaled) of every scene, in half precision on the CPU; `parts` threads, one core each."""

    @torch.no_grad()
    def encoded(start: int) -> Tensor:
        pictures = from_bytes(torch.from_numpy(store.pictures[start : start + rows].copy()).to(vae.device))
        with autocast(vae.device):
            posterior = vae.encode(pictures.contiguous(memory_format=layout(vae.device))).latent_dist
        return posterior.mode().half().cpu()

    vae.to(memory_format=layout(vae.device))  # type: ignore[call-overload]
    with ThreadPoolExecutor(parts, initializer=lambda: torch.set_num_threads(1) if parts > 1 else None) as pool:
        return torch.cat(list(pool.map(encoded, range(0, store.count, rows))))
