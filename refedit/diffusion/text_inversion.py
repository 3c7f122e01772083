"""Text inversion: optimise a text embedding, step by step, so that guided denoising redraws a picture.

With the conditional embedding optimised this is BARET's target-text inversion (arXiv:2312.05482); with the
unconditional one it is null-text inversion (arXiv:2211.09794). Knows nothing about either's editing.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.ddim import Denoiser, Frame, Schedule, guide, move, step_along
from refedit.diffusion.inversion import Trajectory


@dataclass(frozen=True, kw_only=True)
class TextInversion:
    """How an embedding is optimised.

    At step s at most `inner_steps` Adam steps with learning rate `rate` * (1 - `decay` * s); no further
    step once the loss is below `stop` + s * `stop_growth`. `check_first` looks before a step, the
    null-text code after it. `optimise` names the free embedding; it is carried over from step to step or
    starts afresh.
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
        self, stage: str, model: Denoiser, pivots: Trajectory, schedule: Schedule, start: Tensor, other: Tensor
    ) -> Generator[Frame, None, "FittedText"]:
        """Follows the pivots down from noise; `start` is the free embedding's first value, `other` the fixed one.

        Yields a frame per step whose `loss` is the last one computed.
        """
        steps, z, text = len(schedule), pivots[-1], start
        texts, latents, losses = [], [pivots[-1]], []
        for step, timestep in enumerate(schedule.timesteps):
            alphas = schedule.alphas[step], schedule.alphas[step + 1]
            fixed = model.predict_noise(z, timestep, other) if self._guides else None
            text = text if self.carry_over else start
            text, eps, found = self._fit(model, z, timestep, alphas, text, fixed, pivots[steps - step - 1], step)
            z, estimate = step_along(z, self._guided(eps, fixed), *alphas)
            texts.append(text)
            latents.append(z)
            losses.append(found)
            yield Frame(
                stage=stage, step=step + 1, of=steps, estimate=estimate, rows=z, loss=found[-1] if found else None
            )
        return FittedText(tuple(texts), tuple(latents), tuple(losses))

    @property
    def _guides(self) -> bool:
        """False if the guided noise is that of the free embedding itself."""
        return self.optimise == "unconditional" or self.guidance != 1

    def _guided(self, free: Tensor, fixed: Tensor | None) -> Tensor:
        if fixed is None:
            return free
        unconditional, conditional = (fixed, free) if self.optimise == "conditional" else (free, fixed)
        return guide(unconditional, conditional, self.guidance)

    @torch.enable_grad()
    def _fit(
        self,
        model: Denoiser,
        z: Tensor,
        timestep: int,
        alphas: tuple[float, float],
        text: Tensor,
        fixed: Tensor | None,
        target: Tensor,
        step: int,
    ) -> tuple[Tensor, Tensor, tuple[float, ...]]:
        """The embedding after this step's iterations, its noise prediction, and the losses in their order."""
        text = text.detach().clone().requires_grad_()
        optimiser = torch.optim.Adam([text], lr=self.rate * max(1 - self.decay * step, 0))
        limit, losses, fresh = self.stop + step * self.stop_growth, [], None
        for _ in range(self.inner_steps):
            eps = model.predict_noise(z, timestep, text)
            loss = functional.mse_loss(move(z, self._guided(eps, fixed), *alphas).float(), target.float())
            losses.append(loss.item())
            if self.check_first and losses[-1] < limit:
                fresh = eps.detach()
                break
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if not self.check_first and losses[-1] < limit:
                break
        text = text.detach()
        return text, self._predict(model, z, timestep, text) if fresh is None else fresh, tuple(losses)

    @torch.no_grad()
    def _predict(self, model: Denoiser, z: Tensor, timestep: int, text: Tensor) -> Tensor:
        return model.predict_noise(z, timestep, text)


@dataclass(frozen=True)
class FittedText:
    """What text inversion found: per step the embedding (1, tokens, features) and the losses; the latents it passes.

    `latents` begins with the noise, so it has one entry more.
    """

    texts: tuple[Tensor, ...]
    latents: Trajectory
    losses: tuple[tuple[float, ...], ...]
