"""Plain DDIM editing: invert with the source's prompt, draw again with the target's; nothing holds the layout."""

from collections.abc import Generator
from dataclasses import dataclass

import torch

from refedit.bench.others.bench_method import EDIT, INVERT, BenchMethod
from refedit.ddim import Denoiser, Frame, clean_estimate, guide, move
from refedit.methods.task import Outcome, Task


@dataclass(frozen=True, kw_only=True)
class PlainDdim(BenchMethod):
    """DDIM inversion at guidance 1 and guided DDIM (arXiv:2010.02502, arXiv:2207.12598)."""

    guidance: float = 7.5

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Frame, None, Outcome]:
        schedule = model.schedule(self.steps)
        text = torch.cat([model.embed(""), model.embed(task.prompt)])
        z = (yield from task.inverter.trajectory(INVERT, task.source, task.source_prompt, schedule))[-1]
        for step, timestep in enumerate(schedule.timesteps):
            unconditional, conditional = model.predict_noise(z.expand(2, -1, -1, -1), timestep, text).split(1)
            eps, alphas = guide(unconditional, conditional, self.guidance), schedule.alphas[step : step + 2]
            estimate, z = clean_estimate(z, eps, alphas[0]), move(z, eps, *alphas)
            yield Frame(stage=EDIT, step=step + 1, of=len(schedule), estimate=estimate, rows=z)
        return Outcome(latents=z)
