"""`refedit trace`: one configuration through the public code path, written down step by step.

Reads the parameter names of SpecRef's public code (see `reference_names`) and of null-text inversion,
and writes safetensors.
"""

import json
import threading
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from refedit.bench.baselines.base import FIT, INVERT
from refedit.bench.baselines.null_text_editing import null_text_inversion
from refedit.bench.golden.reference_names import known_words_only, specref_of
from refedit.diffusion.backbone import Backbone
from refedit.diffusion.ddim import Latents
from refedit.diffusion.inversion import Inverter
from refedit.editing.metered_model import MeteredModel
from refedit.editing.request import EditRequest, Reference
from refedit.editing.square_edit import SquareEdit
from refedit.errors import EditError
from refedit.imaging.images import read_channels, stretch, to_tensor
from refedit.imaging.masks import Mask
from refedit.machine.cache import Cache
from refedit.methods import METHODS, Input, Method, with_values
from refedit.models import load_model

NEEDED: Mapping[str, tuple[str, ...]] = {
    **{
        name: ("pipeline", "source", *(("reference",) if Input.REFERENCE in method.needs else ()))
        for name, method in METHODS.items()
    },
    "null_text": ("pipeline", "source", "prompt", "num_steps", "inner_steps", "guidance", "early_stop_epsilon"),
}
"""What a configuration cannot do without, by method; everything else has a default."""


def trace(config_path: Path, out: Path, device: str = "cpu") -> dict[str, Tensor]:
    """Runs the configuration and writes its arrays to `out`; paths in it are relative to its folder.

    `pipeline` is a folder, or a model's name as everywhere.

    Raises EditError for an unreadable file, an unknown method, an entry that is missing, or no folder for `out`.
    """
    config, folder = _config(config_path), config_path.parent
    if not out.parent.is_dir():
        raise EditError(f"There is no folder '{out.parent}' for the trace. Make it first.")
    beside = folder / config["pipeline"]
    model = load_model(str(beside) if beside.exists() else config["pipeline"], device)
    config = known_words_only(config, model)
    run = _trace_null_text if config["method"] == "null_text" else _trace_method
    arrays = run(config, folder, model)
    save_file({name: array.contiguous().cpu() for name, array in arrays.items()}, out)
    return arrays


def _config(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise EditError(f"'{path}' is not a readable JSON file: {error}.") from None
    if not isinstance(config, dict) or config.get("method") not in NEEDED:
        raise EditError(f"'{path}' names no method to trace. Set method to {', '.join(NEEDED)}.")
    config = {name: value for name, value in config.items() if value is not None}  # null is what is not there
    unused = set() if config.get("specref", True) else {"reference"}
    missing = [name for name in NEEDED[config["method"]] if name not in config and name not in unused]
    if missing:
        raise EditError(f"'{path}' lacks {', '.join(missing)}.")
    return config


def _trace_method(config: Mapping[str, Any], folder: Path, model: Backbone) -> dict[str, Tensor]:
    edit = SquareEdit(model, Cache(1 << 30), _request(config, folder), trace_all_rows=True)
    drawn = [step for step in edit.steps() if step.stage.draws]
    return {
        "edit_out": torch.stack([step.rows for step in drawn]),
        "images": _pictures(model, drawn[-1].rows),
        **_masks("mask_t", "mask_t_steps", {step.number - 1: step.words for step in drawn}),
        **_masks("blend_mask", "blend_steps", {step.number - 1: step.blend for step in drawn}),
        "inv_latents": _inversions(config, folder, edit),
    }


def _masks(name: str, steps: str, by_step: Mapping[int, Tensor | None]) -> dict[str, Tensor]:
    """The masks of the steps that had one, and the numbers of those steps."""
    masks = {step: mask for step, mask in by_step.items() if mask is not None}
    return {name: torch.stack([*masks.values()]), steps: torch.tensor([*masks])} if masks else {}


def _request(config: Mapping[str, Any], folder: Path) -> EditRequest:
    method: Method
    reference = None
    if config["method"] == "specref":
        method = specref_of(config)
    else:
        method = with_values(next(iter(METHODS[config["method"]].presets().values())), config.get("settings", {}))
    if Input.REFERENCE in method.needs:
        image = read_channels(folder / config["reference"])
        subject = _subject(folder / config["subject"], image.size) if config.get("subject") else None
        reference = Reference(image=image, subject=subject, prompt=config.get("reference_prompt", ""))
    return EditRequest(
        method=method,
        source=read_channels(folder / config["source"]),
        prompt=config.get("target_prompt", config.get("prompt", "")),
        source_prompt=config.get("source_prompt", ""),
        reference=reference,
    )


def _subject(path: Path, size: tuple[int, int]) -> Mask:
    """Inside wherever any channel is above 0: how the public code reads cut-outs on black."""
    pixels = np.asarray(read_channels(path).resize(size, Image.Resampling.NEAREST))
    return Mask(np.any(pixels > 0, axis=-1).astype(np.float32))


def _read(path: Path, size: int) -> Tensor:
    return to_tensor(stretch(read_channels(path), size))


def _inversions(config: Mapping[str, Any], folder: Path, edit: SquareEdit) -> Tensor:
    """Levels (steps + 1, pictures, ...) of the source and, where there is one, the reference, used or not."""
    method, task = edit.request.method, edit.task
    schedule, invert = edit.model.schedule(method.steps), task.inverter.trajectory
    columns = [finish(invert(INVERT, task.source, method.inversion_text(task), schedule))]
    if "reference" in config:
        reference = edit.model.encode(_read(folder / config["reference"], edit.model.size))
        columns.append(finish(invert(INVERT, reference, task.reference_prompt, schedule)))
    return torch.stack([torch.cat(levels) for levels in zip(*columns, strict=True)])


def _pictures(model: Backbone, latents: Latents) -> Tensor:
    """8-bit pictures (rows, height, width, 3), cut down to whole levels as the public code does."""
    return ((model.decode(latents) / 2 + 0.5) * 255).to(torch.uint8).permute(0, 2, 3, 1)


@torch.no_grad()
def _trace_null_text(config: Mapping[str, Any], folder: Path, model: Backbone) -> dict[str, Tensor]:
    metered = MeteredModel(model, Cache(0), threading.Event())
    schedule = metered.schedule(config["num_steps"], None)
    source = model.encode(_read(folder / config["source"], model.size))
    prompt, empty = metered.embed(config["prompt"]), metered.embed("")
    pivots = finish(Inverter(metered, Cache(0)).trajectory(INVERT, source, config["prompt"], schedule))
    inversion = null_text_inversion(config["inner_steps"], config["guidance"], config["early_stop_epsilon"])
    fitted = finish(inversion.run(FIT, metered, pivots, schedule, empty, prompt))
    return {
        "ddim_latents": torch.stack(pivots),
        "uncond_embeddings": torch.stack([text.tokens for text in fitted.texts]),
        "latents": torch.stack(fitted.latents[1:]),
        "losses": torch.tensor([loss for losses in fitted.losses for loss in losses], dtype=torch.float64),
        "inner_steps": torch.tensor([len(losses) for losses in fitted.losses]),
        "prompt_embedding": prompt.tokens,
        "null_embedding": empty.tokens,
    }


def finish(work: Generator[Any, None, Any]) -> Any:
    """Runs a generator to its end, and gives what it returns."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value
