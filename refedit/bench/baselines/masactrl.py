"""MasaCtrl (arXiv:2304.08465): the other training-free method; what is drawn anew looks up the source's look."""

from collections.abc import Generator
from dataclasses import dataclass

import torch

from refedit.bench.baselines.base import EDIT, INVERT, ComparisonMethod
from refedit.diffusion.attention import Heads, KeyHeads, Site, attend
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Step, guide, step_along
from refedit.methods.method import Edited, Task


@dataclass(frozen=True, kw_only=True)
class MasaCtrl(ComparisonMethod):
    """With the values of the public code: from step 4 of 50 and site 10 of 16 on, as parts of the steps and sites.

    As its authors advise for real pictures, the source is inverted without a prompt, and its branch stays on that
    inversion. So its two halves of guidance are one row, which both of the edit's halves look at. No mask variant.
    """

    guidance: float = 7.5
    start: float = 0.08
    sites_start: float = 0.625

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        schedule, empty = model.schedule(self.steps), model.embed("")
        pivots = yield from task.inverter.trajectory(INVERT, task.source, "", schedule)
        target, z = model.embed(task.prompt), pivots[-1]
        control = MutualAttention(sites=range(round(self.sites_start * model.self_sites), model.self_sites))
        for step, timestep in enumerate(schedule.timesteps):
            looks = step >= round(self.start * self.steps)
            states = torch.cat([z, z, *([pivots[len(schedule) - step]] if looks else [])])
            text = TextEmbedding.cat([empty, target, *([empty] if looks else [])])
            eps = model.predict_noise(states, timestep, text, control if looks else None)
            guided, alpha_bars = guide(eps[:1], eps[1:2], self.guidance), schedule.alpha_bars[step : step + 2]
            z, denoised = step_along(z, guided, *alpha_bars)
            yield Step(stage=EDIT, number=step + 1, of=len(schedule), denoised=denoised, rows=z)
        return Edited(latents=z)


@dataclass(frozen=True, kw_only=True)
class MutualAttention:
    """The paper's mutual self-attention: at `sites` all rows' queries meet the last row's keys and values."""

    sites: range

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind == "cross" or site.index not in self.sites:
            return attend(q, k, v)
        return attend(q, k[-1:].expand_as(k), v[-1:].expand_as(v))
