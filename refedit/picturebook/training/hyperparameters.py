"""The stages of a training, and the hyperparameters of every size: scenes, batches, learning rates, weights of losses.

Knows no network.
"""

from dataclasses import dataclass
from enum import StrEnum


class StageName(StrEnum):
    """What is trained one after the other; a stage's checkpoint is called by its name."""

    VAE = "vae"
    DECODER = "decoder"
    UNET = "unet"
    CLIP = "clip"
    SAM = "sam"


@dataclass(frozen=True, kw_only=True)
class StageHyperparameters:
    """What every stage has: samples in a step, learning rates at their highest, and how slowly averages move.

    `peak_rate` is AdamW's learning rate, `matrix_rate` Muon's; `ema_decay` is of the averaged weights.
    """

    batch: int
    peak_rate: float
    matrix_rate: float
    ema_decay: float = 0.999


@dataclass(frozen=True, kw_only=True)
class DecoderHyperparameters(StageHyperparameters):
    """`squared` and `sharpness` weigh losses beside the absolute error."""

    squared: float = 1.0
    sharpness: float = 0.5


@dataclass(frozen=True, kw_only=True)
class VaeHyperparameters(DecoderHyperparameters):
    """The same for the whole VAE: `crop` is the side of the training crops in pixels, `kl` weighs the divergence."""

    crop: int
    kl: float = 5e-4


@dataclass(frozen=True, kw_only=True)
class UnetHyperparameters(StageHyperparameters):
    """`gamma` is min-SNR's (arXiv:2303.09556); the weights are those of word maps, of patterns' marks, of subjects.

    `unknown` is the share of caption words that the unknown token replaces, so that it comes to mean nothing. Where a
    subject is, an error counts 1 + `subject_weight` times: it covers a fifth of the picture and is nearly all that is
    hard about it.
    """

    ema_decay: float = 0.9995
    gamma: float = 5.0
    word_map_weight: float = 0.03
    mark_weight: float = 0.1
    unknown: float = 0.02
    subject_weight: float = 2.0


@dataclass(frozen=True, kw_only=True)
class SamHyperparameters(StageHyperparameters):
    """What SAM is asked, and on which pictures.

    `targets` masks are asked for in a picture, each `rounds` times and with one click more every time; in one batch of
    four the rounds are twice as many. `every` weighs the losses of all masks beside those of the best one.
    `clutter` is the share of pictures that are clutter. Of the others, drawn scenes, `collage` is the share that
    another scene's subject is put into.
    """

    targets: int = 3
    rounds: int = 2
    every: float = 0.1
    clutter: float = 0.3
    collage: float = 0.4


@dataclass(frozen=True, kw_only=True)
class ClipHyperparameters(StageHyperparameters):
    """`contrast` weighs the matching of pictures and captions against the readers."""

    contrast: float = 0.5


@dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """`vae_share` is the VAE's share of the whole time."""

    scenes: int
    vae: VaeHyperparameters
    decoder: DecoderHyperparameters
    unet: UnetHyperparameters
    clip: ClipHyperparameters
    sam: SamHyperparameters
    vae_share: float = 0.27


HYPERPARAMETERS: dict[str, Hyperparameters] = {
    "base": Hyperparameters(
        scenes=100_000,
        vae=VaeHyperparameters(batch=32, crop=128, peak_rate=1e-3, matrix_rate=3e-3),
        decoder=DecoderHyperparameters(batch=16, peak_rate=5e-4, matrix_rate=1.5e-3),
        unet=UnetHyperparameters(batch=256, peak_rate=1e-3, matrix_rate=3e-3),
        clip=ClipHyperparameters(batch=256, peak_rate=1e-3, matrix_rate=3e-3),
        sam=SamHyperparameters(batch=64, peak_rate=1e-3, matrix_rate=3e-3),
    ),
    "small": Hyperparameters(
        scenes=32_000,
        vae=VaeHyperparameters(batch=32, crop=128, peak_rate=1e-3, matrix_rate=3e-3),
        decoder=DecoderHyperparameters(batch=16, peak_rate=5e-4, matrix_rate=1.5e-3),
        unet=UnetHyperparameters(batch=64, peak_rate=6e-4, matrix_rate=2e-3),
        clip=ClipHyperparameters(batch=48, peak_rate=1e-3, matrix_rate=3e-3),
        sam=SamHyperparameters(batch=32, peak_rate=1e-3, matrix_rate=3e-3),
    ),
    "tiny": Hyperparameters(
        scenes=8,
        vae=VaeHyperparameters(batch=4, crop=32, peak_rate=1e-3, matrix_rate=3e-3),
        decoder=DecoderHyperparameters(batch=4, peak_rate=5e-4, matrix_rate=1.5e-3),
        unet=UnetHyperparameters(batch=4, peak_rate=1e-3, matrix_rate=3e-3),
        clip=ClipHyperparameters(batch=4, peak_rate=1e-3, matrix_rate=3e-3),
        sam=SamHyperparameters(batch=4, peak_rate=1e-3, matrix_rate=3e-3),
    ),
}
