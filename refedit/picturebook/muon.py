"""Muon (Keller Jordan, 2024): steps along the momentum with all its singular values made equal.

For weight matrices inside a network; it needs about half of AdamW's steps there. Convolutions count as matrices of
(output channels, everything else). Knows nothing about what is trained.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.picturebook.precision import has_fast_bf16


@torch.no_grad()
def orthogonalised(
    matrices: Float[Tensor, "count rows columns"], iterations: int = 5
) -> Float[Tensor, "count rows columns"]:
    """The matrices with singular values near 1 (0.7 to 1.2), by a quintic Newton-Schulz iteration.

    In bf16 where that pays: it converges from anywhere, so that rounding does not add up.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.flatten(1).norm(dim=1)[:, None, None] + 1e-7)
    x = x.to(torch.bfloat16 if has_fast_bf16(x.device) else x.dtype)
    for _ in range(iterations):
        square = x @ x.mT
        mixed = torch.baddbmm(square, square, square, beta=-4.7750, alpha=2.0315)
        x = torch.baddbmm(x, mixed, x, beta=3.4445)
    return (x.mT if tall else x).to(matrices.dtype)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, scaled to the root mean square of an AdamW step (0.2 of the learning rate)."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None, pool: Executor | None = None) -> None:  # type: ignore[override]
        """Updates every parameter that has a gradient; matrices of one shape are computed together.

        The shapes are shared out among the threads of `pool`: on two cores the update of a small UNet took a third
        of every training step in one thread and float32, and takes a twelfth so.
        """
        for group in self.param_groups:
            by_shape: defaultdict[tuple[int, int], list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                by_shape[len(parameter), parameter.numel() // len(parameter)].append(parameter)
            largest_first = sorted(by_shape.values(), key=lambda found: -sum(map(torch.numel, found)))
            # Waits for all of them, and raises here what was raised in a thread.
            list((pool.map if pool else map)(partial(self._update, group), largest_first))

    @torch.no_grad()
    def _update(self, group: Mapping[str, Any], parameters: Sequence[Tensor]) -> None:
        rows = len(parameters[0])
        steps = [self._momentum(parameter, group["momentum"]).reshape(rows, -1) for parameter in parameters]
        directions = orthogonalised(torch.stack(steps)) * (0.2 * max(steps[0].shape) ** 0.5)
        for parameter, direction in zip(parameters, directions, strict=True):
            parameter.mul_(1 - group["lr"] * group["weight_decay"])
            parameter.sub_(direction.reshape(parameter.shape), alpha=group["lr"])

    def _momentum(self, parameter: Tensor, momentum: float) -> Tensor:
        assert parameter.grad is not None
        kept = self.state[parameter].setdefault("momentum", torch.zeros_like(parameter))
        kept.lerp_(parameter.grad, 1 - momentum)
        return parameter.grad.lerp(kept, momentum)
