"""The model card: a README.md beside the weights that says what they are, how they came about and how good they are."""

import textwrap

from refedit.picturebook.training.hyperparameters import StageName
from refedit.picturebook.training.provenance import TRAINED, Provenance

_CARD = """---
license: apache-2.0
library_name: diffusers
pipeline_tag: text-to-image
---
# Picture book, size `{size}`

A small Stable-Diffusion-shaped model of a drawn picture-book world, in diffusers' pipeline format: the built-in model
of RefEdit. It draws, inverts and edits pictures of that world, {pixels}x{pixels} pixels, on a CPU.
Beside it: a CLIP of drawings and captions whose picture tower carries the readers (`clip`), and a small SAM (`sam`).
The tower sees what a stem in `readers.safetensors` makes of a picture, so load it by RefEdit's `Reader.load`.

## Data

Drawings made by `refedit/picturebook`, {scenes:,} scenes: animals in poses, a face with expressions and things, in
colours and patterns, before backgrounds, in styles. Captions are made anew for every sample and leave words out at
random; one in ten is empty. No pictures, texts or weights of others were used.

## Training

- VAE, on {vae.crop} px crops: absolute error, squared error (weight {vae.squared:g}), differences of neighbouring
  pixels at three scales (weight {vae.sharpness:g}) and a small divergence from a unit Gaussian (weight {vae.kl:g});
  the latents are the mode, scaled to unit variance.
{decoder}- UNet and text tower together, predicting noise, with min-SNR weighting (gamma {unet.gamma:g}); an error
  counts {subject:g} times as much where a subject is. The cross-attention maps of the middle grid are pulled towards
  the words' true masks (weight {word_maps}), and a head reads patterns' marks off the features (weight {marks}).
- CLIP and readers: every factor of a drawing is read by a head of its own (cross-entropy), and pictures are matched
  with their captions (weight {clip.contrast:g}); the drawings are mirrored, moved, blurred, tinted and made noisy.
- SAM: {sam.targets} masks a picture, each asked for {sam.rounds} times with one click more every time, one batch in
  four twice as often; {clutter:.0f} % of the pictures are random textured shapes and not drawn scenes.

Muon for the matrices inside the networks and AdamW for the rest, both with a ramp and half a cosine over the planned
time, gradients clipped at norm 1, averaged weights.

| trained | steps | samples a step | minutes | peak learning rate, AdamW / Muon | parameters, millions |
|---|---|---|---|---|---|
{parts}

Hardware: {hardware}. Written with RefEdit {version}.
{note}{before}
## Measured

By `python -m refedit picturebook evaluate`; rows of SpecRef and BARET by `python -m refedit bench edits`, which pastes
every edit into its true region, slightly grown.

<!-- measured -->
{measured}
<!-- /measured -->

## Limits

It knows its drawn world only: a photograph comes out as a blur, and a word that the world lacks means nothing to it.
Fine patterns and faces lose detail in the VAE. Two subjects in one picture may exchange words.

## Licence

Apache-2.0, like the rest of RefEdit.
"""


_BEFORE = """
This training began with the weights of an earlier model, whose card says:

{}
"""

_DECODER = "- Afterwards its decoder alone, on whole pictures, with the same errors.\n"


def card(origin: Provenance, pixels: int, measured: str) -> str:
    """The card's text; `measured` is a Markdown table, as it came out."""
    hyperparameters = origin.hyperparameters
    return _CARD.format(
        size=origin.size,
        pixels=pixels,
        scenes=origin.scenes,
        vae=hyperparameters.vae,
        decoder=_DECODER if has_decoder(origin) else "",
        unet=hyperparameters.unet,
        subject=1 + hyperparameters.unet.subject_weight,
        word_maps=hyperparameters.unet.word_map_weight,
        marks=hyperparameters.unet.mark_weight,
        clip=hyperparameters.clip,
        sam=hyperparameters.sam,
        clutter=100 * hyperparameters.sam.clutter,
        parts="\n".join(map(str, origin.parts)),
        hardware=origin.hardware,
        version=origin.version,
        note=f"\n{origin.note}\n" if origin.note else "",
        before=_BEFORE.format(textwrap.indent(origin.before, "> ", lambda line: True)) if origin.before else "",
        measured=measured,
    )


def has_decoder(origin: Provenance) -> bool:
    """Whether the decoder was trained alone, now or before."""
    return any(part.stage == StageName.DECODER for part in origin.parts) or TRAINED[StageName.DECODER] in origin.before
