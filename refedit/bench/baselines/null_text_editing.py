"""Null-text inversion followed by prompt-to-prompt (arXiv:2211.09794, arXiv:2208.01626): the usual way to edit."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum, auto

import torch
from torch import Tensor

from refedit.bench.baselines.base import EDIT, FIT, INVERT, ComparisonMethod
from refedit.diffusion.alignment import Alignment, aligned
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Step, guide, step_along
from refedit.diffusion.prompt_to_prompt import PromptToPrompt
from refedit.diffusion.rows import Row, Rows
from refedit.diffusion.text_inversion import TextInversion
from refedit.imaging.masks import at_grid
from refedit.methods.method import Edited, Task


def null_text_inversion(inner_steps: int = 10, guidance: float = 7.5, stop: float = 1e-5) -> TextInversion:
    """With the constants of its public code: Adam at 0.01, 1 % less at every step, the loss checked afterwards."""
    return TextInversion(
        optimise="unconditional",
        guidance=guidance,
        inner_steps=inner_steps,
        rate=1e-2,
        decay=0.01,
        stop=stop,
        stop_growth=2e-5,
        check_first=False,
    )


class Branch(Enum):
    """The source as it is redrawn, and the edited picture."""

    SOURCE = auto()
    TARGET = auto()


SOURCE, TARGET = Row(Branch.SOURCE), Row(Branch.TARGET)
ROWS = Rows((Row(Branch.TARGET, unconditional=True), SOURCE, TARGET))


@dataclass(frozen=True, kw_only=True)
class NullTextEditing(ComparisonMethod):
    """With the values of the public code; `cross_replace` and `self_replace` are parts of the edit.

    Where a region is painted it takes the place of local blend's words. One deviation: the last step ends at the
    clean picture (alpha 1), as for every other method here.
    """

    guidance: float = 7.5
    inner_steps: int = 10
    cross_replace: float = 0.8
    self_replace: float = 0.6
    blend_start: float = 0.2

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        schedule, source, target = model.schedule(self.steps), model.embed(task.source_prompt), model.embed(task.prompt)
        pivots = yield from task.inverter.trajectory(INVERT, task.source, task.source_prompt, schedule)
        inversion = null_text_inversion(self.inner_steps, self.guidance)
        fitted = yield from inversion.run(FIT, model, pivots, schedule, model.embed(""), source)
        region = None if task.region is None else at_grid(task.region, model.latent_grid, "area", 0.25)
        follows = aligned(task.source_prompt, task.prompt, model.tokens, model.token_count).to(model.device)
        z = pivots[-1]
        for step, timestep in enumerate(schedule.timesteps):
            eps = model.predict_noise(
                torch.cat([z, fitted.latents[step], z]),
                timestep,
                TextEmbedding.cat([fitted.texts[step], source, target]),
                self._control(step, follows, model.latent_grid),
            )
            guided, alpha_bars = guide(eps[:1], eps[2:], self.guidance), schedule.alpha_bars[step : step + 2]
            moved, denoised = step_along(z, guided, *alpha_bars)
            z = self._blended(step, moved, fitted.latents[step + 1], region)
            yield Step(stage=EDIT, number=step + 1, of=len(schedule), denoised=denoised, rows=z)
        return Edited(latents=z)

    def _control(self, step: int, alignment: Alignment, latent_grid: int) -> PromptToPrompt:
        layout, places = step < int(self.self_replace * self.steps), step < int(self.cross_replace * (self.steps + 1))
        return PromptToPrompt(
            rows=ROWS,
            source=SOURCE,
            target=TARGET,
            cross=alignment if places else None,
            self_grid=latent_grid // 2 if layout else 0,
        )

    def _blended(self, step: int, edited: Tensor, source: Tensor, region: Tensor | None) -> Tensor:
        if region is None or step < int(self.blend_start * self.steps):
            return edited
        return source + region * (edited - source)
