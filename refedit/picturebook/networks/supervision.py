"""What a UNet is taught beside the noise: where words are, and where the marks of a pattern are.

The noise alone teaches the second slowly: the paint of marks is free, so what a mark adds differs every time. Both are
our choice, and nothing of them is in an exported model. Knows no training.
"""

import math
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional

from refedit.diffusion.attention import Site, attend, attention_map, grid_of


@dataclass(frozen=True)
class WordTargets:
    """Words of a batch and where they truly are: word i is token `tokens[i]` of row `rows[i]`.

    `masks` holds the share of every cell of the grid that belongs to the word, in 0..1.
    """

    rows: Int[Tensor, " words"]
    tokens: Int[Tensor, " words"]
    masks: Float[Tensor, "words positions"]

    def to(self, device: torch.device) -> "WordTargets":
        return WordTargets(self.rows.to(device), self.tokens.to(device), self.masks.to(device))


@dataclass
class WordWatcher:
    """A control that changes nothing and keeps the cross-attention maps of one grid, with their gradients.

    `queries` (rows, heads, positions, channels) are the last cross-attention's, at the finest grid.
    """

    grid: int
    maps: list[Tensor] = field(default_factory=list)
    queries: Tensor | None = None

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if site.kind == "cross":
            self.queries = q
        watched = site.kind == "cross" and grid_of(q) == self.grid
        if watched:
            probabilities = attention_map(q, k)
            self.maps.append(probabilities.mean(1))
            return probabilities.to(v.dtype) @ v
        # The fused kernel's backward pass is slower than plain matrix products on a CPU.
        return _attend_by_products(q, k, v) if q.device.type == "cpu" else attend(q, k, v)

    @property
    def features(self) -> Float[Tensor, "rows positions channels"]:
        """The queries with their heads side by side."""
        if self.queries is None:
            raise ValueError("no cross-attention was watched")
        return self.queries.transpose(1, 2).flatten(2)

    def loss(self, targets: WordTargets, certainty: Float[Tensor, " rows"]) -> Float[Tensor, ""]:
        """The divergence of the words' maps, as distributions over positions, from even ones on their masks.

        It is a mean over words, 0 where they agree. `certainty` (0..1) weighs the rows: in pure noise nobody can tell
        where a word is.
        """
        probabilities = torch.stack(self.maps).mean(0)  # (rows, positions, tokens)
        seen = probabilities[targets.rows, :, targets.tokens]  # (words, positions)
        seen = seen / seen.sum(1, keepdim=True)
        area = targets.masks.sum(1, keepdim=True)
        wanted = targets.masks / area.clamp(min=1e-6)
        divergence = functional.kl_div(seen.clamp(min=1e-8).log(), wanted, reduction="none").sum(1)
        weight = certainty[targets.rows] * (area[:, 0] > 0.5)
        return (divergence * weight).sum() / max(len(targets.rows), 1)


def _attend_by_products(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return torch.softmax(q @ (k / math.sqrt(q.shape[-1])).transpose(-1, -2), dim=-1) @ v


FINER = 2
"""The head reads the marks of `FINER` x `FINER` cells in every latent."""


def mark_targets(
    marks: UInt8[Tensor, "rows fine fine"], subjects: Float[Tensor, "rows subjects cells cells"]
) -> Float[Tensor, "rows 2 fine fine"]:
    """The share of marks in every cell (see `dataset.scenes.mark_cells`), and how much of the cell is subject."""
    counts = functional.interpolate(subjects.sum(1, keepdim=True), marks.shape[-2:], mode="nearest")
    return torch.cat([marks[:, None].float() / 255, counts], 1)


class MarkHead(nn.Module):
    """Reads marks off the finest features of a UNet whose first level has `channels`."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.read = nn.Linear(channels, FINER * FINER)

    def loss(
        self,
        features: Float[Tensor, "rows positions channels"],
        targets: Float[Tensor, "rows 2 fine fine"],
        certainty: Float[Tensor, " rows"],
    ) -> Float[Tensor, ""]:
        """The cross-entropy of the marks, averaged over the subjects; `certainty` (0..1) weighs the rows."""
        side = targets.shape[-1] // FINER
        logits = self.read(features).transpose(1, 2).unflatten(2, (side, side))
        logits = functional.pixel_shuffle(logits, FINER)[:, 0].float()
        wanted, counts = targets[:, 0].clamp(0, 1), targets[:, 1] * certainty[:, None, None]
        errors = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return (errors * counts).sum() / counts.sum().clamp(min=1)
