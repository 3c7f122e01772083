"""What a training keeps on disk: files and folders written whole or not at all, and averaged weights."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn


class AveragedWeights:
    """An exponential moving average of a network's parameters, kept in float32.

    The decay warms up with the number of steps, so that a short training's average forgets the start too.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values: dict[str, Tensor] = {
            name: parameter.detach().clone() for name, parameter in network.named_parameters()
        }

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Moves towards the network's weights as they are after `step` steps."""
        decay = min(self.decay, (1 + step) / (10 + step))
        parameters = [parameter.detach() for _, parameter in network.named_parameters()]
        torch._foreach_lerp_(list(self.values.values()), parameters, 1 - decay)

    def copy_to(self, network: nn.Module) -> None:
        """Puts the averages in place of the network's parameters."""
        network.load_state_dict({**network.state_dict(), **self.values})


def write_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Writes a state, whole or not at all."""
    unfinished = path.with_suffix(".part")
    torch.save(dict(state), unfinished)
    unfinished.replace(path)


def read_checkpoint(path: Path, mapped: bool = False) -> dict[str, Any] | None:
    """What was written last, on the CPU, or None if nothing was; `mapped` reads tensors when they are used."""
    return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped) if path.exists() else None


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A fresh folder to write into, which takes the place of `folder` once everything is written.

    Sub-folders that were not written anew stay, since the parts of a model are trained one by one. All files are made
    readable for everybody: safetensors writes them for their owner only.
    """
    fresh, old = folder.with_name(folder.name + ".new"), folder.with_name(folder.name + ".old")
    for leftover in (fresh, old):
        shutil.rmtree(leftover, ignore_errors=True)
    fresh.mkdir()
    yield fresh
    for kept in folder.iterdir() if folder.exists() else ():
        if kept.is_dir() and not (fresh / kept.name).exists():
            shutil.copytree(kept, fresh / kept.name)
    for path in fresh.rglob("*"):
        path.chmod(path.stat().st_mode | 0o444)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
