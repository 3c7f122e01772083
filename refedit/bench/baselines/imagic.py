"""Imagic (arXiv:2210.09276): fine-tunes the network on the one picture; the upper bound for methods that do not."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from torch.nn import functional

from refedit.bench.baselines.base import FIT, TUNE, ComparisonMethod, guided_ddim
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Latents, Schedule, Stage, Step, denoised_latents, move
from refedit.editing.metered_model import MeteredModel
from refedit.methods.method import Edited, Task

Noised = tuple[int, Latents, Latents]
"""A step of a schedule, latents with the noise of its level, and that noise."""


@dataclass(frozen=True, kw_only=True)
class Imagic(ComparisonMethod):
    """The paper's three parts: the target's embedding is fitted to the source; a copy of the network is tuned to draw
    the source from that; the copy draws, from noise, what lies between it (`eta` 0) and the target (1).

    The numbers are our choice, by trials on three development cases of the built-in model: far fewer iterations than
    the paper's, at higher rates, and only at the noise levels of the drawing. Much more tuning draws the source's
    pose again. `seed` is that of all noise.
    """

    guidance: float = 4.0
    eta: float = 0.7
    text_iterations: int = 60
    tune_iterations: int = 80
    text_rate: float = 3e-2
    tune_rate: float = 5e-5
    seed: int = 0

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        assert isinstance(model, MeteredModel)  # the one denoiser whose copy can be trained under the same meter
        schedule, target = model.schedule(self.steps), model.embed(task.prompt)
        random = torch.Generator().manual_seed(self.seed)
        z = torch.randn(task.source.shape, generator=random).to(task.source)
        samples = noised(task.source, schedule, random)
        tokens, (tuned, weights) = target.tokens.clone().requires_grad_(), model.trainable()
        text = target.with_tokens(tokens)
        yield from self._fit(FIT, model, text, [tokens], self.text_rate, self.text_iterations, samples)
        text = target.with_tokens(tokens.detach())
        yield from self._fit(TUNE, tuned, text, weights, self.tune_rate, self.tune_iterations, samples)
        texts = TextEmbedding.cat([model.embed(""), text.lerp(target, self.eta)])
        return (yield from guided_ddim(tuned, schedule, z, texts, self.guidance))

    def _fit(
        self,
        stage: Stage,
        model: Denoiser,
        text: TextEmbedding,
        free: Sequence[Tensor],
        rate: float,
        count: int,
        samples: Iterator[Noised],
    ) -> Generator[Step, None, None]:
        """Lowers the diffusion loss of noised latents by Adam on what is `free`: the text, or the network's weights."""
        optimiser, schedule = torch.optim.Adam(free, rate, fused=True), model.schedule(self.steps)
        for i, (step, z, noise) in enumerate(islice(samples, count), 1):
            eps, loss = _descend(optimiser, model, z, schedule.timesteps[step], text, noise)
            denoised = denoised_latents(z, eps, schedule.alpha_bars[step])
            yield Step(stage=stage, number=i, of=count, denoised=denoised, rows=z, loss=loss)


def noised(source: Latents, schedule: Schedule, random: torch.Generator) -> Iterator[Noised]:
    """The source with noise, again and again: at every level of the schedule once before at any twice."""
    while True:
        for step in torch.randperm(len(schedule), generator=random).tolist():
            noise = torch.randn(source.shape, generator=random).to(source)
            yield step, move(source, noise, 1.0, schedule.alpha_bars[step]), noise


@torch.enable_grad()
def _descend(
    optimiser: torch.optim.Optimizer, model: Denoiser, z: Latents, timestep: int, text: TextEmbedding, noise: Latents
) -> tuple[Latents, float]:
    """One iteration; gives the noise as predicted before it, and its squared error, which is lowered."""
    eps = model.predict_noise(z, timestep, text)
    loss = functional.mse_loss(eps, noise)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return eps.detach(), loss.item()
