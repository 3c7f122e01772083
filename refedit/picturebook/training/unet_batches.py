"""What a UNet learns from: latents of drawn scenes under noise levels, with captions that are made anew every time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformers import CLIPTokenizer

from refedit.picturebook.dataset.scenes import MASKS, SUBJECTS, SceneStore, epoch_numbers
from refedit.picturebook.networks.supervision import WordTargets, mark_targets
from refedit.picturebook.training.plan import layout
from refedit.picturebook.world.captions import Caption, caption
from refedit.picturebook.world.streams import Stream, random

_SPECIAL = 3
"""The tokens below are no words: start, end and unknown."""


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

    @property
    def says_something(self) -> Bool[Tensor, " rows"]:
        """False for the empty caption, whose second token is the one that fills the line."""
        return self.tokens[:, 1] != self.tokens[:, -1]


@dataclass
class UnetBatches:
    """Draws batches of `rows` samples. `unknown` is the share of caption words that the unknown token replaces."""

    tokenizer: CLIPTokenizer
    store: SceneStore
    latents: Float[Tensor, "count channels height width"]
    levels: int
    unknown: float
    rows: int

    def __post_init__(self) -> None:
        # Scenes as they are drawn, read once: captions are made anew for every sample.
        self.scenes = self.store.scenes

    def batch(self, number: int) -> UnetBatch:
        """The batch of that number; the number alone decides what is in it."""
        rng, rows = random(Stream.UNET_BATCHES, number), self.rows
        numbers = epoch_numbers(len(self.scenes), rows, number)
        said = [caption(self.scenes[n], rng) for n in numbers]
        tokens = self._tokens(said)
        masks = self.store.masks[numbers]
        subjects = torch.from_numpy(masks[:, : len(SUBJECTS)].astype(np.float32) / 255)
        lost = torch.from_numpy(rng.random(tokens.shape) < self.unknown) & (tokens >= _SPECIAL)
        # One noise level from every part of the range, so that the losses of batches vary less.
        levels = (rng.permutation(rows) + rng.random(rows)) / rows * self.levels
        return UnetBatch(
            self.latents[numbers].float(),
            tokens.masked_fill(lost, int(self.tokenizer.unk_token_id)),  # type: ignore[arg-type]
            torch.from_numpy(levels.astype(np.int64)),
            subjects.amax(1),
            mark_targets(torch.from_numpy(self.store.marks[numbers]), subjects),
            word_targets(said, masks),
        )

    def _tokens(self, said: Sequence[Caption]) -> Int[Tensor, "rows tokens"]:
        texts = [item.text for item in said]
        return self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids


def noised(
    batch: UnetBatch, alpha: Float[Tensor, " rows"], generator: torch.Generator
) -> tuple[Float[Tensor, "rows channels height width"], Float[Tensor, "rows channels height width"]]:
    """The batch's latents at noise levels whose share of picture is `alpha`, and the noise that was added."""
    device = batch.latents.device
    noise = torch.randn(batch.latents.shape, generator=generator, device=device)
    share = alpha[:, None, None, None]
    noisy = share.sqrt() * batch.latents + (1 - share).sqrt() * noise
    return noisy.contiguous(memory_format=layout(device)), noise


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
