"""SAM in the format of Hugging Face transformers (facebook/sam-vit-base and others), read without transformers.

The networks are the same; only the names of the weights differ.
"""

import json
import re
from pathlib import Path
from typing import Any

from refedit.errors import EditError
from refedit.segment.sam_network import SamConfig, build_sam, filled, read_weights

NAMES: tuple[tuple[str, str], ...] = (
    (r"^(shared_image_embedding|prompt_encoder\.shared_embedding)\.positional_embedding$",
     "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
    (r"^vision_encoder\.layers\.", "image_encoder.blocks."),
    (r"^vision_encoder\.patch_embed\.projection", "image_encoder.patch_embed.proj"),
    (r"^vision_encoder\.neck\.conv1", "image_encoder.neck.0"),
    (r"^vision_encoder\.neck\.layer_norm1", "image_encoder.neck.1"),
    (r"^vision_encoder\.neck\.conv2", "image_encoder.neck.2"),
    (r"^vision_encoder\.neck\.layer_norm2", "image_encoder.neck.3"),
    (r"^vision_encoder\.", "image_encoder."),
    (r"\.mask_embed\.conv1", ".mask_downscaling.0"),
    (r"\.mask_embed\.layer_norm1", ".mask_downscaling.1"),
    (r"\.mask_embed\.conv2", ".mask_downscaling.3"),
    (r"\.mask_embed\.layer_norm2", ".mask_downscaling.4"),
    (r"\.mask_embed\.conv3", ".mask_downscaling.6"),
    (r"\.point_embed\.", ".point_embeddings."),
    (r"\.upscale_conv1", ".output_upscaling.0"),
    (r"\.upscale_layer_norm", ".output_upscaling.1"),
    (r"\.upscale_conv2", ".output_upscaling.3"),
    (r"(_mlps\.\d|prediction_head)\.layers\.0", r"\1.layers.1"),
    (r"(_mlps\.\d|prediction_head)\.proj_in", r"\1.layers.0"),
    (r"(_mlps\.\d|prediction_head)\.proj_out", r"\1.layers.2"),
    (r"\.layer_norm(\d|_final_attn)", r".norm\1"),
)  # fmt: skip
"""What is replaced, in this order, in a name of transformers to get segment_anything's."""


def load_transformers_sam(folder: Path) -> Any:
    """The SAM of a folder that `SamModel.save_pretrained` wrote; EditError if it is another network."""
    config = json.loads((folder / "config.json").read_text())
    try:
        size = sam_config(config["vision_config"], config["prompt_encoder_config"], config["mask_decoder_config"])
    except KeyError as error:
        raise EditError(f"'{folder}' holds no SAM: its config.json lacks {error}.") from None
    weights = {renamed(name): value.float() for name, value in read_weights(folder).items()}
    return filled(build_sam(size), weights)


def sam_config(vision: dict[str, Any], prompts: dict[str, Any], decoder: dict[str, Any]) -> SamConfig:
    """The size that the three parts of a transformers config tell; KeyError if one of them lacks something."""
    if decoder["iou_head_hidden_dim"] != decoder["hidden_size"] or decoder["iou_head_depth"] != 3:
        raise EditError("This SAM's quality head has another shape than the official ones.")
    return SamConfig(
        pixels=vision["image_size"],
        patch=vision["patch_size"],
        features=vision["hidden_size"],
        depth=vision["num_hidden_layers"],
        heads=vision["num_attention_heads"],
        window=vision["window_size"],
        whole=tuple(vision["global_attn_indexes"]),
        decoder=vision["output_channels"],
        decoder_depth=decoder["num_hidden_layers"],
        decoder_heads=decoder["num_attention_heads"],
        decoder_hidden=decoder["mlp_dim"],
        mask_features=prompts["mask_input_channels"],
    )


def renamed(name: str) -> str:
    """A weight's name in segment_anything."""
    for pattern, new in NAMES:
        name = re.sub(pattern, new, name)
    return name
