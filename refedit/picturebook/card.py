"""The model card: a README.md beside the weights that says what they are, how they came about and how good they are."""

import json
from dataclasses import dataclass
from pathlib import Path

from refedit.picturebook.checkpoint import read_checkpoint
from refedit.picturebook.recipe import RECIPES, Recipe

_CARD = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---
# Picture book, size `{size}`

A small Stable-Diffusion-shaped model of a drawn picture-book world, in diffusers' pipeline format: the built-in model
of RefEdit. It draws, inverts and edits pictures of that world, {pixels}x{pixels} pixels, on two CPU cores in seconds.

## Data

Drawings made by `refedit/picturebook`, {scenes:,} scenes: animals in poses, a face with expressions and things, in
colours and patterns, before backgrounds, in styles. Captions are made anew for every sample and leave words out at
random; one in ten is empty. No pictures, texts or weights of others were used.

## Recipe

1. The VAE on {crop} px crops: absolute error, squared error (weight {squared:g}), differences of neighbouring pixels at
   three scales (weight {sharpness:g}) and a small divergence from a unit Gaussian (weight {kl:g}); the latents are the
   mode, scaled to unit variance.
2. UNet and text tower together, predicting noise, with min-SNR weighting (gamma {gamma:g}); the cross-attention maps
   of the middle grid are pulled towards the words' true masks (weight {words}).

Muon for the matrices inside the networks and AdamW for the rest, both with a ramp and half a cosine over the planned
time, gradients clipped at norm 1, averaged weights.

| | VAE | UNet and text tower |
|---|---|---|
| steps | {vae_steps:,} | {unet_steps:,} |
| samples per step | {vae_batch} | {unet_batch} |
| peak learning rate, AdamW / Muon | {vae_rate:g} / {vae_matrix_rate:g} | {unet_rate:g} / {unet_matrix_rate:g} |
| minutes | {vae_minutes:.0f} | {unet_minutes:.0f} |

Hardware: {hardware}. Parameters in millions: VAE {vae_millions:.1f}, UNet {unet_millions:.1f},
text tower {text_millions:.1f}.
{note}
## Measured

By `python -m refedit picturebook evaluate`:

{measured}

## Limits

It knows its drawn world only: a photograph comes out as a blur, and a word that the world lacks means nothing to it.
Fine patterns and faces lose detail in the VAE. Two subjects in one picture may exchange words.

## Licence

Apache-2.0, like the rest of RefEdit.
"""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How a model came about.

    `steps` and `minutes` are those of (VAE, UNet); `millions` are the parameters of (VAE, UNet, text tower).
    """

    size: str
    recipe: Recipe
    scenes: int
    hardware: str
    note: str
    steps: tuple[int, int]
    minutes: tuple[float, float]
    millions: tuple[float, float, float]


def read_provenance(folder: Path, hardware: str, note: str = "") -> Provenance:
    """What a training's folder tells about it; `note` says what else happened to it.

    Raises FileNotFoundError if there is no such training.
    """
    notes = json.loads((folder / "training.json").read_text())
    stages = [read_checkpoint(folder / f"{name}.pt") or {} for name in ("vae", "unet")]
    unet = [(name, value.numel()) for name, value in stages[1]["averaged"].items()]
    counts = (
        sum(value.numel() for value in stages[0]["averaged"].values()),
        sum(count for name, count in unet if name.startswith("unet.")),
        sum(count for name, count in unet if name.startswith("text.")),
    )
    return Provenance(
        size=notes["size"],
        recipe=RECIPES[notes["size"]],
        scenes=notes["scenes"],
        hardware=hardware,
        note=note,
        steps=(stages[0]["step"], stages[1]["step"]),
        minutes=(stages[0]["seconds"] / 60, stages[1]["seconds"] / 60),
        millions=(counts[0] / 1e6, counts[1] / 1e6, counts[2] / 1e6),
    )


def card(origin: Provenance, pixels: int, measured: str) -> str:
    """The card's text; `measured` is a Markdown table, as it came out."""
    vae, unet = origin.recipe.vae, origin.recipe.unet
    return _CARD.format(
        size=origin.size,
        pixels=pixels,
        scenes=origin.scenes,
        crop=vae.crop,
        sharpness=vae.sharpness,
        squared=vae.squared,
        kl=vae.kl,
        gamma=unet.gamma,
        words=unet.words,
        vae_steps=origin.steps[0],
        unet_steps=origin.steps[1],
        vae_batch=vae.batch,
        unet_batch=unet.batch,
        vae_rate=vae.peak_rate,
        unet_rate=unet.peak_rate,
        vae_matrix_rate=vae.matrix_rate,
        unet_matrix_rate=unet.matrix_rate,
        vae_minutes=origin.minutes[0],
        unet_minutes=origin.minutes[1],
        hardware=origin.hardware,
        note=f"\n{origin.note}\n" if origin.note else "",
        vae_millions=origin.millions[0],
        unet_millions=origin.millions[1],
        text_millions=origin.millions[2],
        measured=measured,
    )
