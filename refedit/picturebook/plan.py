"""When a training does what: its planned time, its learning rate over that time, its parts side by side."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, on what, and how often to write things down (all in seconds of training).

    A step learns from `parts` batches side by side, each in a thread of its own.
    """

    seconds: float
    device: torch.device
    parts: int = 1
    folder: Path
    save_every: float = 180
    show_every: float = 600
    log_every: int = 20


def parts_for(device: torch.device) -> int:
    """How many batches to learn from side by side: one for every core of a small CPU, else one.

    Two threads with half a batch each are 1.7 times as fast as one whose every operation waits for two cores.
    """
    return min(os.cpu_count() or 1, 4) if device.type == "cpu" else 1


def rate_factor(step: int, fraction: float, warm_steps: int = 100) -> float:
    """The share of the peak learning rate after `fraction` (0..1) of the planned time: a ramp, then half a cosine.

    It ends at 1/100 and not at 0, so that a training that is given more time later still moves.
    """
    cosine = 0.5 + 0.5 * math.cos(math.pi * min(fraction, 1))
    return min(1, (step + 1) / warm_steps) * (0.01 + 0.99 * cosine)
