"""The built-in CLIP on disk: the folder `clip` of a model folder."""

import copy
import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from refedit.errors import EditError
from refedit.picturebook.networks.checkpoint import whole_folder
from refedit.picturebook.networks.clip import PictureBookClip, Tower

_SHARD = "9MB"


def save_clip(network: PictureBookClip, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Writes `clip` in a model folder, in half precision; whole or not at all.

    A CLIPModel and its tokenizer as transformers saves them, readers.safetensors with stem and readers, and
    readers.json with the factors' words and the tower's shape.
    """
    transformers_logging.disable_progress_bar()
    half = copy.deepcopy(network).half()
    folder.mkdir(parents=True, exist_ok=True)
    with whole_folder(folder / "clip") as fresh:
        half.clip.save_pretrained(fresh, max_shard_size=_SHARD)
        tokenizer.save_pretrained(fresh)
        kept = {name: value.contiguous() for name, value in half.state_dict().items() if not name.startswith("clip.")}
        save_file(kept, fresh / "readers.safetensors")
        tower = network.tower
        shape = {"pixels": tower.pixels, "stem": tower.stem, "layers": tower.layers, "heads": tower.heads}
        (fresh / "readers.json").write_text(json.dumps({"factors": network.names, "tower": shape}, indent=1) + "\n")


def load_clip(folder: Path) -> tuple[PictureBookClip, CLIPTokenizer]:
    """What `save_clip` wrote, in single precision; EditError if the model folder has none."""
    place = folder / "clip"
    if not (place / "readers.json").is_file():
        raise EditError(f"The model in {folder} has no readers. Train them: `picturebook train --stage clip`.")
    transformers_logging.disable_progress_bar()
    notes = json.loads((place / "readers.json").read_text())
    tower = Tower(**{**notes["tower"], "stem": tuple(notes["tower"]["stem"])})
    clip, loading = CLIPModel.from_pretrained(
        place, dtype=torch.float32, local_files_only=True, output_loading_info=True
    )
    if loading["missing_keys"]:
        raise EditError(f"The CLIP in {place} is incomplete. Train it anew: `picturebook train --stage clip`.")
    network = PictureBookClip(clip, tower, {name: tuple(words) for name, words in notes["factors"].items()})
    kept = {name: value.float() for name, value in load_file(place / "readers.safetensors").items()}
    network.load_state_dict({**{f"clip.{name}": value for name, value in clip.state_dict().items()}, **kept})
    return network, CLIPTokenizer.from_pretrained(place)
