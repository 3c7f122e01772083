"""A SAM's prompts in training, for many pictures at once: its answers to them, their losses, and corrections.

Losses are those of arXiv:2304.02643, appendix A, where nothing else is said. Knows nothing about pictures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

Logits = Float[Tensor, "rows masks side side"]
Targets = Float[Tensor, "rows side side"]


@dataclass(frozen=True)
class MaskPrompts:
    """Prompts as SAM's prompt encoder takes them, one row for every mask asked for; labels are 1 inside, 0 outside."""

    points: Float[Tensor, "rows points 2"]
    labels: Int[Tensor, "rows points"]
    boxes: Float[Tensor, "rows 4"] | None = None
    previous: Float[Tensor, "rows 1 side side"] | None = None

    @property
    def clicks(self) -> tuple[Tensor, Tensor] | None:
        return (self.points, self.labels) if self.points.shape[1] else None


def click_prompts(clicks: Float[Tensor, "pictures targets 2"]) -> MaskPrompts:
    """A click inside for every target."""
    points = clicks.flatten(0, 1)[:, None]
    return MaskPrompts(points, torch.ones(points.shape[:2], dtype=torch.int64, device=points.device))


def box_prompts(boxes: Float[Tensor, "pictures 4"]) -> MaskPrompts:
    """A box for every picture."""
    empty = torch.zeros(len(boxes), 0, dtype=torch.int64, device=boxes.device)
    return MaskPrompts(boxes.new_zeros(len(boxes), 0, 2), empty, boxes)


def decode(
    sam: Any, features: Float[Tensor, "rows channels grid grid"], asked: Sequence[MaskPrompts]
) -> tuple[Logits, Float[Tensor, "rows masks"]]:
    """All four masks and their predicted quality for every row's prompts.

    As `MaskDecoder.predict_masks`, which takes the prompts of one picture only. A click alone and a box are two
    tokens each, so they go together.
    """
    # In half precision a click would lie half a pixel beside its place.
    with torch.autocast(features.device.type, enabled=False):
        encoded = [sam.prompt_encoder(one.clicks, one.boxes, one.previous) for one in asked]
        sparse, dense = (torch.cat(parts) for parts in zip(*encoded, strict=True))
        place = sam.prompt_encoder.get_dense_pe()
    decoder, (rows, channels, grid, _) = sam.mask_decoder, features.shape
    own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight]).expand(rows, -1, -1)
    places = place.expand(rows, -1, -1, -1)
    tokens, cells = decoder.transformer(features + dense, places, torch.cat([own, sparse], 1))
    fine = decoder.output_upscaling(cells.transpose(1, 2).reshape(rows, channels, grid, grid))
    kinds = [head(tokens[:, 1 + number]) for number, head in enumerate(decoder.output_hypernetworks_mlps)]
    masks = torch.stack(kinds, 1) @ fine.flatten(2)  # (rows, masks, cells)
    return masks.unflatten(2, fine.shape[2:]).float(), decoder.iou_prediction_head(tokens[:, 0]).float()


def split(answer: tuple[Logits, Tensor], asked: Sequence[MaskPrompts]) -> list[tuple[Tensor, Tensor]]:
    """The answers to each of the prompts, as in appendix A of arXiv:2304.02643.

    They are three masks for a single click, which may mean several things, and one for anything else.
    """
    counts, answers = [len(one.points) for one in asked], []
    for one, logits, quality in zip(asked, *(part.split(counts) for part in answer), strict=True):
        some = slice(1, None) if one.points.shape[1] == 1 and one.boxes is None else slice(0, 1)
        answers.append((logits[:, some], quality[:, some]))
    return answers


def best_of(logits: Logits, quality: Float[Tensor, "rows masks"]) -> Targets:
    """Every row's mask of highest predicted quality, without gradient."""
    return logits.detach()[torch.arange(len(logits)), quality.argmax(1)]


def corrected(
    asked: MaskPrompts, logits: Targets, targets: Targets, pixels: int, rng: torch.Generator, keep: bool
) -> MaskPrompts:
    """The prompts with one more click, at a random place where the mask is wrong, and with the mask if `keep`.

    If nothing is wrong, the click confirms the first cell.
    """
    rows, side = len(logits), logits.shape[-1]
    wrong = (logits > 0) != (targets >= 0.5)
    chance = torch.rand(wrong.shape, generator=rng, device=logits.device) * wrong
    place = chance.flatten(1).argmax(1)
    step = pixels / side
    point = torch.stack([place % side, place // side], 1) * step + (step - 1) / 2
    label = (targets.flatten(1)[torch.arange(rows), place] >= 0.5).long()
    return MaskPrompts(
        torch.cat([asked.points, point[:, None]], 1),
        torch.cat([asked.labels, label[:, None]], 1),
        asked.boxes,
        logits[:, None].clamp(-32, 32) if keep else None,
    )


def mask_losses(
    logits: Logits, quality: Float[Tensor, "rows masks"], targets: Targets, every: float = 0.0
) -> dict[str, Tensor]:
    """Focal and dice loss of each row's best mask, squared error of all predicted qualities, and what was reached.

    Targets are shares of cells, 0..1. The mean of all masks counts `every` times as much as the best one (our choice:
    with the best alone, as in the paper, one of our three never won a row and never learned). "iou" is that of the
    masks of highest predicted quality.
    """
    true = targets[:, None].expand_as(logits)
    focal, dice = focal_loss(logits, true), dice_loss(logits, true)
    best = (20 * focal + dice).argmin(1, keepdim=True)
    real = iou(logits.detach() > 0, true >= 0.5)
    chosen = real.gather(1, quality.argmax(1, keepdim=True))
    return {
        "focal": focal.gather(1, best).mean() + every * focal.mean(),
        "dice": dice.gather(1, best).mean() + every * dice.mean(),
        "quality": (quality - real).square().mean(),
        "iou": chosen.mean(),
    }


def focal_loss(logits: Logits, targets: Logits) -> Float[Tensor, "rows masks"]:
    """Focal loss with gamma 2 (arXiv:1708.02002), for targets between 0 and 1 as in arXiv:2006.04388."""
    errors = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (errors * (logits.sigmoid() - targets).square()).mean((2, 3))


def dice_loss(logits: Logits, targets: Logits) -> Float[Tensor, "rows masks"]:
    """1 minus the Dice coefficient with squares below (arXiv:1606.04797), which soft targets can reach."""
    made = logits.sigmoid()
    below = (made.square() + targets.square()).sum((2, 3))
    return 1 - (2 * (made * targets).sum((2, 3)) + 1) / (below + 1)


def iou(made: Tensor, true: Tensor) -> Float[Tensor, "rows masks"]:
    """Intersection over union of boolean masks."""
    return (made & true).sum((2, 3)) / (made | true).sum((2, 3)).clamp(min=1)
