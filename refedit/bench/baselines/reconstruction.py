"""Redraws a source after text inversion, and tells how near its noise came to the pivots': for claims about TTIS."""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import torch

from refedit.bench.baselines.base import FIT, INVERT, ComparisonMethod
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import Latents, Schedule, Step, guide, move
from refedit.diffusion.inversion import Trajectory
from refedit.diffusion.text_inversion import TextInversion
from refedit.methods.method import Edited, Task

Caption = Literal["target", "source", "wrong", "empty"]
Start = Literal["caption", "closed form", "empty"]

WRONG = "a mushroom on a beach"
"""A caption that is wrong for every picture of a subject with a pose."""


@dataclass(frozen=True, kw_only=True)
class Reconstruction(ComparisonMethod):
    """Text inversion with exactly `inner_steps` iterations at every step, without an early stop.

    `free` "conditional" is target-text inversion, "unconditional" null-text inversion; `caption` is the conditional
    text, `pivots` that of the DDIM inversion. `start` is the free embedding's first value: the caption (with
    "unconditional" and no iterations this is negative-prompt inversion), the empty text, or the closed form
    empty + (caption - empty) / guidance. The last step's `loss` is the geometric mean over steps of the squared
    error of the guided noise: the pivots' error of latents by the factor that noise is moved with. (The last steps
    amplify what earlier ones have missed a hundredfold; a plain mean would be theirs alone.) With `at_pivots` nothing
    is fitted and every step starts from its pivot, so that the error is the first embedding's own.
    """

    guidance: float = 7.5
    free: Literal["conditional", "unconditional"] = "conditional"
    caption: Caption = "target"
    pivots: Caption = "target"
    start: Start = "caption"
    inner_steps: int = 0
    rate: float = 0.01
    at_pivots: bool = False

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        schedule, empty = model.schedule(self.steps), model.embed("")
        caption = model.embed(_text(self.caption, task))
        pivots = yield from task.inverter.trajectory(INVERT, task.source, _text(self.pivots, task), schedule)
        fixed = empty if self.free == "conditional" else caption
        first = self._first(caption, empty)
        if self.at_pivots:
            made = [self._stepped(model, pivots, schedule, step, first, fixed) for step in range(len(schedule))]
        else:
            made = list((yield from self._inversion.run(FIT, model, pivots, schedule, first, fixed)).latents[1:])
        loss, z = geometric_mean(noise_errors(made, pivots, schedule)), made[-1]
        yield Step(stage=FIT, number=len(schedule), of=len(schedule), denoised=z, rows=z, loss=loss)
        return Edited(latents=z)

    @property
    def _inversion(self) -> TextInversion:
        return TextInversion(
            optimise=self.free,
            guidance=self.guidance,
            inner_steps=self.inner_steps,
            rate=self.rate,
            decay=0.01,
            stop=-1.0,
            stop_growth=0.0,
        )

    def _stepped(
        self,
        model: Denoiser,
        pivots: Trajectory,
        schedule: Schedule,
        step: int,
        free: TextEmbedding,
        fixed: TextEmbedding,
    ) -> Latents:
        """The latents after a guided step from its pivot."""
        z = pivots[len(schedule) - step]
        unconditional, conditional = (fixed, free) if self.free == "conditional" else (free, fixed)
        eps = model.predict_noise(
            z.expand(2, -1, -1, -1), schedule.timesteps[step], TextEmbedding.cat([unconditional, conditional])
        )
        return move(z, guide(eps[:1], eps[1:], self.guidance), *schedule.alpha_bars[step : step + 2])

    def _first(self, caption: TextEmbedding, empty: TextEmbedding) -> TextEmbedding:
        closed = empty.combined(lambda start, end: start + (end - start) / self.guidance, caption)
        return {"caption": caption, "closed form": closed, "empty": empty}[self.start]


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(fmean(math.log(max(value, 1e-12)) for value in values))


def noise_errors(made: Sequence[Latents], pivots: Trajectory, schedule: Schedule) -> list[float]:
    """Per step the mean squared error of the guided noise: the loss of latents over the noise's factor squared."""
    errors = []
    for step in range(len(schedule)):
        missed = (made[step] - pivots[len(schedule) - step - 1]).square().mean().item()
        one = torch.ones(1, 1, 1, 1)
        factor = move(0 * one, one, *schedule.alpha_bars[step : step + 2]).item()
        errors.append(missed / factor**2)
    return errors


def _text(caption: Caption, task: Task) -> str:
    return {"target": task.prompt, "source": task.source_prompt, "wrong": WRONG, "empty": ""}[caption]
