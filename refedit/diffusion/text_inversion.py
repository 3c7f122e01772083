"""Text inversion: optimise a text embedding, step by step, so that guided denoising redraws a picture.

With the conditional embedding optimised this is BARET's target-text inversion (arXiv:2312.05482); with the
unconditional one it is null-text inversion (arXiv:2211.09794). Knows nothing about either's editing.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import torch
from torch.nn import functional

from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Latents, Schedule, Stage, Step, guide, move, step_along
from refedit.diffusion.inversion import Trajectory

_SCALE = 1024.0
"""The loss is multiplied with it on its way back: in float16 half of the gradient would be 0. A power of two changes no
digit of a gradient in float32."""


@dataclass(frozen=True, kw_only=True)
class TextInversion:
    """How an embedding is optimised.

    At step s at most `inner_steps` Adam steps with learning rate `rate` * (1 - `decay` * s); no further
    step once the loss is below `stop` + s * `stop_growth`. `check_first` looks before a step, the
    null-text code after it. `optimise` names the free embedding; it is carried over from step to step or
    starts afresh. Of an embedding only its tokens are free.
    """

    optimise: Literal["conditional", "unconditional"]
    guidance: float
    inner_steps: int
    rate: float
    decay: float
    stop: float
    stop_growth: float
    check_first: bool = True
    carry_over: bool = True

    @torch.no_grad()
    def run(
        self,
        stage: Stage,
        model: Denoiser,
        pivots: Trajectory,
        schedule: Schedule,
        start: TextEmbedding,
        other: TextEmbedding,
    ) -> Generator[Step, None, "FittedText"]:
        """Follows the pivots down from noise; `start` is the free embedding's first value, `other` the fixed one.

        Yields a step whose `loss` is the last one computed.
        """
        steps, z, text = len(schedule), pivots[-1], start
        texts, latents, losses = [], [pivots[-1]], []
        for step, timestep in enumerate(schedule.timesteps):
            alpha_bars = schedule.alpha_bars[step], schedule.alpha_bars[step + 1]
            fixed = model.predict_noise(z, timestep, other) if self._guides else None
            text = text if self.carry_over else start
            text, eps, step_losses = self._fit(
                model, z, timestep, alpha_bars, text, fixed, pivots[steps - step - 1], step
            )
            z, denoised = step_along(z, self._guided(eps, fixed), *alpha_bars)
            texts.append(text)
            latents.append(z)
            losses.append(step_losses)
            loss = step_losses[-1] if step_losses else None
            yield Step(stage=stage, number=step + 1, of=steps, denoised=denoised, rows=z, loss=loss)
        return FittedText(texts=tuple(texts), latents=tuple(latents), losses=tuple(losses))

    @property
    def _guides(self) -> bool:
        """False if the guided noise is that of the free embedding itself."""
        return self.optimise == "unconditional" or self.guidance != 1

    def _guided(self, free: Latents, fixed: Latents | None) -> Latents:
        if fixed is None:
            return free
        unconditional, conditional = (fixed, free) if self.optimise == "conditional" else (free, fixed)
        return guide(unconditional, conditional, self.guidance)

    @torch.enable_grad()
    def _fit(
        self,
        model: Denoiser,
        z: Latents,
        timestep: int,
        alpha_bars: tuple[float, float],
        text: TextEmbedding,
        fixed: Latents | None,
        target: Latents,
        step: int,
    ) -> tuple[TextEmbedding, Latents, tuple[float, ...]]:
        """The embedding after this step's iterations, its noise prediction, and the losses in their order."""
        tokens = text.tokens.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([tokens], lr=self.rate * max(1 - self.decay * step, 0))
        limit, losses, fresh = self.stop + step * self.stop_growth, [], None
        for _ in range(self.inner_steps):
            eps = model.predict_noise(z, timestep, text.with_tokens(tokens))
            loss = functional.mse_loss(move(z, self._guided(eps, fixed), *alpha_bars).float(), target.float())
            losses.append(loss.item())
            if self.check_first and losses[-1] < limit:
                fresh = eps.detach()
                break
            optimiser.zero_grad()
            (loss * _SCALE).backward()
            assert tokens.grad is not None
            tokens.grad /= _SCALE
            optimiser.step()
            if not self.check_first and losses[-1] < limit:
                break
        text = text.with_tokens(tokens.detach())
        return text, self._predict(model, z, timestep, text) if fresh is None else fresh, tuple(losses)

    @torch.no_grad()
    def _predict(self, model: Denoiser, z: Latents, timestep: int, text: TextEmbedding) -> Latents:
        return model.predict_noise(z, timestep, text)


@dataclass(frozen=True, kw_only=True)
class FittedText:
    """What text inversion found: the embedding and the losses of every step, and the latents it passes.

    `latents` begins with the noise, so it has one entry more.
    """

    texts: tuple[TextEmbedding, ...]
    latents: Trajectory
    losses: tuple[tuple[float, ...], ...]
