"""The device that networks run on, and what is known of it."""

import platform
from pathlib import Path
from typing import Any

import torch

from refedit.errors import EditError


def pick_device(wanted: str = "auto") -> tuple[torch.device, torch.dtype]:
    """The device by name ("auto", "cpu", "cuda", "cuda:1", "mps") and the precision that pays there.

    Raises EditError if it is not there. CPUs compute in float32: half precision is far slower on most.
    """
    gpus = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    found = ["cuda", *gpus] if gpus else ["mps"] if torch.backends.mps.is_available() else []
    name = (found or ["cpu"])[0] if wanted == "auto" else wanted
    if name not in (*found, "cpu"):
        known = ", ".join((*found, "cpu", "auto"))
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
