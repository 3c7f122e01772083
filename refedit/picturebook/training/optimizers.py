"""Both optimisers of a training as one: AdamW for vectors, embeddings and a network's ends, Muon for the matrices."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from refedit.picturebook.training.plan import has_fast_bf16


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
            largest_first = sorted(by_shape.values(), key=lambda group: -sum(map(torch.numel, group)))
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


_ENDS = ("embedding", "conv_in", "conv_out.", "quant_conv", "_embed", "rel_pos", "_token.", "_tokens.", "marks.")
"""Parts of the names of what is no matrix inside a network."""


class Optimizers:
    """What moves a network's weights; `peak_rate` is AdamW's learning rate at its highest, `matrix_rate` Muon's."""

    def __init__(self, network: nn.Module, peak_rate: float, matrix_rate: float) -> None:
        inner: list[nn.Parameter] = []
        other: list[nn.Parameter] = []
        for name, parameter in network.named_parameters():
            at_end = any(part in name for part in _ENDS)
            (other if at_end or parameter.ndim < 2 else inner).append(parameter)
        # Weight decay would pull norms and biases to zero, so only matrices have it.
        self.adam = torch.optim.AdamW(other, lr=peak_rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
        self.muon = Muon(inner, lr=matrix_rate)
        self.peaks = peak_rate, matrix_rate

    def step(self, share: float, pool: Executor) -> None:
        """One step at `share` (0..1) of the peak learning rates, in the threads of `pool`."""
        for optimizer, peak in zip((self.adam, self.muon), self.peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * share
        self.adam.step()
        self.muon.step(pool=pool)

    def state(self) -> list[dict[str, Any]]:
        """What a checkpoint has to keep."""
        return [self.adam.state_dict(), self.muon.state_dict()]

    def restore(self, kept: Sequence[Mapping[str, Any]]) -> None:
        """Goes on from what `state` gave, on whatever device that was."""
        for optimizer, one in zip((self.adam, self.muon), kept, strict=True):
            optimizer.load_state_dict(dict(one))
            for parameter, state in optimizer.state.items():
                state |= {name: laid_out_as(parameter, v) for name, v in state.items() if v.shape == parameter.shape}


def laid_out_as(parameter: Tensor, value: Tensor) -> Tensor:
    """A tensor of its shape with its strides: fused AdamW refuses others on a GPU, and mixes up numbers on a CPU."""
    return value if value.stride() == parameter.stride() else torch.empty_like(parameter).copy_(value)
