"""The second stage: UNet and text tower together, on the latents of the drawn scenes."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.picturebook.dataset.scenes import to_image
from refedit.picturebook.evaluation.diffusion import draw_pictures, unseen_captions
from refedit.picturebook.networks import diffusion as networks
from refedit.picturebook.networks.sizes import Size
from refedit.picturebook.networks.supervision import MarkHead, WordWatcher
from refedit.picturebook.networks.vocabulary import piece_ids
from refedit.picturebook.training.hyperparameters import StageName, UnetHyperparameters
from refedit.picturebook.training.training_folder import TrainingFolder
from refedit.picturebook.training.unet_batches import UnetBatch, UnetBatches, noised
from refedit.picturebook.world import captions
from refedit.picturebook.world.lexicon import lexicon


class TextAndUnet(nn.Module):
    """What this stage trains, as one network."""

    def __init__(self, text: CLIPTextModel, unet: UNet2DConditionModel) -> None:
        super().__init__()
        self.text, self.unet = text, unet
        self.marks = MarkHead(unet.config.block_out_channels[0])


@dataclass
class UnetStage:
    """Trains UNet and text tower. `on_show` gets the network with averaged weights every now and then."""

    network: TextAndUnet
    batches: UnetBatches
    alphas_cumprod: Float[Tensor, " levels"]
    hyperparameters: UnetHyperparameters
    on_show: Callable[[TextAndUnet, int], None]
    name: StageName = StageName.UNET

    @property
    def rows(self) -> int:
        return self.batches.rows

    def batch(self, number: int) -> UnetBatch:
        return self.batches.batch(number)

    def losses(self, batch: UnetBatch, generator: torch.Generator) -> dict[str, Tensor]:
        network, how, batch = self.network, self.hyperparameters, batch.to(self.network.unet.device)
        alpha = self.alphas_cumprod.to(batch.latents.device)[batch.timesteps]
        noisy, noise = noised(batch, alpha, generator)
        watcher = WordWatcher(self.batches.store.grid)
        text = network.text(batch.tokens).last_hidden_state
        made = network.unet(noisy, batch.timesteps, text, cross_attention_kwargs={"control": watcher}).sample
        squares = (made.float() - noise).square().mean(1)
        denoising = weighted(squares, batch, alpha, how)
        words = watcher.loss(batch.words, alpha.sqrt())
        marks = network.marks.loss(watcher.features, batch.marks, alpha.sqrt())
        return {
            "loss": denoising + how.word_map_weight * words + how.mark_weight * marks,
            "denoising": denoising,
            "words": words,
            "marks": marks,
            "error": squares.mean().detach(),
        }

    def show(self, network: nn.Module, step: int) -> None:
        assert isinstance(network, TextAndUnet)
        self.on_show(network, step)


def weighted(
    squares: Float[Tensor, "rows height width"],
    batch: UnetBatch,
    alpha: Float[Tensor, " rows"],
    how: UnetHyperparameters,
) -> Float[Tensor, ""]:
    """The mean of squared errors of noise, with min-SNR's weights by level and `subject_weight` by place."""
    errors = (squares * emphasis(batch.subjects, how.subject_weight, squares.shape[-1])).mean((1, 2))
    ratio = alpha / (1 - alpha)
    return (errors * ratio.clamp(max=how.gamma) / ratio).mean()


def emphasis(subjects: Float[Tensor, "rows cells cells"], more: float, grid: int) -> Float[Tensor, "rows grid grid"]:
    """How much an error counts at every latent: 1 + `more` where a subject is, over the batch's mean of that."""
    weights = 1 + more * functional.interpolate(subjects[:, None], (grid, grid), mode="nearest")[:, 0]
    return weights / weights.mean()


def latent_scale(latents: Float[Tensor, "count channels height width"]) -> float:
    """The factor that gives latents unit variance; ValueError if they do not vary."""
    scale = 1 / float(latents.float().std())
    if not math.isfinite(scale):
        raise ValueError("the VAE's latents do not vary; train it first")
    return scale


def export(kept: TrainingFolder, size: Size, network: TextAndUnet, tokenizer: CLIPTokenizer, step: int) -> None:
    """Draws unseen captions with the network as it is, and writes the pipeline folder with the training's VAE."""
    ready = copy.deepcopy(network).eval()
    embedding = ready.text.get_input_embeddings().weight.data  # type: ignore[union-attr]
    # Pieces of unknown words were never trained. They get the unknown token's embedding, to mean as little.
    embedding[list(piece_ids(tokenizer, captions.words()))] = embedding[tokenizer.unk_token_id].clone()
    vae = kept.trained_vae(size)[0].to(ready.unet.device)
    pipeline = networks.build_pipeline(vae, ready.unet, ready.text, tokenizer)
    model = StableDiffusion(pipeline, "picturebook")
    kept.progress.mkdir(exist_ok=True)
    to_image(draw_pictures(model, unseen_captions(24)), 8).save(kept.progress / f"unet-{step:06d}.png")
    networks.save_pipeline(pipeline, kept.pipeline, lexicon())
