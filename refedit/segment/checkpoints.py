"""Where a SAM comes from: an official checkpoint, checked by its name's digest, a folder of two kinds, or the hub."""

import hashlib
import json
import re
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from refedit.errors import EditError
from refedit.machine.model_hub import from_hub
from refedit.segment.sam_network import filled, load_sam, sam_module
from refedit.segment.transformers_names import load_transformers_sam

KINDS = ("vit_b", "vit_l", "vit_h")


def open_sam(where: Path) -> tuple[Any, str]:
    """A SAM with its weights, and what it is in words; EditError if there is none, or if it is damaged.

    An official checkpoint is a file whose name holds vit_b, vit_l or vit_h; the folder of a SAM is one that
    `save_sam` or transformers' SamModel wrote. What is neither and reads as OWNER/NAME is looked for on the hub.
    """
    if is_hub_id(where):
        return _from_folder(downloaded_sam(where.as_posix())), f"the SAM {where.as_posix()}"
    if (where / "config.json").is_file():
        return _from_folder(where), f"the SAM in '{where}'"
    if not where.exists():
        raise EditError(f"There is no SAM at '{where}': no such file or folder. Check the path.")
    kind = next((kind for kind in KINDS if kind in where.name), None)
    if kind is None or not where.is_file():
        raise EditError(
            f"'{where}' is no SAM. Give a file such as sam_vit_b_01ec64.pth, the folder of a SAM, or a hub id."
        )
    digest = checked_digest(where)
    return _official(where, kind), f"{where.name}, SHA-256 {digest}"


def checked_digest(checkpoint: Path) -> str:
    """The file's SHA-256; EditError if the name promises another, as official names do by six digits at their end."""
    with checkpoint.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    promised = re.search(r"_([0-9a-f]{6,64})\.pth$", checkpoint.name)
    if promised and not digest.startswith(promised[1]):
        raise EditError(
            f"'{checkpoint.name}' is damaged or not what its name says: its SHA-256 begins with {digest[:6]}, "
            f"not {promised[1]}. Download it again."
        )
    return digest


def _from_folder(folder: Path) -> Any:
    try:
        theirs = "vision_config" in json.loads((folder / "config.json").read_text("utf-8"))
        return load_transformers_sam(folder) if theirs else load_sam(folder)
    except (KeyError, TypeError, ValueError) as error:
        raise EditError(f"'{folder}' holds no SAM: its config.json can't be read ({error}).") from error


def _official(checkpoint: Path, kind: str) -> Any:
    try:
        # Without weights_only a checkpoint could run any code that its maker likes.
        weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, ValueError) as error:
        reason = str(error).strip().splitlines()[0][:160]
        raise EditError(f"'{checkpoint.name}' can't be read as SAM {kind}: {reason}") from error
    if not isinstance(weights, dict):
        raise EditError(f"'{checkpoint.name}' can't be read as SAM {kind}: it holds no named weights")
    return filled(sam_module("build_sam").sam_model_registry[kind](), weights)


def is_hub_id(where: Path) -> bool:
    """Whether it is no file or folder here, and reads as OWNER/NAME."""
    local = where.exists() or where.suffix == ".pth" or where.parent.exists()
    return not local and re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", where.as_posix()) is not None


def downloaded_sam(name: str) -> Path:
    """The folder of a hub id's SAM, downloaded once; EditError if the hub does not give it."""

    def download() -> Path:
        try:
            return Path(snapshot_download(name, allow_patterns=["config.json", "model.safetensors"]))
        except (HfHubHTTPError, OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0][:160]
            raise EditError(f"The SAM '{name}' can't be had from the Hugging Face hub: {reason}") from error

    return from_hub(name, download)
