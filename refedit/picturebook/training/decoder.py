"""A later stage: the VAE's decoder alone, on whole pictures. Latents stay as they are, so the UNet stays good."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from refedit.picturebook.dataset.scenes import Pictures, SceneStore, epoch_numbers, from_bytes, to_image
from refedit.picturebook.training.hyperparameters import DecoderHyperparameters, StageName
from refedit.picturebook.training.plan import layout
from refedit.picturebook.training.vae import differences, weighed

Latents = Float[Tensor, "rows channels grid grid"]


class Decoder(nn.Module):
    """The half of a VAE that makes pictures; its parameters have the VAE's names."""

    def __init__(self, vae: AutoencoderKL) -> None:
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, latents: Latents) -> Pictures:
        """Pictures of latents that are not scaled."""
        made: Pictures = self.decoder(self.post_quant_conv(latents))
        return made


@dataclass
class DecoderStage:
    """Trains a decoder. `latents` are those of the store's pictures times `scale`, in half precision.

    Its group norms see whole pictures, as in use; the VAE was trained on crops. `on_show` is called every now and then,
    while the decoder has its averaged weights.
    """

    network: Decoder
    store: SceneStore
    latents: Float[Tensor, "scenes channels grid grid"]
    scale: float
    hyperparameters: DecoderHyperparameters
    progress: Path
    on_show: Callable[[], None]
    rows: int
    name: StageName = StageName.DECODER

    def batch(self, number: int) -> tuple[Latents, UInt8[Tensor, "rows height width 3"]]:
        numbers = epoch_numbers(self.store.count, self.rows, number)
        return self.latents[numbers].float() / self.scale, torch.from_numpy(self.store.pictures[numbers])

    def losses(
        self, batch: tuple[Latents, UInt8[Tensor, "rows height width 3"]], generator: torch.Generator
    ) -> dict[str, Tensor]:
        device = next(self.network.parameters()).device
        latents, pictures = batch
        made = self.network(latents.to(device).contiguous(memory_format=layout(device))).float()
        parts = differences(made, from_bytes(pictures.to(device)))
        return {"loss": weighed(parts, self.hyperparameters), **parts}

    @torch.no_grad()
    def show(self, network: nn.Module, step: int) -> None:
        """Pictures above what the decoder makes of their latents."""
        self.on_show()
        true = from_bytes(torch.from_numpy(self.store.pictures[:8].copy()))
        device = next(network.parameters()).device
        made = network((self.latents[:8].float() / self.scale).to(device)).cpu()
        self.progress.mkdir(parents=True, exist_ok=True)
        to_image(torch.cat([true, made]), 8).save(self.progress / f"decoder-{step:06d}.png")
