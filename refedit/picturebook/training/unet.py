"""The second stage: UNet and text tower together, on the latents of the drawn scenes."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.picturebook.dataset.scenes import MASKS, SUBJECTS, SceneStore, epoch_numbers, to_image
from refedit.picturebook.evaluation.diffusion import draw_pictures, unseen_captions
from refedit.picturebook.networks import diffusion as networks
from refedit.picturebook.networks.sizes import Size
from refedit.picturebook.networks.supervision import MarkHead, WordTargets, WordWatcher, mark_targets
from refedit.picturebook.networks.vocabulary import piece_ids
from refedit.picturebook.training.hyperparameters import StageName, UnetHyperparameters
from refedit.picturebook.training.plan import layout
from refedit.picturebook.training.training_folder import TrainingFolder
from refedit.picturebook.world import captions
from refedit.picturebook.world.captions import Caption, caption
from refedit.picturebook.world.lexicon import lexicon
from refedit.picturebook.world.streams import Stream, random


@dataclass(frozen=True)
class UnetBatch:
    """Scaled latents, tokens of captions, noise levels (0..999), and where subjects and the captions' words are."""

    latents: Float[Tensor, "rows channels height width"]
    tokens: Int[Tensor, "rows tokens"]
    timesteps: Int[Tensor, " rows"]
    subjects: Float[Tensor, "rows cells cells"]
    marks: Float[Tensor, "rows 2 fine fine"]
    words: WordTargets

    def to(self, device: torch.device) -> "UnetBatch":
        return UnetBatch(**{item.name: getattr(self, item.name).to(device) for item in fields(self)})


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
    tokenizer: CLIPTokenizer
    store: SceneStore
    latents: Float[Tensor, "count channels height width"]
    alphas_cumprod: Float[Tensor, " levels"]
    hyperparameters: UnetHyperparameters
    on_show: Callable[[TextAndUnet, int], None]
    rows: int
    name: StageName = StageName.UNET

    def __post_init__(self) -> None:
        # Scenes as they are drawn, read once: captions are made anew for every sample.
        self.scenes = self.store.scenes

    def batch(self, number: int) -> UnetBatch:
        rng, rows = random(Stream.UNET_BATCHES, number), self.rows
        numbers = epoch_numbers(len(self.scenes), rows, number)
        said = [caption(self.scenes[n], rng) for n in numbers]
        tokens = self._tokens(said)
        masks = self.store.masks[numbers]
        subjects = torch.from_numpy(masks[:, : len(SUBJECTS)].astype(np.float32) / 255)
        lost = torch.from_numpy(rng.random(tokens.shape) < self.hyperparameters.unknown) & (tokens > 2)
        # One noise level from every part of the range, so that the losses of batches vary less.
        levels = (rng.permutation(rows) + rng.random(rows)) / rows * len(self.alphas_cumprod)
        return UnetBatch(
            self.latents[numbers].float(),
            tokens.masked_fill(lost, int(self.tokenizer.unk_token_id)),  # type: ignore[arg-type]
            torch.from_numpy(levels.astype(np.int64)),
            subjects.amax(1),
            mark_targets(torch.from_numpy(self.store.marks[numbers]), subjects),
            word_targets(said, masks),
        )

    def losses(self, batch: UnetBatch, generator: torch.Generator) -> dict[str, Tensor]:
        device = self.network.unet.device
        batch = batch.to(device)
        alpha = self.alphas_cumprod.to(device)[batch.timesteps]
        noise = torch.randn(batch.latents.shape, generator=generator, device=device)
        noisy = alpha.sqrt()[:, None, None, None] * batch.latents + (1 - alpha).sqrt()[:, None, None, None] * noise
        watcher = WordWatcher(self.store.grid)
        text = self.network.text(batch.tokens).last_hidden_state
        noisy = noisy.contiguous(memory_format=layout(device))
        made = self.network.unet(noisy, batch.timesteps, text, cross_attention_kwargs={"control": watcher}).sample
        squares = (made.float() - noise).square().mean(1)
        errors = (squares * emphasis(batch.subjects, self.hyperparameters.subject_weight, squares.shape[-1])).mean(
            (1, 2)
        )
        ratio = alpha / (1 - alpha)
        denoising = (errors * ratio.clamp(max=self.hyperparameters.gamma) / ratio).mean()
        words = watcher.loss(batch.words, alpha.sqrt())
        marks = self.network.marks.loss(watcher.features, batch.marks, alpha.sqrt())
        return {
            "loss": denoising + self.hyperparameters.word_map_weight * words + self.hyperparameters.mark_weight * marks,
            "denoising": denoising,
            "words": words,
            "marks": marks,
            "error": squares.mean().detach(),
        }

    def show(self, network: nn.Module, step: int) -> None:
        assert isinstance(network, TextAndUnet)
        self.on_show(network, step)

    def _tokens(self, said: Sequence[Caption]) -> Int[Tensor, "rows tokens"]:
        texts = [item.text for item in said]
        return self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids


def emphasis(subjects: Float[Tensor, "rows cells cells"], more: float, grid: int) -> Float[Tensor, "rows grid grid"]:
    """How much an error counts at every latent: 1 + `more` where a subject is, over the batch's mean of that."""
    weights = 1 + more * functional.interpolate(subjects[:, None], (grid, grid), mode="nearest")[:, 0]
    return weights / weights.mean()


def word_targets(said: Sequence[Caption], masks: np.ndarray) -> WordTargets:
    """Where the words of captions are. `masks` is (rows, MASKS, grid, grid), from `dataset.scenes.grid_masks`."""
    supervised = [(row, token, key) for row, item in enumerate(said) for token, key in word_tokens(item)]
    rows, tokens, keys = (list(column) for column in zip(*supervised, strict=True)) if supervised else ([], [], [])
    cells = masks[rows, [MASKS.index(key) for key in keys]] if supervised else np.zeros((0, *masks.shape[2:]), np.uint8)
    return WordTargets(
        torch.tensor(rows, dtype=torch.int64),
        torch.tensor(tokens, dtype=torch.int64),
        torch.from_numpy(cells.astype(np.float32) / 255).flatten(1),
    )


def word_tokens(said: Caption) -> list[tuple[int, str]]:
    """(token position, mask name) of a caption's meaningful words; every word is one token, the start token is 0."""
    every, place, supervised = said.text.split(), 0, []
    for word, key in said.words:
        place = every.index(word, place) + 1
        supervised.append((place, key))
    return supervised


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
