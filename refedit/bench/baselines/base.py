"""What comparison methods have in common, and the plainest of them.

Only the benchmark runs them, so nothing describes their parameters.
"""

from abc import ABC
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch

from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Latents, Schedule, Stage, Step, guide, step_along
from refedit.methods.method import Edited, Input, Method, Task

INVERT, FIT, TUNE = Stage("Inverting the source"), Stage("Fitting the text"), Stage("Tuning a copy")
EDIT = Stage("Editing", draws=True)


@dataclass(frozen=True, kw_only=True)
class ComparisonMethod(Method, ABC):
    """A method that wants the source's prompt and edits the whole square; `edit` is its own."""

    name: ClassVar[str] = "comparison"
    title: ClassVar[str] = "Comparison"
    needs: ClassVar[frozenset[Input]] = frozenset({Input.SOURCE_PROMPT})

    @property
    def stages(self) -> Mapping[Stage, float]:
        return dict.fromkeys((INVERT, FIT, TUNE, EDIT), 1.0)


def guided_ddim(
    model: Denoiser, schedule: Schedule, z: Latents, texts: TextEmbedding, guidance: float
) -> Generator[Step, None, Edited]:
    """Draws from latents (1 row) by guided DDIM under no control; `texts` are the unconditional and the other one."""
    for step, timestep in enumerate(schedule.timesteps):
        unconditional, conditional = model.predict_noise(z.expand(2, -1, -1, -1), timestep, texts).split(1)
        eps, alpha_bars = guide(unconditional, conditional, guidance), schedule.alpha_bars[step : step + 2]
        z, denoised = step_along(z, eps, *alpha_bars)
        yield Step(stage=EDIT, number=step + 1, of=len(schedule), denoised=denoised, rows=z)
    return Edited(latents=z)


@dataclass(frozen=True, kw_only=True)
class PlainDdim(ComparisonMethod):
    """Plain DDIM editing: inverts with the source's prompt and draws with the target's; nothing holds the layout.

    DDIM inversion at guidance 1 and guided DDIM (arXiv:2010.02502, arXiv:2207.12598).
    """

    guidance: float = 7.5

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        schedule = model.schedule(self.steps)
        text = TextEmbedding.cat([model.embed(""), model.embed(task.prompt)])
        z = (yield from task.inverter.trajectory(INVERT, task.source, task.source_prompt, schedule))[-1]
        return (yield from guided_ddim(model, schedule, z, text, self.guidance))
