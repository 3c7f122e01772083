"""BARET (arXiv:2312.05482): change a picture by a target sentence; pose and shape may change.

The paper states three parts: target-text inversion fits the target sentence's embedding until it redraws the
picture; a transition embedding lies between that and the target; balanced attention combines the
reconstruction's self-attention with the transition's cross-attention. It publishes no code, and many of its
values are not in public text: those are parameters here, and the help texts say whose choice they are.

The preset `non-rigid` has something added. Maps say where to look and values stay the edit's own, so that the paper's
balanced attention cannot hand on a look: from `appearance_start` on the edit's queries meet the reconstruction's keys
and values, as in MasaCtrl (arXiv:2304.08465). A reconstruction is worth looking up if it is near the source; so
inversion and first embedding are then the empty text, against the paper's target text, and what is left to fit is the
inversion's own error.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from refedit.diffusion.ddim import Denoiser, Frame, Schedule, guided, move, step_along
from refedit.diffusion.text_inversion import FittedText, TextInversion
from refedit.machine.cache import content_key
from refedit.methods.balanced_attention import BalancedAttention
from refedit.methods.baret_parameters import PUBLISHED, RIGID, BaretParameters
from refedit.methods.task import Edited, Task

INVERT, FIT, EDIT = "Inverting the picture", "Fitting the text to the picture", "Editing"


@dataclass(frozen=True, kw_only=True)
class Baret(BaretParameters):
    """BARET with its parameters; `edit` runs it."""

    name: ClassVar[str] = "baret"
    title: ClassVar[str] = "BARET"
    summary: ClassVar[str] = (
        "Change the picture by a sentence: pose, shape or expression. "
        "The preset rigid is for colour, background and style."
    )
    presets_help: ClassVar[str] = (
        "non-rigid: pose and shape, keeps the look. rigid: colour, background, style. "
        "published: non-rigid with the paper's parts only."
    )
    needs: ClassVar[frozenset[str]] = frozenset()
    takes: ClassVar[frozenset[str]] = frozenset({"region"})
    fit: ClassVar[str] = "aspect"
    paste: ClassVar[str] = "square"
    align_reference: ClassVar[bool] = False

    @classmethod
    def presets(cls) -> Mapping[str, "Baret"]:
        """`non-rigid` for pose and shape, `rigid` for style, colour and background: the paper treats them apart.

        `published` is for poses and shapes, too, with the paper's parts and none added.
        """
        changes = {"non-rigid": {}, "rigid": RIGID, "published": PUBLISHED}
        return {name: cls(**change) for name, change in changes.items()}  # type: ignore[arg-type]

    @property
    def stages(self) -> Mapping[str, float]:
        """The stages in order, with their rough number of UNet rows per step."""
        fit = (2.0 if self.guidance != 1 else 1.0) + 3.0 * self.inner_steps
        edit = sum(len(self._rows(step)) for step in range(self.steps)) / max(self.steps, 1)
        return {INVERT: 1.0, FIT: fit, EDIT: edit}

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Frame, None, Edited]:
        """Runs the edit; an editing frame has one row, the edited picture's."""
        schedule = model.schedule(self.steps)
        target, empty = model.embed(task.prompt), model.embed("")
        fitted = yield from self._fit(model, task, schedule, target, empty)
        edited = transition = fitted.latents[0]
        for step, timestep in enumerate(schedule.timesteps):
            rows = self._rows(step)
            between = self._between(fitted.texts[step], target, step)
            texts = {
                "reconstruction": fitted.texts[step],
                "transition": between,
                "edited": target if self.final_text == "target" else between,
            }
            states = {"reconstruction": fitted.latents[step], "transition": transition, "edited": edited}
            eps = model.predict_noise(
                torch.cat([states[row.removesuffix(" uncond")] for row in rows]),
                timestep,
                torch.cat([texts.get(row, empty) for row in rows]),
                self._control(step, rows, model),
            )
            noise = {row: eps[i : i + 1] for i, row in enumerate(rows)}
            alphas = schedule.alphas[step : step + 2]
            if "transition" in noise:
                transition = move(transition, guided(noise, "transition", self.guidance), *alphas)
            edited, estimate = step_along(edited, guided(noise, "edited", self.guidance), *alphas)
            yield Frame(stage=EDIT, step=step + 1, of=len(schedule), estimate=estimate, rows=edited)
        return Edited(latents=edited)

    def _fit(
        self, model: Denoiser, task: Task, schedule: Schedule, target: Tensor, empty: Tensor
    ) -> Generator[Frame, None, FittedText]:
        """Target-text inversion (the paper's TTIS), remembered by everything it depends on."""
        prompt = self.inversion_text(task.prompt)
        pivots = yield from task.inverter.trajectory(INVERT, task.source, prompt, schedule)
        first = self._first(target, empty)
        # Not the target sentence itself: where all begins with the empty text, another sentence fits nothing anew.
        key = content_key("fitted text", task.source, prompt, schedule, first, empty, self.inversion)
        known: FittedText | None = task.inverter.memory.get(key)
        if known is None:
            known = yield from self.inversion.run(FIT, model, pivots, schedule, first, empty)
            task.inverter.memory.put(key, known)
        return known

    def inversion_text(self, prompt: str) -> str:
        """The text with which a source is inverted whose target is `prompt`."""
        return prompt if self.inversion_prompt == "target" else ""

    @property
    def inversion(self) -> TextInversion:
        """Target-text inversion with these parameters."""
        return TextInversion(
            optimise="conditional",
            guidance=self.guidance,
            inner_steps=self.inner_steps,
            rate=self.rate,
            decay=self.decay,
            stop=self.stop,
            stop_growth=self.stop_growth,
            carry_over=self.carry_over,
        )

    def _first(self, target: Tensor, empty: Tensor) -> Tensor:
        if self.initial_text == "closed form":
            # If the pivots follow the target at guidance 1, this makes the guided noise theirs to first order.
            return empty + (target - empty) / self.guidance
        return target if self.initial_text == "target" else empty

    def _between(self, fitted: Tensor, target: Tensor, step: int) -> Tensor:
        """The transition embedding of a step (the paper's progressive linear interpolation)."""
        time = step / max(self.steps - 1, 1)
        eta = self.eta * {"constant": 1.0, "rising": time, "falling": 1 - time}[self.eta_schedule]
        return torch.lerp(fitted, target, eta)

    def _rows(self, step: int) -> list[str]:
        """The branches that this step reads: the reconstruction's latents are known, so it needs no guidance."""
        transition = step < round(self.cross_steps * self.steps)
        appearance = self._keeps_appearance(step)
        unconditional = self.guidance != 1
        wanted = {
            "edited uncond": unconditional,
            "transition uncond": unconditional and transition,
            "reconstruction uncond": unconditional and appearance,
            "reconstruction": appearance or self._keeps_layout(step),
            "transition": transition,
            "edited": True,
        }
        return [row for row, needed in wanted.items() if needed]

    def _keeps_layout(self, step: int) -> bool:
        return step < round(self.self_steps * self.steps)

    def _keeps_appearance(self, step: int) -> bool:
        return step >= round(self.appearance_start * self.steps)

    def _control(self, step: int, rows: list[str], model: Denoiser) -> BalancedAttention | None:
        if "reconstruction" not in rows and "transition" not in rows:
            return None
        first = round(self.appearance_sites_start * model.self_sites)
        return BalancedAttention(
            rows=rows,
            self_grid=int(self.self_grid * model.latent_grid) if self._keeps_layout(step) else 0,
            followers=("edited", "transition") if self.transition_layout else ("edited",),
            appearance=range(first, model.self_sites) if self._keeps_appearance(step) else range(0),
        )
