"""What edits cost on this machine: UNet rows, seconds, and the memory that references take.

The models' weights don't matter for that, so an SD 1.5-shaped network with random ones stands for the real one.
"""

import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from refedit.diffusion.attention import Heads, KeyHeads, Site, attend
from refedit.diffusion.backbone import Backbone
from refedit.diffusion.stable_diffusion import random_unet_sd15
from refedit.editing.editor import Editor
from refedit.editing.request import EditRequest, Finished, Reference
from refedit.imaging.masks import Mask
from refedit.machine.cache import bytes_of
from refedit.methods import METHODS, Baret, Input, Method, SpecRef


@dataclass(frozen=True, kw_only=True)
class EditCost:
    """One method with one set of parameters: UNet rows and seconds, at first and on the same pictures again."""

    edit: str
    steps: int
    rows_first: int
    rows_again: int
    seconds_first: float
    seconds_again: float
    feature_bytes: int
    everything_bytes: int


@dataclass(frozen=True, kw_only=True)
class RowCost:
    """A row of an SD 1.5-shaped UNet at 512 px in a call of `rows`, and what 50-step edits would take at that rate.

    `reference_gigabytes` is what SpecRef's official sites and steps keep of a reference that fills its picture,
    `everything_gigabytes` all self-attention keys and values of 50 steps, as the public code does.
    """

    rows: int
    seconds_per_row: float
    peak_gigabytes: float
    specref_seconds: float
    baret_seconds: float
    reference_gigabytes: float
    everything_gigabytes: float


def measure_edits(model: Backbone, steps: int) -> Iterator[EditCost]:
    """Runs every method's presets once afresh and once again, on pictures of the model's size."""
    for kind in METHODS.values():
        for name, preset in kind.presets().items():
            method: Method = replace(preset, steps=steps)  # type: ignore[type-var]
            editor, request = Editor(model), _request(method, model.size)
            first, again = (_finished(editor, request) for _ in range(2))
            yield EditCost(
                edit=f"{kind.title} {name}",
                steps=steps,
                rows_first=first.rows,
                rows_again=again.rows,
                seconds_first=round(first.seconds, 2),
                seconds_again=round(again.seconds, 2),
                feature_bytes=_features_kept(editor) if Input.REFERENCE in method.needs else 0,
                everything_bytes=_bytes_of_everything(model) * steps if Input.REFERENCE in method.needs else 0,
            )


def measure_rows(
    device: torch.device, dtype: torch.dtype, channels_last: bool = False, calls: int = 2
) -> Iterator[RowCost]:
    """Times UNet calls of 1 and 4 rows, after one to warm up."""
    unet = random_unet_sd15(device, dtype, channels_last)
    weighing = _weighed(unet, device, dtype)
    official = SpecRef.presets()["official"]
    for rows in (1, 4):
        seconds = _seconds_per_call(unet, rows, device, dtype, calls) / rows
        yield RowCost(
            rows=rows,
            seconds_per_row=round(seconds, 4),
            peak_gigabytes=round(_peak_bytes(device) / 1e9, 2),
            specref_seconds=round(286 * seconds, 1),
            # At most: where the text is fitted early, less.
            baret_seconds=round(50 * sum(Baret(steps=50).stages.values()) * seconds, 1),
            reference_gigabytes=round(len(official.reference_steps) * sum(weighing.bytes[10:]) / 1e9, 2),
            everything_gigabytes=round(50 * sum(weighing.bytes) / 1e9, 2),
        )


def as_row(cost: EditCost | RowCost) -> dict[str, Any]:
    return asdict(cost)


def _request(method: Method, size: int) -> EditRequest:
    rng = np.random.default_rng(0)
    source, reference = (Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8)) for _ in range(2))
    subject = np.zeros((size, size), np.float32)
    subject[size // 4 : 3 * size // 4, size // 4 : 3 * size // 4] = 1
    return EditRequest(
        method=method,
        source=source,
        prompt="a dog",
        source_prompt="a cat",
        reference=Reference(image=reference, subject=Mask(subject)) if Input.REFERENCE in method.needs else None,
    )


def _finished(editor: Editor, request: EditRequest) -> Finished:
    last = list(editor.edit(request))[-1]
    assert isinstance(last, Finished)
    return last


def _features_kept(editor: Editor) -> int:
    return sum(bytes_of(value) for value in editor.cache.values() if isinstance(value, dict))


class _Weighing:
    """A control that changes nothing and weighs the keys and values of every self-attention site, in order."""

    def __init__(self) -> None:
        self.bytes: list[int] = []

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind == "self":
            self.bytes.append(k.nbytes + v.nbytes)
        return attend(q, k, v)


@torch.no_grad()
def _bytes_of_everything(model: Backbone) -> int:
    """Keys and values of all self-attention of one row and step: what the public code keeps."""
    weighing, grid = _Weighing(), model.latent_grid
    latents = torch.zeros(1, model.latent_channels, grid, grid, device=model.device, dtype=model.dtype)
    model.predict_noise(latents, 1, model.embed(""), weighing)
    return sum(weighing.bytes)


@torch.no_grad()
def _weighed(unet: Any, device: torch.device, dtype: torch.dtype) -> _Weighing:
    weighing = _Weighing()
    latents, text = (torch.zeros(shape, device=device, dtype=dtype) for shape in ((1, 4, 64, 64), (1, 77, 768)))
    unet(latents, 501, encoder_hidden_states=text, cross_attention_kwargs={"control": weighing})
    return weighing


@torch.no_grad()
def _seconds_per_call(unet: Any, rows: int, device: torch.device, dtype: torch.dtype, calls: int) -> float:
    latents = torch.randn(rows, 4, 64, 64, device=device, dtype=dtype)
    text = torch.randn(rows, 77, 768, device=device, dtype=dtype)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    started = 0.0
    for call in range(calls + 1):
        if call == 1:
            _wait_for(device)
            started = time.perf_counter()
        unet(latents, 501, encoder_hidden_states=text)
    _wait_for(device)
    return (time.perf_counter() - started) / calls


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _peak_bytes(device: torch.device) -> int:
    """Of the GPU since the last reset; of the whole process on a CPU, from its start."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
