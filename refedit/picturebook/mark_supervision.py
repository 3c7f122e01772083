"""Teaches the UNet where a pattern's marks are: a linear head reads them off its features during training.

The noise alone teaches it slowly, since the paint of the marks is free: what a mark adds to it differs every time.
Our choice; the head is not part of the model.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from refedit.picturebook.drawing import place_of
from refedit.picturebook.patterns import mark_shares
from refedit.picturebook.scene import Scene

FINER = 2
"""The head tells the marks in `FINER` x `FINER` parts of every latent."""


def mark_targets(
    scenes: Sequence[Scene], subjects: Float[np.ndarray, "rows subjects cells cells"], grid: int
) -> Float[Tensor, "rows 2 fine fine"]:
    """The share of marks, and how much it counts: of the subjects' coats, as their masks tell; fine = FINER x grid."""
    times = FINER * grid // subjects.shape[-1]
    covers = subjects.repeat(times, 2).repeat(times, 3)
    found = np.zeros((len(scenes), 2, FINER * grid, FINER * grid), np.float32)
    for row, scene in enumerate(scenes):
        for cover, subject in zip(covers[row], scene.subjects, strict=False):
            found[row, 0] += cover * mark_shares(subject.appearance, place_of(subject), FINER * grid)
            found[row, 1] += cover
    found[:, 0] /= np.maximum(found[:, 1], 1e-6)
    return torch.from_numpy(found)


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
