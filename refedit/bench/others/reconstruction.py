"""Redraws a source after text inversion, and tells how near its noise came to the pivots': for claims about TTIS."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from refedit.bench.others.bench_method import FIT, INVERT, BenchMethod
from refedit.ddim import Denoiser, Frame, Schedule, move
from refedit.inversion import Trajectory
from refedit.methods.task import Outcome, Task
from refedit.text_inversion import FittedText, TextInversion

Caption = Literal["target", "source", "wrong", "empty"]
Start = Literal["caption", "closed form", "empty"]

WRONG = "a mushroom on a beach"
"""A caption that is wrong for every picture of a subject with a pose."""


@dataclass(frozen=True, kw_only=True)
class Reconstruction(BenchMethod):
    """Text inversion with exactly `inner_steps` iterations at every step, without an early stop.

    `free` "conditional" is target-text inversion, "unconditional" null-text inversion; `caption` is the conditional
    text, `pivots` that of the DDIM inversion. `start` is the free embedding's first value: the caption (with
    "unconditional" and no iterations this is negative-prompt inversion), the empty text, or the closed form
    empty + (caption - empty) / guidance. The last frame's `loss` is the mean over steps of the squared error of
    the guided noise: the pivots' error of latents by the factor that noise is moved with.
    """

    guidance: float = 7.5
    free: Literal["conditional", "unconditional"] = "conditional"
    caption: Caption = "target"
    pivots: Caption = "target"
    start: Start = "caption"
    inner_steps: int = 0
    rate: float = 0.01

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Frame, None, Outcome]:
        schedule, empty = model.schedule(self.steps), model.embed("")
        caption = model.embed(_text(self.caption, task))
        pivots = yield from task.inverter.trajectory(INVERT, task.source, _text(self.pivots, task), schedule)
        fixed = empty if self.free == "conditional" else caption
        found = yield from self._inversion.run(FIT, model, pivots, schedule, self._first(caption, empty), fixed)
        loss = sum(noise_errors(found, pivots, schedule)) / len(schedule)
        z = found.latents[-1]
        yield Frame(stage=FIT, step=len(schedule), of=len(schedule), estimate=z, rows=z, loss=loss)
        return Outcome(latents=z)

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

    def _first(self, caption: Tensor, empty: Tensor) -> Tensor:
        closed = empty + (caption - empty) / self.guidance
        return {"caption": caption, "closed form": closed, "empty": empty}[self.start]


def noise_errors(found: FittedText, pivots: Trajectory, schedule: Schedule) -> list[float]:
    """Per step the mean squared error of the guided noise: the loss of latents over the noise's factor squared."""
    errors = []
    for step in range(len(schedule)):
        missed = (found.latents[step + 1] - pivots[len(schedule) - step - 1]).square().mean().item()
        one = torch.ones(1, 1, 1, 1)
        factor = move(0 * one, one, *schedule.alphas[step : step + 2]).item()
        errors.append(missed / factor**2)
    return errors


def _text(caption: Caption, task: Task) -> str:
    return {"target": task.prompt, "source": task.source_prompt, "wrong": WRONG, "empty": ""}[caption]
