"""The hyperparameters of every size: how many scenes, how large the batches, how fast to learn.

`peak_rate` is AdamW's learning rate at its highest, `matrix_rate` Muon's.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DecoderHyperparameters:
    """`squared` and `sharpness` weigh losses beside the absolute error; the others plan the optimiser."""

    batch: int
    peak_rate: float
    matrix_rate: float
    ema_decay: float = 0.999
    squared: float = 1.0
    sharpness: float = 0.5


@dataclass(frozen=True, kw_only=True)
class VaeHyperparameters(DecoderHyperparameters):
    """The same for the whole VAE: `crop` is the side of the training crops in pixels, `kl` weighs the divergence."""

    crop: int
    kl: float = 5e-4


@dataclass(frozen=True, kw_only=True)
class UnetHyperparameters:
    """`word_map_weight` is of the supervision of the attention maps, `mark_weight` of that of patterns.

    `gamma` is min-SNR's (arXiv:2303.09556). `unknown` is the share of caption words replaced by the unknown token, so
    that it means nothing. An error counts 1 + `subject_weight` times as much where a subject is: a fifth of the
    picture, and nearly all that is hard about it.
    """

    batch: int
    peak_rate: float
    matrix_rate: float
    ema_decay: float = 0.9995
    gamma: float = 5.0
    word_map_weight: float = 0.03
    mark_weight: float = 0.1
    unknown: float = 0.02
    subject_weight: float = 2.0


@dataclass(frozen=True, kw_only=True)
class SamHyperparameters:
    """`targets` is the number of masks asked for in a picture, `rounds` how often each is asked for, with one click
    more every time; one batch in four has twice as many. `every` weighs the losses of all masks beside the best one's.

    `clutter` is the share of pictures that are clutter and not drawn scenes, `collage` the share of those with
    another scene's subject put in.
    """

    batch: int
    peak_rate: float
    matrix_rate: float
    ema_decay: float = 0.999
    targets: int = 3
    rounds: int = 2
    every: float = 0.1
    clutter: float = 0.3
    collage: float = 0.4


@dataclass(frozen=True, kw_only=True)
class ClipHyperparameters:
    """`contrast` weighs the matching of pictures and captions against the readers."""

    batch: int
    peak_rate: float
    matrix_rate: float
    ema_decay: float = 0.999
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
        vae=VaeHyperparameters(batch=32, crop=64, peak_rate=1e-3, matrix_rate=3e-3),
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
