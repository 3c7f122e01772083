"""The device that networks run on: which one, with how many threads, and what it is called."""

import platform
from functools import cache
from pathlib import Path
from typing import Any

import torch

from refedit.errors import EditError

SMALL = 2048
"""Latents' cells, over all rows of a call, up to which one thread computes."""


def pick_device(wanted: str = "auto") -> tuple[torch.device, torch.dtype]:
    """The device by name ("auto", "cpu", "cuda", "cuda:1", "mps") and the precision that pays there.

    Raises EditError if it is not there. CPUs compute in float32: half precision is far slower on most.
    """
    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    present = ["cuda", *gpus] if gpus else ["mps"] if torch.backends.mps.is_available() else []
    name = (present or ["cpu"])[0] if wanted == "auto" else wanted
    if name not in (*present, "cpu"):
        known = ", ".join((*present, "cpu", "auto"))
        raise EditError(f"The device '{wanted}' is not available here. Choose one of {known}.")
    if name.startswith("cuda"):
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return torch.device(name), torch.bfloat16 if native else torch.float16
    return torch.device(name), torch.float32


def machine(device: torch.device) -> dict[str, Any]:
    """What the numbers were measured on."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {"device": device.type, "name": name, "threads": torch.get_num_threads(), "torch": torch.__version__}


def _processor() -> str:
    """The processor's name as Linux tells it; elsewhere what Python knows."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text("utf-8").splitlines() if told.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or platform.machine()


def use_threads(rows: int, grid: int) -> None:
    """Sets the calling thread's number for a call with `rows` latents (or SAM's features) of `grid` x `grid` cells.

    Our choice, measured with the built-in model on two cores: a second thread makes its edits no faster, and ten
    times slower while a browser or another edit takes a core, since waiting threads spin. PyTorch's number is the
    calling thread's own, and the steps of an edit may come from several, so it is set where a network is called.
    """
    every = all_threads()  # asked for before anything is set
    wanted = 1 if rows * grid**2 <= SMALL else every
    if torch.get_num_threads() != wanted:  # setting it, even to the same, would empty caches of compiled kernels
        torch.set_num_threads(wanted)


@cache
def all_threads() -> int:
    """What PyTorch takes by itself: as many as there are cores, or OMP_NUM_THREADS."""
    return torch.get_num_threads()
