"""SAM's networks, the one place where segment_anything is imported: the official sizes, any other, and their files.

Knows nothing about pictures or clicks.
"""

import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from refedit.errors import EditError


@dataclass(frozen=True, kw_only=True)
class SamConfig:
    """How large a SAM is; its fields are the keys of our `config.json`.

    The picture encoder sees `pixels` squared in patches, with `depth` layers of `features` channels; all but the
    layers in `whole` attend within windows of so many patches. The mask decoder has `decoder` channels and makes
    masks of four times the patches.
    """

    pixels: int
    patch: int
    features: int
    depth: int
    heads: int
    window: int
    whole: tuple[int, ...]
    decoder: int
    decoder_depth: int = 2
    decoder_heads: int = 8
    decoder_hidden: int = 256
    mask_features: int = 16

    @property
    def grid(self) -> int:
        return self.pixels // self.patch


def sam_module(name: str) -> ModuleType:
    """A module of segment_anything, without running the package's `__init__`, which imports torchvision."""
    if "segment_anything" not in sys.modules:
        spec = importlib.util.find_spec("segment_anything")
        if spec is None:
            raise EditError("Segment Anything is not installed. Install requirements.txt.")
        package = ModuleType("segment_anything")
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["segment_anything"] = package
    return importlib.import_module(f"segment_anything.{name}")


def build_sam(config: SamConfig) -> Any:
    """A SAM of that size, of the package's own classes, with random weights."""
    modeling = sam_module("modeling")
    encoder = modeling.ImageEncoderViT(
        img_size=config.pixels,
        patch_size=config.patch,
        embed_dim=config.features,
        depth=config.depth,
        num_heads=config.heads,
        out_chans=config.decoder,
        use_rel_pos=True,
        window_size=config.window,
        global_attn_indexes=config.whole,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
    )
    prompts = modeling.PromptEncoder(
        embed_dim=config.decoder,
        image_embedding_size=(config.grid, config.grid),
        input_image_size=(config.pixels, config.pixels),
        mask_in_chans=config.mask_features,
    )
    return modeling.Sam(encoder, prompts, _decoder(config, modeling))


def _decoder(config: SamConfig, modeling: ModuleType) -> nn.Module:
    transformer = modeling.TwoWayTransformer(
        depth=config.decoder_depth,
        embedding_dim=config.decoder,
        num_heads=config.decoder_heads,
        mlp_dim=config.decoder_hidden,
    )
    return modeling.MaskDecoder(
        transformer_dim=config.decoder, transformer=transformer, iou_head_hidden_dim=config.decoder
    )


def save_sam(sam: nn.Module, config: SamConfig, folder: Path) -> None:
    """Writes `config.json` and `model.safetensors` in half precision; the network stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.half().contiguous().cpu() for name, value in sam.state_dict().items()}
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(asdict(config), indent=2) + "\n")


def load_sam(folder: Path) -> Any:
    """The SAM that `save_sam` wrote, in full precision; EditError if the folder holds none."""
    config = json.loads((folder / "config.json").read_text())
    return filled(build_sam(SamConfig(**{**config, "whole": tuple(config["whole"])})), read_weights(folder))


def read_weights(folder: Path) -> dict[str, Any]:
    """The tensors of a folder's `model.safetensors`; EditError if there is none."""
    try:
        return load_file(folder / "model.safetensors")
    except (OSError, SafetensorError) as error:
        raise EditError(f"'{folder}' holds no readable model.safetensors: {error}") from error


def filled(sam: Any, weights: Mapping[str, Any]) -> Any:
    """The network with these weights, all of them and no others; EditError if they do not fit."""
    try:
        sam.load_state_dict(weights)
    except RuntimeError as error:
        raise EditError(
            f"These weights are not those of this SAM: {str(error).splitlines()[-1].strip()[:160]}"
        ) from error
    return sam
