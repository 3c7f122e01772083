"""Augments pictures at random, row by row: makes them a little worse, as edited pictures are worse than drawings.

Our choice: readers that learn from clean drawings alone take the blur of a small VAE for another style or pattern.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

Pictures = Float[Tensor, "rows 3 side side"]
_SHIFT = 6


def augmented(pictures: Pictures, generator: torch.Generator) -> Pictures:
    """The pictures mirrored, moved, blurred, tinted and made noisy, each row to a degree of its own.

    `generator` lives on the pictures' device and alone decides what is done.
    """
    return noisy(tinted(blurred(moved(pictures, generator), generator), generator), generator)


def moved(pictures: Pictures, generator: torch.Generator) -> Pictures:
    """Half of the rows mirrored, all moved by up to `_SHIFT` pixels; the border is repeated."""
    side = pictures.shape[-1]
    wide = functional.pad(pictures, (_SHIFT,) * 4, mode="replicate")
    draws = torch.randint(0, 2 * _SHIFT + 1, (len(pictures), 2), generator=generator, device=generator.device).tolist()
    rows = torch.stack([row[:, y : y + side, x : x + side] for row, (y, x) in zip(wide, draws, strict=True)])
    return torch.where(_chance(pictures, generator) < 0.5, rows, rows.flip(-1))


def blurred(pictures: Pictures, generator: torch.Generator) -> Pictures:
    """A third of the rows as they are; the others part of the way to a coarse copy.

    The copy is half or a third as wide, the same for all rows, for speed.
    """
    side = pictures.shape[-1]
    by = 2 if float(torch.rand(1, generator=generator, device=generator.device)) < 0.6 else 3
    small = functional.interpolate(pictures, (side // by, side // by), mode="area")
    coarse = functional.interpolate(small, (side, side), mode="bilinear")
    return pictures.lerp(coarse, (1.5 * _chance(pictures, generator) - 0.5).clamp(min=0))


def tinted(pictures: Pictures, generator: torch.Generator) -> Pictures:
    """Contrast by up to a tenth and every channel by up to 0.05 of the range -1..1 up or down."""
    gain = 1 + 0.2 * (_chance(pictures, generator) - 0.5)
    return pictures * gain + 0.1 * (_chance(pictures, generator, 3) - 0.5)


def noisy(pictures: Pictures, generator: torch.Generator) -> Pictures:
    """Fine grey noise and coloured blotches eight pixels wide, each of a deviation up to 0.1."""
    rows, channels, side, _ = pictures.shape
    fine = torch.randn(rows, 1, side, side, generator=generator, device=generator.device)
    coarse = torch.randn(rows, channels, side // 8, side // 8, generator=generator, device=generator.device)
    blotches = functional.interpolate(coarse, (side, side), mode="bilinear")
    return pictures + 0.1 * (_chance(pictures, generator) * fine + _chance(pictures, generator) * blotches)


def _chance(pictures: Pictures, generator: torch.Generator, channels: int = 1) -> Float[Tensor, "rows channels 1 1"]:
    return torch.rand(len(pictures), channels, 1, 1, generator=generator, device=generator.device)
