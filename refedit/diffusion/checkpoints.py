"""Checkpoints as people have them, folders and single files: what each is, told by its names, shapes and settings.

Whatever is no Stable Diffusion 1.x or 2.x is told in one sentence that says what it is and what to use instead.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError, safe_open

from refedit.errors import EditError

USE = "Use a text-to-image checkpoint of Stable Diffusion 1.x or 2.x, such as stable-diffusion-v1-5."
PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
NETWORKS = ("unet", "vae", "text_encoder")
FAMILIES: Mapping[str, str] = {
    "StableDiffusionInpaint": "an inpainting model of Stable Diffusion",
    "StableDiffusionInstructPix2Pix": "InstructPix2Pix",
    "StableDiffusionUpscale": "an upscaler",
    "StableDiffusionDepth": "a depth-guided model",
    "StableDiffusionXL": "Stable Diffusion XL",
    "StableDiffusion3": "Stable Diffusion 3",
    "Flux": "FLUX",
    "PixArt": "PixArt",
    "Kandinsky": "Kandinsky",
}
"""What other pipelines are, by how the names of their classes begin; the longest name that fits counts."""
CHANNELS: Mapping[int, str] = {9: FAMILIES["StableDiffusionInpaint"], 8: FAMILIES["StableDiffusionInstructPix2Pix"]}
"""What a UNet with other than four input channels belongs to."""
KEYS: Mapping[str, str] = {
    "conditioner.embedders.1.": FAMILIES["StableDiffusionXL"],
    "model.diffusion_model.joint_blocks.": FAMILIES["StableDiffusion3"],
    "joint_blocks.": FAMILIES["StableDiffusion3"],
    "model.diffusion_model.double_blocks.": FAMILIES["Flux"],
    "double_blocks.": FAMILIES["Flux"],
    "lora_": "a LoRA, which only changes a model",
    "control_model.": "a ControlNet",
    "input_hint_block.": "a ControlNet",
}
"""What a single file is, by how its weights' names begin."""
PREFIXES: Mapping[str, str] = {
    "model.diffusion_model.": "unet",
    "first_stage_model.": "vae",
    "cond_stage_model.": "text_encoder",
}
"""How the names of the networks' weights begin in a single file."""
FIRST_LAYER = "model.diffusion_model.input_blocks.0.0.weight"


def check_folder(folder: Path, name: str) -> None:
    """EditError unless the folder is a whole Stable Diffusion pipeline whose parts fit each other."""
    index = _read_json(folder / "model_index.json")
    if index is None:
        raise EditError(f"'{name}' is no pipeline folder: it has no model_index.json. Give a diffusers folder.")
    check_kind(name, index)
    missing = [part for part in PARTS if not (folder / part).is_dir() or not any((folder / part).iterdir())]
    if not any((folder / "tokenizer" / file).is_file() for file in ("vocab.json", "tokenizer.json")):
        missing = list(dict.fromkeys([*missing, "tokenizer"]))
    if missing:
        raise EditError(f"The model '{name}' lacks {' and '.join(missing)}. Download all of its folder again.")
    unet, text = (_read_json(folder / part / "config.json") or {} for part in ("unet", "text_encoder"))
    channels = unet.get("in_channels", 4)
    if channels != unet.get("out_channels", 4):
        _refuse(name, CHANNELS.get(channels, f"a model whose UNet reads {channels} channels"))
    if unet.get("addition_embed_type") or unet.get("class_embed_type"):
        _refuse(name, "a model whose UNet reads more than a text, as Stable Diffusion XL's does")
    width, wanted = text.get("hidden_size"), unet.get("cross_attention_dim")
    if width and isinstance(wanted, int) and width != wanted:
        raise EditError(
            f"The model '{name}' does not fit together: its texts have {width} features, its UNet reads {wanted}. "
            "Use the text encoder that the UNet was trained with."
        )


def check_kind(name: str, index: Mapping[str, Any]) -> None:
    """EditError if the index is that of another pipeline."""
    kind = str(index.get("_class_name", ""))
    if kind != "StableDiffusionPipeline":
        fitting = [begin for begin in FAMILIES if kind.startswith(begin)]
        _refuse(name, FAMILIES[max(fitting, key=len)] if fitting else f"a {kind or 'pipeline of no name'}")


