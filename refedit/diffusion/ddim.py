"""DDIM: schedule, the step and its inverse, guidance, and the protocol of a network that predicts noise.

Knows nothing about pictures, prompts' words or attention maps.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.attention import AttentionControl

Latents = Float[Tensor, "rows channels height width"]
Text = Float[Tensor, "rows tokens features"]


@dataclass(frozen=True)
class Schedule:
    """The timesteps of an edit, noise first, and the signal level before and after every step.

    `timesteps[s]` (0..999) is the label of step s; `alphas[s]` is the cumulative product (abar) of its input,
    `alphas[s + 1]` of its result, so there is one entry more and the last one belongs to the clean picture.
    """

    timesteps: tuple[int, ...]
    alphas: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.timesteps)


def leading_schedule(
    alphas_cumprod: Sequence[float], steps: int, clean_alpha: float = 1.0, offset: int = 1
) -> Schedule:
    """The schedule of `steps` equal strides that ends at timestep `offset` (diffusers' "leading" spacing).

    `clean_alpha` is abar of the clean picture: 1 in SpecRef's code (set_alpha_to_one), abar_0 in null-text
    inversion's. Raises ValueError unless 1 <= steps <= number of training timesteps.
    """
    if not 1 <= steps <= len(alphas_cumprod):
        raise ValueError(f"steps must lie between 1 and {len(alphas_cumprod)}, got {steps}")
    stride = len(alphas_cumprod) // steps
    last = len(alphas_cumprod) - 1
    timesteps = tuple(min(offset + stride * (steps - 1 - step), last) for step in range(steps))
    return Schedule(timesteps, (*(float(alphas_cumprod[t]) for t in timesteps), clean_alpha))


def clean_estimate(z: Latents, eps: Latents, alpha: float) -> Latents:
    """The clean latents that z at level `alpha` and noise `eps` stand for (Eq. 9 of DDIM, arXiv:2010.02502)."""
    return (z - math.sqrt(1 - alpha) * eps) / math.sqrt(alpha)


def move(z: Latents, eps: Latents, alpha: float, alpha_next: float) -> Latents:
    """From level `alpha` to `alpha_next` along `eps`: a DDIM step with eta 0, or its inverse (Eq. 12 of DDIM)."""
    return math.sqrt(alpha_next) * clean_estimate(z, eps, alpha) + math.sqrt(1 - alpha_next) * eps


def guide(unconditional: Latents, conditional: Latents, guidance: float) -> Latents:
    """Classifier-free guidance (arXiv:2207.12598): 1 is the conditional prediction itself."""
    return unconditional + guidance * (conditional - unconditional)


def guided(noise: Mapping[str, Latents], row: str, guidance: float) -> Latents:
    """The guided noise of a row by name; at guidance 1 its unconditional partner, "`row` uncond", may be missing."""
    return noise[row] if guidance == 1 else guide(noise[f"{row} uncond"], noise[row], guidance)


def step_along(z: Latents, eps: Latents, alpha: float, alpha_next: float) -> tuple[Latents, Latents]:
    """Where a DDIM step along `eps` leads, and the clean latents as guessed before it."""
    return move(z, eps, alpha, alpha_next), clean_estimate(z, eps, alpha)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What a method tells after a step.

    `estimate` are the clean latents as guessed now, for previews (1 row). `rows` are the latents after the
    step, one row per branch that exists (an inversion has one); `masks` holds what was used, by name.
    """

    stage: str
    step: int
    of: int
    estimate: Latents
    rows: Float[Tensor, "branches channels height width"]
    loss: float | None = None
    masks: Mapping[str, Tensor] = field(default_factory=dict)


@runtime_checkable
class Denoiser(Protocol):
    """A latent diffusion network with its text tower, as methods see it."""

    @property
    def self_sites(self) -> int:
        """How many self-attention sites there are."""
        ...

    @property
    def latent_grid(self) -> int:
        """Height and width of the latents."""
        ...

    @property
    def word_grid(self) -> int:
        """The attention grid whose cross-attention maps tell where a word is."""
        ...

    @property
    def device(self) -> torch.device: ...

    def schedule(self, steps: int, clean_alpha: float | None = 1.0) -> Schedule: ...

    def tokens(self, text: str) -> tuple[int, ...]: ...

    @property
    def token_count(self) -> int: ...

    def embed(self, prompt: str) -> Tensor: ...

    def predict_noise(
        self, latents: Tensor, timestep: int, text: Tensor, control: AttentionControl | None = None
    ) -> Tensor: ...
