"""Imagic (arXiv:2210.09276): fine-tunes the network on the one picture; the upper bound for methods that do not."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor
from torch.nn import functional

from refedit.bench.baselines.base import FIT, TUNE, BenchMethod, guided_ddim
from refedit.diffusion.ddim import Denoiser, Frame, Schedule, clean_estimate, move
from refedit.editing.watched_model import WatchedModel
from refedit.methods.task import Edited, Task

Noised = tuple[int, Tensor, Tensor]
"""A step of a schedule, latents with the noise of its level, and that noise."""


@dataclass(frozen=True, kw_only=True)
class Imagic(BenchMethod):
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
    def edit(self, model: WatchedModel, task: Task) -> Generator[Frame, None, Edited]:
        schedule, target = model.schedule(self.steps), model.embed(task.prompt)
        random = torch.Generator().manual_seed(self.seed)
        z = torch.randn(task.source.shape, generator=random).to(task.source)
        samples = noised(task.source, schedule, random)
        text, (tuned, weights) = target.clone().requires_grad_(), model.trainable()
        yield from self._fit(FIT, model, text, [text], self.text_rate, self.text_iterations, samples)
        text = text.detach()
        yield from self._fit(TUNE, tuned, text, weights, self.tune_rate, self.tune_iterations, samples)
        texts = torch.cat([model.embed(""), torch.lerp(text, target, self.eta)])
        return (yield from guided_ddim(tuned, schedule, z, texts, self.guidance))

    def _fit(
        self,
        stage: str,
        model: Denoiser,
        text: Tensor,
        free: Sequence[Tensor],
        rate: float,
        count: int,
        samples: Iterator[Noised],
    ) -> Generator[Frame, None, None]:
        """Lowers the diffusion loss of noised latents by Adam on what is `free`: the text, or the network's weights."""
        optimiser, schedule = torch.optim.Adam(free, rate, fused=True), model.schedule(self.steps)
        for i, (step, z, noise) in enumerate(islice(samples, count), 1):
            eps, loss = _descend(optimiser, model, z, schedule.timesteps[step], text, noise)
            estimate = clean_estimate(z, eps, schedule.alphas[step])
            yield Frame(stage=stage, step=i, of=count, estimate=estimate, rows=z, loss=loss)


def noised(source: Tensor, schedule: Schedule, random: torch.Generator) -> Iterator[Noised]:
    """The source with noise, again and again: at every level of the schedule once before at any twice."""
    while True:
        for step in torch.randperm(len(schedule), generator=random).tolist():
            noise = torch.randn(source.shape, generator=random).to(source)
            yield step, move(source, noise, 1.0, schedule.alphas[step]), noise


@torch.enable_grad()
def _descend(
    optimiser: torch.optim.Optimizer, model: Denoiser, z: Tensor, timestep: int, text: Tensor, noise: Tensor
) -> tuple[Tensor, float]:
    """One iteration; gives the noise as predicted before it, and its squared error, which is lowered."""
    eps = model.predict_noise(z, timestep, text)
    loss = functional.mse_loss(eps, noise)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return eps.detach(), loss.item()
