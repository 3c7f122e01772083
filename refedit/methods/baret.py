"""BARET (arXiv:2312.05482): change a picture by a target sentence; pose and shape may change. Read downwards.

The paper states three parts. Target-text inversion fits the target sentence's embedding until guided denoising
(guidance 7.5) redraws the picture. A transition embedding is interpolated, linearly and progressively, between the
fitted text and the target. Balanced attention combines the reconstruction's self-attention maps with the transition's
cross-attention maps.

Deduced: loss and optimiser are those of null-text inversion (arXiv:2211.09794) with the two texts' parts exchanged,
and values stay the edit's own. No code was published, and many values are not in public text: those are parameters,
and `baret_parameters.py` says whose choice they are.

Our addition, in the preset `non-rigid` only: maps say where to look and hand on no look, so from `appearance_start` on
the edit's queries meet the reconstruction's keys and values, as in MasaCtrl (arXiv:2304.08465). A reconstruction is
worth looking up if it is near the source. So inversion and first embedding are the empty text there, against the
paper's target text, and only the inversion's own error is left to fit.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from enum import Enum, auto

import torch

from refedit.diffusion.attention import Heads, KeyHeads, Site, attend, grid_of
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import RowLatents, Schedule, Stage, Step
from refedit.diffusion.rows import Row, Rows, can_guide, guided_step
from refedit.diffusion.text_inversion import FittedText, TextInversion
from refedit.machine.cache import content_key
from refedit.methods.baret_parameters import BaretParameters
from refedit.methods.method import Edited, Task

INVERT, FIT = Stage("Inverting the picture"), Stage("Fitting the text to the picture")
EDIT = Stage("Editing", draws=True)


class Branch(Enum):
    """What runs side by side: the source redrawn by its fitted text, the transition, and the edited picture."""

    RECONSTRUCTION = auto()
    TRANSITION = auto()
    EDITED = auto()


RECONSTRUCTION, TRANSITION, EDITED = (Row(branch) for branch in Branch)
RECONSTRUCTION_UNCOND, TRANSITION_UNCOND, EDITED_UNCOND = (Row(branch, unconditional=True) for branch in Branch)


@dataclass(frozen=True, kw_only=True)
class Baret(BaretParameters):
    """BARET with its parameters; `edit` runs it."""

    @property
    def stages(self) -> Mapping[Stage, float]:
        edit = sum(len(self._rows(step)) for step in range(self.steps)) / max(self.steps, 1)
        if self.redraws == "inversion":
            return {INVERT: 1.0, EDIT: edit}
        return {INVERT: 1.0, FIT: (2.0 if self.guidance != 1 else 1.0) + 3.0 * self.inner_steps, EDIT: edit}

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        """Runs the edit; a step of it has one row, the edited picture's."""
        schedule = model.schedule(self.steps)
        target, empty = model.embed(task.prompt), model.embed("")
        fitted = yield from self._fit(model, task, schedule, target, empty)
        edited = transition = fitted.latents[0]
        for step, timestep in enumerate(schedule.timesteps):
            rows, between = self._rows(step), self._between(fitted.texts[step], target, step)
            texts: dict[Enum, TextEmbedding] = {
                Branch.RECONSTRUCTION: fitted.texts[step],
                Branch.TRANSITION: between,
                Branch.EDITED: target if self.final_text == "target" else between,
            }
            latents: dict[Enum, RowLatents] = {
                Branch.RECONSTRUCTION: fitted.latents[step],
                Branch.TRANSITION: transition,
                Branch.EDITED: edited,
            }
            states, text = rows.states(latents), rows.texts(texts, empty)
            noise = rows.by_row(model.predict_noise(states, timestep, text, self._control(step, rows, model)))
            alpha_bars = schedule.alpha_bars[step : step + 2]
            if can_guide(noise, Branch.TRANSITION, self.guidance):
                transition, _ = guided_step(transition, noise, Branch.TRANSITION, self.guidance, alpha_bars)
            edited, denoised = guided_step(edited, noise, Branch.EDITED, self.guidance, alpha_bars)
            yield Step(stage=EDIT, number=step + 1, of=len(schedule), denoised=denoised, rows=edited)
        return Edited(latents=edited)

    def _fit(
        self, model: Denoiser, task: Task, schedule: Schedule, target: TextEmbedding, empty: TextEmbedding
    ) -> Generator[Step, None, FittedText]:
        """Target-text inversion (the paper's TTIS), remembered by everything it depends on.

        Without it (our choice in the preset `quick`) the inversion itself is looked up, which is the source exactly.
        """
        prompt = self.inversion_text(task)
        pivots = yield from task.inverter.trajectory(INVERT, task.source, prompt, schedule)
        first = self._first(target, empty)
        if self.redraws == "inversion":
            return FittedText(texts=(first,) * len(schedule), latents=pivots[::-1], losses=())
        # Not the target sentence itself: where all begins with the empty text, another sentence fits nothing anew.
        key = content_key("fitted text", task.source, prompt, schedule, first, empty, self.inversion)
        known: FittedText | None = task.inverter.cache.get(key)
        if known is None:
            known = yield from self.inversion.run(FIT, model, pivots, schedule, first, empty)
            task.inverter.cache.put(key, known)
        return known

    def inversion_text(self, task: Task) -> str:
        """The target's sentence or none: BARET wants no caption of the source."""
        return task.prompt if self.inversion_prompt == "target" else ""

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

    def _first(self, target: TextEmbedding, empty: TextEmbedding) -> TextEmbedding:
        """The first value of the fitted text."""
        if self.initial_text == "closed form":
            # If the pivots follow the target at guidance 1, this makes the guided noise theirs to first order.
            return empty.combined(lambda start, end: start + (end - start) / self.guidance, target)
        return target if self.initial_text == "target" else empty

    def _between(self, fitted: TextEmbedding, target: TextEmbedding, step: int) -> TextEmbedding:
        """The transition embedding of a step (the paper's progressive linear interpolation)."""
        time = step / max(self.steps - 1, 1)
        eta = self.eta * {"constant": 1.0, "rising": time, "falling": 1 - time}[self.eta_schedule]
        return fitted.lerp(target, eta)

    def _rows(self, step: int) -> Rows:
        """The rows that this step reads: the reconstruction's latents are known, so it needs no guidance."""
        transition = step < round(self.cross_steps * self.steps)
        appearance = self._keeps_appearance(step)
        guides = self.guidance != 1
        return Rows.needed(
            {
                EDITED_UNCOND: guides,
                TRANSITION_UNCOND: guides and transition,
                RECONSTRUCTION_UNCOND: guides and appearance,
                RECONSTRUCTION: appearance or self._keeps_layout(step),
                TRANSITION: transition,
                EDITED: True,
            }
        )

    def _keeps_layout(self, step: int) -> bool:
        return step < round(self.self_steps * self.steps)

    def _keeps_appearance(self, step: int) -> bool:
        return step >= round(self.appearance_start * self.steps)

    def _control(self, step: int, rows: Rows, model: Denoiser) -> "BalancedAttention | None":
        """This step's control, or None if the UNet is to run as it is."""
        if RECONSTRUCTION not in rows and TRANSITION not in rows:
            return None
        first = round(self.appearance_sites_start * model.self_sites)
        return BalancedAttention(
            rows=rows,
            self_grid=int(self.self_grid * model.latent_grid) if self._keeps_layout(step) else 0,
            followers=(EDITED, TRANSITION) if self.transition_layout else (EDITED,),
            appearance=range(first, model.self_sites) if self._keeps_appearance(step) else range(0),
        )


