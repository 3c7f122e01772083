"""Both optimisers of a training as one: AdamW for vectors, embeddings and a network's ends, Muon for the matrices."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import Any

import torch
from torch import Tensor, nn

from refedit.picturebook.muon import Muon

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
