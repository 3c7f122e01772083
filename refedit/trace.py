"""`refedit trace`: one configuration through the public code path, written down step by step.

Reads the parameter names of SpecRef's public code and of null-text inversion; writes safetensors.
"""

import json
import threading
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from refedit.bench.null_text import null_text_inversion
from refedit.ddim import Frame
from refedit.errors import EditError
from refedit.images import read_channels, stretch, to_tensor
from refedit.inversion import Inverter
from refedit.memory import Memory
from refedit.methods import METHODS, Method, SpecRef, with_settings
from refedit.methods.specref import EDIT
from refedit.methods.task import Task
from refedit.models import load_model
from refedit.stable_diffusion import StableDiffusion
from refedit.watched import WatchedModel
from refedit.words import find_word

MASK_TYPES = {0: "both", 1: "subject", 2: "region"}


def trace(config_path: Path, out: Path, device: str = "cpu") -> dict[str, Tensor]:
    """Runs the configuration and writes its arrays to `out`; paths in it are relative to its folder.

    Raises EditError for an unreadable file or an unknown method.
    """
    try:
        config: dict[str, Any] = json.loads(config_path.read_text())
    except (OSError, ValueError) as error:
        raise EditError(f"'{config_path}' is not a readable JSON file: {error}.") from None
    run = {"specref": _trace_method, "baret": _trace_method, "null_text": _trace_null_text}.get(
        config.get("method", "")
    )
    if run is None:
        raise EditError(f"'{config_path}' names no method to trace. Set method to specref, baret or null_text.")
    folder = config_path.parent
    model = load_model(str(folder / config["pipeline"]), device)
    config = _known_words_only(config, model)
    watched = WatchedModel(model, Memory(0), threading.Event())
    arrays = run(config, folder, model, watched)
    save_file({name: array.contiguous().cpu() for name, array in arrays.items()}, out)
    return arrays


def _known_words_only(config: dict[str, Any], model: StableDiffusion) -> dict[str, Any]:
    """Without the words that their prompt lacks: the public code looks them up, finds nothing, and goes on."""
    prompts = config.get("source_prompt", ""), config.get("target_prompt", "")

    def known(words: Any, prompt: str) -> list[str]:
        return [word for word in _listed(words) if find_word(prompt, word, model.tokens)]

    changes: dict[str, Any] = {
        name: [known(words, prompt) for words, prompt in zip(config[name], prompts, strict=True)]
        for name in ("blend_word", "substruct_words")
        if config.get(name)
    }
    if config.get("eq_params"):
        values = zip(_listed(config["eq_params"]["words"]), config["eq_params"]["values"], strict=True)
        kept = [(word, value) for word, value in values if known(word, prompts[1])]
        changes["eq_params"] = {"words": [word for word, _ in kept], "values": [value for _, value in kept]}
    cross = config.get("cross_replace_steps")
    if isinstance(cross, Mapping):
        kept_cross = {word: value for word, value in cross.items() if word == "default_" or known(word, prompts[1])}
        changes["cross_replace_steps"] = kept_cross
    return {**config, **changes}


def specref_of(config: Mapping[str, Any]) -> SpecRef:
    """The method that a configuration of SpecRef's public code describes; missing entries keep its defaults."""
    steps = int(config.get("num_steps", 50))
    first, last = config.get("speckv_step", (4, steps))
    low, high = config.get("speckv_layer", (10, 16))
    cross = config.get("cross_replace_steps", 0.8)
    cross = dict(cross) if isinstance(cross, Mapping) else {"default_": cross}
    blend, stay = config.get("blend_word"), config.get("substruct_words")
    cross_start, cross_end = _window(cross.pop("default_", (0.0, 1.0)))
    self_start, self_end = _window(config.get("self_replace_steps", 0.6))
    thresholds = config.get("th", (0.3, 0.3))
    settings: dict[str, Any] = {
        "steps": steps,
        "guidance": config.get("guidance", 7.5),
        "reference_steps_start": first / steps,
        "reference_steps_end": min(last, steps) / steps,
        "reference_sites_start": low / 16,
        "reference_sites_end": high / 16,
        "cross_replace_start": cross_start,
        "cross_replace": cross_end,
        "word_cross_replace": ", ".join(
            f"{word}:{'-'.join(map(str, _window(value)))}" for word, value in cross.items()
        ),
        "self_replace_start": self_start,
        "self_replace": self_end,
        "controller": "replace" if config.get("is_replace", True) else "refine",
        "words": ", ".join(config.get("target_words", ())),
        "masks": MASK_TYPES.get(config.get("spec_mask_type", 0), "none"),
        "threshold": config.get("thres", 0.5),
        "region_threshold": config.get("thres", 0.5),
        "interpolation": config.get("polatemode", "nearest"),
        "reweight": _reweight(config.get("eq_params")),
        "blend": blend is not None,
        "blend_start": _blend_start(config.get("start_blend", 0.2), steps),
        "blend_threshold": thresholds[0],
        "stay_threshold": thresholds[1],
        **_pair("blend_source_words", "blend_words", blend),
        **_pair("stay_source_words", "stay_words", stay),
    }
    return with_settings(SpecRef.presets()["official"], settings)  # type: ignore[return-value]


def _window(value: Any) -> tuple[float, float]:
    return (0.0, float(value)) if isinstance(value, int | float) else (float(value[0]), float(value[1]))


def _reweight(parameters: Mapping[str, Any] | None) -> str:
    if not parameters:
        return ""
    pairs = zip(_listed(parameters["words"]), parameters["values"], strict=True)
    return ", ".join(f"{word}:{value}" for word, value in pairs)


def _blend_start(value: float, steps: int) -> float:
    """The code's parameter is a fraction; a whole number counts steps. Half a step more survives cutting down."""
    return value if isinstance(value, float) else min((value + 0.5) / steps, 1.0)


def _listed(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def _pair(source: str, target: str, words: Any) -> dict[str, str]:
    """Words of the source and the target; "-" where there are none, so that no default takes their place."""
    lists = [_listed(entry) for entry in words] if words else [[], []]
    return {name: ", ".join(entries) or "-" for name, entries in zip((source, target), lists, strict=True)}


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
        "inv_latents": _inversions(config, folder, model, task, method.steps),
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


def _inversions(config: Mapping[str, Any], folder: Path, model: Any, task: Task, steps: int) -> Tensor:
    """Levels (steps + 1, pictures, ...) of the source and, where there is one, the reference, used or not."""
    schedule, invert = model.schedule(steps), task.inverter.trajectory
    baret = task.prompt if config.get("settings", {}).get("inversion_prompt", "target") == "target" else ""
    prompt = task.source_prompt if config["method"] == "specref" else baret
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
