"""SpecRef (arXiv:2401.03433): replace a thing by *that* one, taken from a reference picture.

The paper: both pictures are inverted by DDIM, the reference's self-attention keys and values are kept, and
while the source is redrawn with the target prompt, the edited region's queries attend to the reference's
subject. Steps, sites, masks and blending follow the authors' public code; every deviation is a parameter
of its own whose official value is the code's. Knows nothing about pictures or pages.
"""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from refedit.diffusion.ddim import Denoiser, Frame, Latents, Schedule, guided, step_along
from refedit.diffusion.inversion import Features, Recording
from refedit.imaging.masks import at_grid
from refedit.methods.specref_parameters import OFFICIAL, SpecRefParameters
from refedit.methods.specref_plan import Plan, reference_steps
from refedit.methods.task import Edited, Task

INVERT_SOURCE, INVERT_REFERENCE, EDIT = "Inverting the source", "Inverting the reference", "Editing"


@dataclass(frozen=True, kw_only=True)
class SpecRef(SpecRefParameters):
    """SpecRef with its parameters; `edit` runs it."""

    name: ClassVar[str] = "specref"
    title: ClassVar[str] = "SpecRef"
    summary: ClassVar[str] = "Replace this thing by that one, shown in a reference picture."
    presets_help: ClassVar[str] = "recommended: our choice, by measurement. official: the public code's values."
    needs: ClassVar[frozenset[str]] = frozenset({"source_prompt", "reference"})
    takes: ClassVar[frozenset[str]] = frozenset({"region"})

    @classmethod
    def presets(cls) -> Mapping[str, "SpecRef"]:
        """`recommended` is this project's choice, `official` the public code's values."""
        return {"recommended": cls(), "official": cls(**OFFICIAL)}  # type: ignore[arg-type]

    @property
    def stages(self) -> Mapping[str, float]:
        """The stages in order, with their rough number of UNet rows per step."""
        return {INVERT_SOURCE: 1.0, INVERT_REFERENCE: 1.0, EDIT: 4.0}

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Frame, None, Edited]:
        """Runs the edit; an editing frame ends with the edited row, before which a whole task has the source."""
        schedule, plan = model.schedule(self.steps), Plan.of(self, model, task)
        source = yield from task.inverter.trajectory(INVERT_SOURCE, task.source, task.source_prompt, schedule)
        features = yield from self._features(model, task, schedule)
        z, mask = self._start(source[-1], model, task), None
        for step, timestep in enumerate(schedule.timesteps):
            pivot, next_pivot = source[len(schedule) - step], source[len(schedule) - step - 1]
            rows = plan.rows(step)
            states = torch.cat([pivot if row.startswith("source") else z for row in rows])
            eps = model.predict_noise(states, timestep, plan.text(rows), plan.control(step, rows, features))
            moved, estimate = self._moved(states, eps, rows, schedule.alphas[step : step + 2])
            mask = plan.blend_mask(step)
            base = next_pivot if self.pivot_blend else moved.get("source", next_pivot)
            z = moved["target"] if mask is None else base + mask[1] * (moved["target"] - base)
            frame_rows = torch.cat([*([moved["source"]] if task.whole else []), z])
            yield Frame(
                stage=EDIT,
                step=step + 1,
                of=len(schedule),
                estimate=estimate,
                rows=frame_rows,
                masks=plan.used_masks(step, mask),
            )
        return Edited(latents=z, mask=plan.words_mask(mask))

    def _start(self, inverted: Latents, model: Denoiser, task: Task) -> Latents:
        """What the edit starts from: inside a painted region part of the source's inverted noise gives way to new."""
        if task.region is None or not self.fresh_noise:
            return inverted
        noise = torch.randn(inverted.shape, generator=torch.Generator().manual_seed(self.seed)).to(inverted)
        mixed = math.sqrt(1 - self.fresh_noise) * inverted + math.sqrt(self.fresh_noise) * noise
        return torch.where(at_grid(task.region, model.latent_grid, "area", 0.25) > 0, mixed, inverted)

    def _features(self, model: Denoiser, task: Task, schedule: Schedule) -> Generator[Frame, None, Features]:
        if task.reference is None:
            return {}
        sites = (round(share * model.self_sites) for share in (self.reference_sites_start, self.reference_sites_end))
        what = Recording(
            steps=reference_steps(self),
            sites=range(*sites),
            subject=task.subject if self.masks in ("both", "subject") else None,
            threshold=self.threshold,
            mode=self.interpolation,
            empty=self.empty_subject,
            at=self.reference_at,
            seed=self.seed if self.reference_at == "noised" else 0,
        )
        upto = len(schedule) if task.whole else None
        prompt = task.reference_prompt
        return (yield from task.inverter.features(INVERT_REFERENCE, task.reference, prompt, schedule, what, upto))

    def _moved(
        self, states: Tensor, eps: Tensor, rows: list[str], alphas: tuple[float, ...]
    ) -> tuple[dict[str, Tensor], Tensor]:
        """The source's and the target's latents after a guided step, where their rows ran, and the clean estimate."""
        noise = {row: eps[i : i + 1] for i, row in enumerate(rows)}
        moved: dict[str, Tensor] = {}
        estimate = states[-1:]
        for row in ("source", "target"):
            if row in noise and (self.guidance == 1 or f"{row} uncond" in noise):
                z = states[rows.index(row)][None]
                moved[row], estimate = step_along(z, guided(noise, row, self.guidance), *alphas)
        return moved, estimate
