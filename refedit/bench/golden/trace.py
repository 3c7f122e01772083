"""`refedit trace`: one configuration through the public code path, written down step by step.

Reads the parameter names of SpecRef's public code (see `trace_config`) and of null-text inversion; writes safetensors.
"""

import json
import threading
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from refedit.bench.baselines.null_text_editing import null_text_inversion
from refedit.bench.golden.reference_names import known_words_only, specref_of
from refedit.diffusion.ddim import Frame
from refedit.diffusion.inversion import Inverter
from refedit.editing.watched_model import WatchedModel
from refedit.errors import EditError
from refedit.imaging.images import read_channels, stretch, to_tensor
from refedit.machine.cache import Memory
from refedit.methods import METHODS, Baret, Method, with_settings
from refedit.methods.specref import EDIT
from refedit.methods.task import Task
from refedit.models import load_model

NEEDED: Mapping[str, tuple[str, ...]] = {
    "specref": ("pipeline", "source", "reference"),
    "baret": ("pipeline", "source"),
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
    watched = WatchedModel(model, Memory(0), threading.Event())
    run = _trace_null_text if config["method"] == "null_text" else _trace_method
    arrays = run(config, folder, model, watched)
    save_file({name: array.contiguous().cpu() for name, array in arrays.items()}, out)
    return arrays


def _config(path: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise EditError(f"'{path}' is not a readable JSON file: {error}.") from None
    if not isinstance(config, dict) or config.get("method") not in NEEDED:
        raise EditError(f"'{path}' names no method to trace. Set method to {', '.join(NEEDED)}.")
    unused = set() if config.get("specref", True) else {"reference"}
    missing = [name for name in NEEDED[config["method"]] if name not in config and name not in unused]
    if missing:
        raise EditError(f"'{path}' lacks {', '.join(missing)}.")
    return config


def _trace_method(config: Mapping[str, Any], folder: Path, model: Any, watched: WatchedModel) -> dict[str, Tensor]:
    method: Method
    if config["method"] == "specref":
        method = specref_of(config)
    else:
        method = with_settings(METHODS[config["method"]](), config.get("settings", {}))
    task = _task(config, folder, model, watched)
    edits = [frame for frame in method.edit(watched, task) if frame.stage == EDIT]
    return {
        "edit_out": torch.stack([frame.rows for frame in edits]),
        "images": _pictures(model, edits[-1].rows),
        **_masks(edits, "mask_t", "mask_t_steps"),
        **_masks(edits, "blend_mask", "blend_steps"),
        "inv_latents": _inversions(config, folder, model, task, method),
    }


def _masks(edits: list[Frame], name: str, steps: str) -> dict[str, Tensor]:
    found = [(frame.masks[name], frame.step - 1) for frame in edits if name in frame.masks]
    if not found:
        return {}
    return {name: torch.stack([mask for mask, _ in found]), steps: torch.tensor([step for _, step in found])}


def _task(config: Mapping[str, Any], folder: Path, model: Any, watched: WatchedModel) -> Task:
    size, takes = model.size, config.get("specref", config["method"] == "specref")
    prompts = config.get("target_prompt", config.get("prompt", "")), config.get("source_prompt", "")
    return Task(
        inverter=Inverter(watched, Memory(1 << 30)),
        source=model.encode(_read(folder / config["source"], size)),
        prompt=prompts[0],
        source_prompt=prompts[1],
        reference=model.encode(_read(folder / config["reference"], size)) if takes else None,
        reference_prompt=config.get("reference_prompt", ""),
        subject=_subject(folder / config["subject"], size) if takes and config.get("subject") else None,
        whole=True,
    )


def _read(path: Path, size: int) -> Tensor:
    return to_tensor(stretch(read_channels(path), size))


def _subject(path: Path, size: int) -> Tensor:
    """Inside wherever any channel is above 0: how the public code reads cut-outs on black."""
    return (_read(path, size)[0] > -1).any(0).float()


def _inversions(config: Mapping[str, Any], folder: Path, model: Any, task: Task, method: Method) -> Tensor:
    """Levels (steps + 1, pictures, ...) of the source and, where there is one, the reference, used or not."""
    schedule, invert = model.schedule(method.steps), task.inverter.trajectory
    prompt = method.inversion_text(task.prompt) if isinstance(method, Baret) else task.source_prompt
    columns = [_result(invert("source", task.source, prompt, schedule))]
    if "reference" in config:
        reference = model.encode(_read(folder / config["reference"], model.size))
        columns.append(_result(invert("reference", reference, task.reference_prompt, schedule)))
    return torch.stack([torch.cat(levels) for levels in zip(*columns, strict=True)])


def _pictures(model: Any, latents: Tensor) -> Tensor:
    """8-bit pictures (rows, height, width, 3), cut down to whole levels as the public code does."""
    return ((model.decode(latents) / 2 + 0.5) * 255).to(torch.uint8).permute(0, 2, 3, 1)


@torch.no_grad()
def _trace_null_text(config: Mapping[str, Any], folder: Path, model: Any, watched: WatchedModel) -> dict[str, Tensor]:
    schedule = watched.schedule(config["num_steps"], None)
    source = model.encode(_read(folder / config["source"], model.size))
    prompt, empty = watched.embed(config["prompt"]), watched.embed("")
    pivots = _result(Inverter(watched, Memory(0)).trajectory("pivots", source, config["prompt"], schedule))
    inversion = null_text_inversion(config["inner_steps"], config["guidance"], config["early_stop_epsilon"])
    fitted = _result(inversion.run("fit", watched, pivots, schedule, empty, prompt))
    return {
        "ddim_latents": torch.stack(pivots),
        "uncond_embeddings": torch.stack(fitted.texts),
        "latents": torch.stack(fitted.latents[1:]),
        "losses": torch.tensor([loss for losses in fitted.losses for loss in losses], dtype=torch.float64),
        "inner_steps": torch.tensor([len(losses) for losses in fitted.losses]),
        "prompt_embedding": prompt,
        "null_embedding": empty,
    }


def _result(work: Generator[Any, None, Any]) -> Any:
    """What a generator returns in the end."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value