@dataclass(frozen=True, kw_only=True)
class BalancedAttention:
    """The paper's balanced attention as the control of one step, and what is added to it.

    A map is made of queries and keys; values stay every row's own. Up to a grid of `self_grid` the `followers` use the
    reconstruction's self-attention maps. The edited row uses the transition's cross-attention maps while that row runs.

    Our addition comes first: at the self-attention sites of `appearance` the edit's own queries meet keys *and values*
    of the reconstruction, in both halves of guidance.
    """

    rows: Rows
    self_grid: int
    followers: tuple[Row, ...]
    appearance: range

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        maps, looked_up = self._map_leaders(site, grid_of(q)), self._looked_up(site)
        queries = {row: leader for row, leader in maps.items() if row not in looked_up}
        of_queries, of_keys, of_values = (
            self.rows.following(leaders) for leaders in (queries, maps | looked_up, looked_up)
        )
        return attend(q[of_queries], k[of_keys], v[of_values])

    def _map_leaders(self, site: Site, grid: int) -> dict[Row, Row]:
        """The row whose map a row uses, for rows that do not use their own."""
        if site.kind == "cross":
            return {EDITED: TRANSITION} if TRANSITION in self.rows else {}
        return dict.fromkeys(self.followers, RECONSTRUCTION) if grid <= self.self_grid else {}

    def _looked_up(self, site: Site) -> dict[Row, Row]:
        """The row whose keys and values a row's queries meet, for rows that do not meet their own."""
        if site.kind == "cross" or site.index not in self.appearance:
            return {}
        return {EDITED: RECONSTRUCTION, EDITED_UNCOND: RECONSTRUCTION_UNCOND}
