"""How a UNet's weights lie in memory, chosen by measuring where there is something to choose.

Half precision on a GPU may be quicker with channels last, by card and version of PyTorch; CPUs don't gain. Compiling
is no choice: PyTorch's compiler fails on the controls of an edit, which are frozen dataclasses.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

import torch

from refedit.diffusion.backbone import Backbone

ROWS = 4
"""Of a call that is measured: SpecRef's last stage has so many."""
CALLS = 5
GAIN = 1.03
"""A layout has to be so much quicker than the one that there is (our choice: less is noise)."""
FORMATS = {False: torch.contiguous_format, True: torch.channels_last}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What was chosen, and the seconds of a call with each layout, empty if nothing was measured."""

    channels_last: bool
    seconds: Mapping[bool, float] = field(default_factory=dict)


def choose_layout(model: Backbone, measure: Callable[[Backbone], float] | None = None) -> Layout:
    """Lays the UNet out as calls are quickest, and tells what that was measured on.

    On a CPU nothing is measured or changed, so that edits stay the same bit for bit.
    """
    if measure is None and model.device.type != "cuda":
        return Layout(channels_last=is_channels_last(model))
    seconds = {}
    for layout, format in FORMATS.items():
        model.networks["unet"].to(memory_format=format)  # type: ignore[call-overload]
        seconds[layout] = (measure or seconds_of_a_call)(model)
    chosen = seconds[False] > GAIN * seconds[True]
    model.networks["unet"].to(memory_format=FORMATS[chosen])  # type: ignore[call-overload]
    return Layout(channels_last=chosen, seconds=seconds)


def is_channels_last(model: Backbone) -> bool:
    """True if the UNet's convolutions are laid out so."""
    kernels = [weight for weight in model.networks["unet"].parameters() if weight.ndim == 4 and weight.shape[-1] > 1]
    return all(weight.is_contiguous(memory_format=torch.channels_last) for weight in kernels)


@torch.no_grad()
def seconds_of_a_call(model: Backbone) -> float:
    """The median of a few calls of the UNet, after one to warm up."""
    shape = (ROWS, model.latent_channels, model.latent_grid, model.latent_grid)
    latents, text = torch.zeros(shape, device=model.device), model.embed("")
    texts = text.combined(lambda tokens: tokens.expand(ROWS, -1, -1))
    taken = []
    for _ in range(CALLS + 1):
        started = time.perf_counter()
        model.predict_noise(latents, 1, texts)
        if model.device.type == "cuda":
            torch.cuda.synchronize(model.device)
        taken.append(time.perf_counter() - started)
    return median(taken[1:])
