"""How far masks are from the true ones: focal and dice loss, predicted quality, IoU (arXiv:2304.02643, appendix A)."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Logits = Float[Tensor, "rows masks side side"]
Targets = Float[Tensor, "rows side side"]


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
