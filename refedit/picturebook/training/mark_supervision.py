"""Teaches the UNet where a pattern's marks are: a linear head reads them off its features during training.

The noise alone teaches it slowly, since the paint of the marks is free: what a mark adds to it differs every time.
Our choice; the head is not part of the model.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

FINER = 2
"""The head tells the marks in `FINER` x `FINER` parts of every latent."""


def mark_targets(
    marks: UInt8[Tensor, "rows fine fine"], subjects: Float[Tensor, "rows subjects cells cells"]
) -> Float[Tensor, "rows 2 fine fine"]:
    """The share of marks (see `dataset.mark_cells`), and how much it counts: as much of a cell as is subject."""
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
