"""The stage that trains the built-in CLIP and its readers: pictures against captions, and factors by name.

The picture tower begins with convolutions, because patches learn too slowly for a CPU. Measured on 512 unseen drawings
after 130 seconds on one busy core: behind a stem and two layers the readers were right about 76 % of kinds, 90 % of
poses and 91 % of colours. Behind CLIP's own patches of 16 px and four layers it was 11 %, 35 % and 77 %, although those
had seen 30 % more drawings.

A picture with two subjects does not tell which is the main one: there the readers learn background and style only.
"""

import copy
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTokenizer

from refedit.picturebook.dataset.augment import augmented
from refedit.picturebook.dataset.scenes import SceneStore, epoch_numbers, from_bytes
from refedit.picturebook.evaluation.reader import accuracies, one_subject_scenes, with_pictures
from refedit.picturebook.networks.clip import PictureBookClip, save_clip
from refedit.picturebook.networks.reader import Reader
from refedit.picturebook.training.hyperparameters import ClipHyperparameters, StageName
from refedit.picturebook.world.captions import MENTIONED, describe
from refedit.picturebook.world.factors import FACTORS, factors_of, readable
from refedit.picturebook.world.scene import Scene
from refedit.picturebook.world.streams import Stream, random

UNREAD = -100
"""The label of a factor that a picture does not show. Nothing is learnt from it."""
_SHOWN = 96


@dataclass(frozen=True)
class ClipBatch:
    """Pictures, their captions as tokens, which captions are equal, and each factor's word by its place (or UNREAD)."""

    pictures: UInt8[Tensor, "rows height width 3"]
    tokens: Int[Tensor, "rows tokens"]
    equal: Bool[Tensor, "rows rows"]
    labels: Int[Tensor, "rows factors"]

    def to(self, device: torch.device) -> "ClipBatch":
        parts = (self.pictures, self.tokens, self.equal, self.labels)
        return ClipBatch(*(part.to(device) for part in parts))


@dataclass
class ClipStage:
    """Trains the CLIP and its readers; every now and then writes `clip` in the `model` folder."""

    network: PictureBookClip
    tokenizer: CLIPTokenizer
    store: SceneStore
    hyperparameters: ClipHyperparameters
    model: Path
    progress: Path
    rows: int
    name: StageName = StageName.CLIP

    def __post_init__(self) -> None:
        # Scenes as they are drawn, read once.
        self.scenes = self.store.scenes

    def batch(self, number: int) -> ClipBatch:
        rng = random(Stream.CLIP_BATCHES, number)
        numbers = epoch_numbers(len(self.scenes), self.rows, number)
        scenes = [self.scenes[n] for n in numbers]
        texts = captions_of(scenes, rng)
        return ClipBatch(
            torch.from_numpy(np.stack([self.store.pictures[n] for n in numbers])),
            self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt").input_ids,
            torch.tensor([[one == other for other in texts] for one in texts]),
            torch.tensor([labels_of(scene) for scene in scenes]),
        )

    def losses(self, batch: ClipBatch, generator: torch.Generator) -> dict[str, Tensor]:
        network, side = self.network, self.network.pixels
        batch = batch.to(network.clip.device)
        pictures = from_bytes(batch.pictures)
        if pictures.shape[-1] != side:
            pictures = functional.interpolate(pictures, (side, side), mode="area")
        pictures = augmented(pictures, generator).contiguous(memory_format=torch.channels_last)
        seen = network.look(pictures)
        # At most 100, as CLIP's own training has it (arXiv:2103.00020).
        scale = network.clip.logit_scale.exp().clamp(max=100)
        match = contrast(network.embed_pictures(seen), network.embed_texts(batch.tokens), scale, batch.equal)
        read = reading_losses(network.read(seen), batch.labels)
        return {
            "loss": self.hyperparameters.contrast * match + sum(read.values(), match.new_zeros(())),
            "contrast": match,
            **read,
        }

    def show(self, network: nn.Module, step: int) -> None:
        """Saves it, and how often its readers are right about unseen drawings."""
        assert isinstance(network, PictureBookClip)
        save_clip(network, self.tokenizer, self.model)
        # A copy: a reader freezes its network.
        reader = Reader(copy.deepcopy(network), self.tokenizer, network.clip.device)
        scores = accuracies(reader, *with_pictures(one_subject_scenes(_SHOWN), self.store.pixels))
        self.progress.mkdir(parents=True, exist_ok=True)
        (self.progress / f"clip-{step:06d}.json").write_text(json.dumps(scores) + "\n")


def captions_of(scenes: Sequence[Scene], rng: np.random.Generator) -> list[str]:
    """Captions that mention the same factors: in every second batch all of them, else each by an even chance.

    So a caption is true of another picture of the batch only if both captions are equal. The exception are pictures
    that differ by the order of two subjects.
    """
    names = sorted(MENTIONED) if rng.random() < 0.5 else [name for name in sorted(MENTIONED) if rng.random() < 0.5]
    return [describe(scene, mention=frozenset({*names, "second"})).text for scene in scenes]


def labels_of(scene: Scene) -> list[int]:
    """The place of the scene's word in every factor's words, UNREAD where its picture does not show it."""
    words, shown = factors_of(scene), readable(scene)
    return [known.index(words[name]) if name in shown else UNREAD for name, known in FACTORS.items()]


def contrast(
    pictures: Float[Tensor, "rows dimensions"],
    texts: Float[Tensor, "rows dimensions"],
    scale: Float[Tensor, ""],
    equal: Bool[Tensor, "rows rows"],
) -> Float[Tensor, ""]:
    """CLIP's symmetric cross-entropy (arXiv:2103.00020); rows with equal captions are not held against each other."""
    own = torch.eye(len(equal), dtype=torch.bool, device=equal.device)
    logits = (scale * pictures @ texts.T).masked_fill(equal & ~own, -torch.inf)
    rows = torch.arange(len(equal), device=equal.device)
    return (functional.cross_entropy(logits, rows) + functional.cross_entropy(logits.T, rows)) / 2


def reading_losses(
    logits: dict[str, Float[Tensor, "rows _words"]], labels: Int[Tensor, "rows factors"]
) -> dict[str, Float[Tensor, ""]]:
    """The cross-entropy of every reader, averaged over the rows that show its factor; 0 if none does."""
    losses = {}
    for (name, rows), truth in zip(logits.items(), labels.T, strict=True):
        total = functional.cross_entropy(rows.float(), truth, ignore_index=UNREAD, reduction="sum")
        losses[name] = total / (truth != UNREAD).sum().clamp(min=1)
    return losses
