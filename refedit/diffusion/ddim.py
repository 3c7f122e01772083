"""DDIM (arXiv:2010.02502): schedule, the step and its inverse, guidance, and what is told after a step.

Knows nothing about networks, pictures, prompts or attention.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

Latents = Float[Tensor, "rows channels height width"]
RowLatents = Float[Tensor, "1 channels height width"]
"""The latents of one row, as one branch has them."""


@dataclass(frozen=True)
class Schedule:
    """The timesteps of an edit, noise first, and the signal level before and after every step.

    `timesteps[s]` (0..999) is the label of step s. `alpha_bars[s]` (0..1) is the signal level of its input and
    `alpha_bars[s + 1]` that of its result: the cumulative product of 1 - beta. There is one entry more than steps; the
    last one belongs to the clean picture.
    """

    timesteps: tuple[int, ...]
    alpha_bars: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.timesteps)


def leading_schedule(
    alphas_cumprod: Sequence[float], steps: int, clean_alpha_bar: float = 1.0, offset: int = 1
) -> Schedule:
    """The schedule of `steps` equal strides that ends at timestep `offset` (diffusers' "leading" spacing).

    `clean_alpha_bar` is the level of the clean picture: 1 in SpecRef's code (set_alpha_to_one), the first training
    level in null-text inversion's. Raises ValueError unless 1 <= steps <= number of training timesteps.
    """
    if not 1 <= steps <= len(alphas_cumprod):
        raise ValueError(f"steps must lie between 1 and {len(alphas_cumprod)}, got {steps}")
    stride = len(alphas_cumprod) // steps
    last = len(alphas_cumprod) - 1
    timesteps = tuple(min(offset + stride * (steps - 1 - step), last) for step in range(steps))
    return Schedule(timesteps, (*(float(alphas_cumprod[t]) for t in timesteps), clean_alpha_bar))


def denoised_latents(z: Latents, eps: Latents, alpha_bar: float) -> Latents:
    """The clean latents that z at level `alpha_bar` and noise `eps` stand for (Eq. 9 of DDIM, arXiv:2010.02502)."""
    return (z - math.sqrt(1 - alpha_bar) * eps) / math.sqrt(alpha_bar)


def move(z: Latents, eps: Latents, alpha_bar: float, alpha_bar_next: float) -> Latents:
    """From one level to another along `eps`: a DDIM step with eta 0, or its inverse (Eq. 12 of DDIM)."""
    return math.sqrt(alpha_bar_next) * denoised_latents(z, eps, alpha_bar) + math.sqrt(1 - alpha_bar_next) * eps


def guide(unconditional: Latents, conditional: Latents, guidance: float) -> Latents:
    """Classifier-free guidance (arXiv:2207.12598): 1 is the conditional prediction itself."""
    return unconditional + guidance * (conditional - unconditional)


def step_along(z: Latents, eps: Latents, alpha_bar: float, alpha_bar_next: float) -> tuple[Latents, Latents]:
    """Where a DDIM step along `eps` leads, and the clean latents as guessed before it."""
    return move(z, eps, alpha_bar, alpha_bar_next), denoised_latents(z, eps, alpha_bar)


@dataclass(frozen=True)
class Stage:
    """A part of an edit, in words for the user; `draws` if it draws the result and does not only prepare it."""

    words: str
    draws: bool = False


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a method tells after a step: the `number`-th (from 1) `of` so many in its stage.

    `denoised` are the clean latents as guessed now, for previews (1 row). `rows` are the latents after the step, one
    row for each branch that is told (an inversion has one). `loss` is a text inversion's, mean squared error of
    latents. `words` is the word map (0..1) that a region was found by, `blend` the masks used for blending, where there
    are such.
    """

    stage: Stage
    number: int
    of: int
    denoised: Latents
    rows: Float[Tensor, "branches channels height width"]
    loss: float | None = None
    words: Float[Tensor, "word_grid word_grid"] | None = None
    blend: Float[Tensor, "2 grid grid"] | None = None
