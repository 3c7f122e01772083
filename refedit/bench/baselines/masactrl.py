"""MasaCtrl (arXiv:2304.08465): the other training-free method; what is drawn anew looks up the source's look."""

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from refedit.bench.baselines.base import EDIT, INVERT, BenchMethod
from refedit.diffusion.attention import Site, attend
from refedit.diffusion.ddim import Denoiser, Frame, guide, step_along
from refedit.methods.task import Edited, Task


@dataclass(frozen=True, kw_only=True)
class MasaCtrl(BenchMethod):
    """With the values of the public code: from step 4 of 50 and site 10 of 16 on, as parts of the steps and sites.

    As its authors advise for real pictures, the source is inverted without a prompt, and its branch stays on that
    inversion. So its two halves of guidance are one row, which both of the edit's halves look at. No mask variant.
    """

    guidance: float = 7.5
    start: float = 0.08
    sites_start: float = 0.625

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Frame, None, Edited]:
        schedule, empty = model.schedule(self.steps), model.embed("")
        pivots = yield from task.inverter.trajectory(INVERT, task.source, "", schedule)
        text, z = torch.cat([empty, model.embed(task.prompt), empty]), pivots[-1]
        control = MutualAttention(sites=range(round(self.sites_start * model.self_sites), model.self_sites))
        for step, timestep in enumerate(schedule.timesteps):
            looks = step >= round(self.start * self.steps)
            rows = torch.cat([z, z, pivots[len(schedule) - step]])[: 3 if looks else 2]
            eps = model.predict_noise(rows, timestep, text[: len(rows)], control if looks else None)
            guided, alphas = guide(eps[:1], eps[1:2], self.guidance), schedule.alphas[step : step + 2]
            z, estimate = step_along(z, guided, *alphas)
            yield Frame(stage=EDIT, step=step + 1, of=len(schedule), estimate=estimate, rows=z)
        return Edited(latents=z)


@dataclass(frozen=True, kw_only=True)
class MutualAttention:
    """The paper's mutual self-attention: at `sites` all rows' queries meet the last row's keys and values."""

    sites: range

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if site.kind == "cross" or site.index not in self.sites:
            return attend(q, k, v)
        return attend(q, k[-1:].expand_as(k), v[-1:].expand_as(v))
