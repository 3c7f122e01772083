"""The built-in model's networks, and how they become a diffusers pipeline folder.

Knows nothing about the world or about training.
"""

import copy
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, DiffusionPipeline, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from refedit.diffusion.lexicon import FILE, Lexicon
from refedit.picturebook.networks.checkpoint import whole_folder
from refedit.picturebook.networks.sizes import Size
from refedit.picturebook.networks.vocabulary import TOKENS

_SHARD = "9MB"


def build_vae(size: Size) -> AutoencoderKL:
    """Fully convolutional (no attention), so that it can be trained on crops of pictures.

    Its latents start with little noise (deviation 0.05): with more, nothing is learnt until it is low.
    """
    vae = AutoencoderKL(
        block_out_channels=size.vae,
        down_block_types=("DownEncoderBlock2D",) * len(size.vae),
        up_block_types=("UpDecoderBlock2D",) * len(size.vae),
        layers_per_block=1,
        latent_channels=size.latents,
        norm_num_groups=size.vae_groups,
        sample_size=size.pixels,
        mid_block_add_attention=False,
    )
    nn.init.zeros_(vae.quant_conv.weight[size.latents :])
    nn.init.constant_(vae.quant_conv.bias[size.latents :], -6.0)
    return vae


def build_unet(size: Size) -> UNet2DConditionModel:
    """Three levels with attention, 16 self- and 16 cross-attention sites in SD's block order.

    Residual branches and the output start at zero, so that every block begins as the identity.
    """
    unet = UNet2DConditionModel(
        sample_size=size.latent_grid,
        in_channels=size.latents,
        out_channels=size.latents,
        block_out_channels=size.unet,
        down_block_types=("CrossAttnDownBlock2D",) * 3,
        up_block_types=("CrossAttnUpBlock2D",) * 3,
        layers_per_block=2,
        attention_head_dim=size.heads,
        cross_attention_dim=size.text[0],
        norm_num_groups=size.groups,
    )
    for name, module in unet.named_modules():
        if isinstance(module, nn.Conv2d) and name.split(".")[-1] in ("conv2", "proj_out", "conv_out"):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)  # type: ignore[arg-type]
    return unet


def build_text_encoder(size: Size, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """The text tower for a tokenizer; the config's default ids would lie outside a small vocabulary."""
    features, layers, heads = size.text
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=features,
        intermediate_size=4 * features,
        projection_dim=features,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def build_scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise levels, ending at the clean picture itself."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,
    )


def build_pipeline(
    vae: AutoencoderKL, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer
) -> DiffusionPipeline:
    """The networks as a Stable Diffusion pipeline with nothing besides."""
    # Its import prints a warning where torchvision is missing.
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline(
        vae=vae,
        unet=unet,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        scheduler=build_scheduler(),
        safety_checker=None,
        feature_extractor=None,  # type: ignore[arg-type]
        requires_safety_checker=False,
    )


def save_pipeline(pipeline: DiffusionPipeline, folder: Path, lexicon: Lexicon) -> None:
    """Writes a pipeline in half precision as safetensors shards below 10 MB, with its lexicon; whole or not at all.

    The pipeline itself becomes half precision too. Other parts of the model in the folder (its CLIP, its SAM) stay.
    """
    with whole_folder(folder) as fresh:
        pipeline.to(torch.float16).save_pretrained(fresh, safe_serialization=True, max_shard_size=_SHARD)
        lexicon.save(fresh / FILE)


def save_vae(vae: AutoencoderKL, folder: Path) -> None:
    """Writes the folder `vae` of a pipeline folder anew, in half precision; the VAE itself stays as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    with whole_folder(folder / "vae") as fresh:
        copy.deepcopy(vae).half().save_pretrained(fresh, safe_serialization=True, max_shard_size=_SHARD)


def load_vae(folder: Path) -> AutoencoderKL:
    """The VAE of a pipeline folder in full precision, frozen."""
    options = {"torch_dtype": torch.float32, "low_cpu_mem_usage": False}  # else it asks for accelerate
    vae: AutoencoderKL = AutoencoderKL.from_pretrained(folder / "vae", **options)
    return vae.requires_grad_(False).eval()