def _refuse(name: str, what: str) -> NoReturn:
    raise EditError(f"'{name}' is {what}, which RefEdit cannot edit with. {USE}")


def variant_of(folder: Path, name: str) -> str | None:
    """None if all networks have plain files, "fp16" if all have those; EditError if one has neither."""
    for variant in (None, "fp16"):
        if all(_weights(folder / part, variant) for part in NETWORKS):
            return variant
    without = [part for part in NETWORKS if not _weights(folder / part, None) and not _weights(folder / part, "fp16")]
    if without:
        raise EditError(
            f"The model '{name}' has no safetensors weights for {' and '.join(without)}. Download these too, or use a "
            "model that has them."
        )
    raise EditError(f"The model '{name}' has only some of its weights in half precision. Download one kind for all.")


def _weights(folder: Path, variant: str | None) -> list[Path]:
    """The files that a network's weights are read from."""
    plain = [path for path in folder.glob("*.safetensors") if (".fp16" in path.name) == (variant == "fp16")]
    return [path for path in plain if not path.name.startswith("openvino") and ".non_ema" not in path.name]


def check_weights(folder: Path, network: torch.nn.Module, name: str, variant: str | None) -> None:
    """EditError if weights are missing: the libraries leave those at random, and only log it."""
    there = {key for path in _weights(folder, variant) for key in _keys(path)}
    # Buffers are computed, and files of older versions leave them out or call the VAE's attention by other names.
    missing = [key for key, _ in network.named_parameters() if key not in there and not _renamed(key) & there]
    if missing:
        raise EditError(
            f"The model '{name}' lacks {len(missing)} weights of its {folder.name}, such as {missing[0]}. Download it "
            "again."
        )


def _renamed(key: str) -> set[str]:
    """Older names of a weight."""
    older = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    names = {key.replace(f".{new}.", f".{old}.") for new, old in older.items()}
    return names | {key.removeprefix("text_model."), f"text_model.{key}"}


def _keys(path: Path) -> Iterator[str]:
    with safe_open(path, "pt") as file:
        yield from file.keys()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None


def check_file_weights(path: Path, networks: Mapping[str, torch.nn.Module]) -> None:
    """EditError if a single file has fewer numbers than the networks that were filled from it."""
    for begin, part in PREFIXES.items():
        if _elements(path, begin) < sum(weights.numel() for weights in networks[part].parameters()):
            raise EditError(f"'{path}' lacks weights of its {part}. Download it again.")


def _elements(path: Path, begin: str) -> int:
    """How many numbers a file has under names that begin so."""
    with safe_open(path, "pt") as file:
        return sum(math.prod(file.get_slice(key).get_shape()) for key in file.keys() if key.startswith(begin))  # noqa: SIM118


def check_file(path: Path) -> None:
    """EditError unless the names of a file's weights are those of Stable Diffusion 1.x or 2.x."""
    if not path.is_file():
        raise EditError(f"There is no file '{path}'. Check the path.")
    try:
        with safe_open(path, "pt") as file:
            keys = set(file.keys())
            channels = file.get_slice(FIRST_LAYER).get_shape()[1] if FIRST_LAYER in keys else 0
    except (OSError, SafetensorError):
        raise EditError(f"'{path}' is damaged or no safetensors file. Download it again.") from None
    for begin, what in KEYS.items():
        if any(key.startswith(begin) for key in keys) and (not channels or begin.startswith("conditioner.")):
            _refuse(str(path), what)
    if not channels:
        _refuse(str(path), "a file without the UNet of Stable Diffusion")
    if channels != 4:
        _refuse(str(path), CHANNELS.get(channels, f"a model whose UNet reads {channels} channels"))
    for begin, part in PREFIXES.items():
        if not any(key.startswith(begin) for key in keys):
            raise EditError(f"'{path}' lacks the {part}. Use a file that holds the whole model.")
    if any(key.startswith("cond_stage_model.transformer.embeddings.") for key in keys):
        raise EditError(f"'{path}' names its text encoder's weights in an old way. Save it again with a newer program.")
