"""Plain DDIM editing: invert with the source's prompt, draw again with the target's; nothing holds the layout."""

from collections.abc import Generator
from dataclasses import dataclass

import torch

from refedit.bench.baselines.base import INVERT, ComparisonMethod, guided_ddim
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Step
from refedit.methods.method import Edited, Task


@dataclass(frozen=True, kw_only=True)
class PlainDdim(ComparisonMethod):
    """DDIM inversion at guidance 1 and guided DDIM (arXiv:2010.02502, arXiv:2207.12598)."""

    guidance: float = 7.5

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        schedule = model.schedule(self.steps)
        text = TextEmbedding.cat([model.embed(""), model.embed(task.prompt)])
        z = (yield from task.inverter.trajectory(INVERT, task.source, task.source_prompt, schedule))[-1]
        return (yield from guided_ddim(model, schedule, z, text, self.guidance))
