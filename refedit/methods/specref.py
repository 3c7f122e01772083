"""SpecRef (arXiv:2401.03433): replace a thing by *that* one, taken from a reference picture. Read downwards.

The paper states: both pictures are inverted by DDIM, and of the reference the keys and values of self-attention are
kept. Then one path redraws the source and another edits it, where the edited region looks at the reference's subject.

Read from the authors' public code (commit 25ad797; files are named at each rule), since the paper's equations were in
no text that we could reach: the layout is held by the attention maps of the redrawn source (prompt-to-prompt,
arXiv:2208.01626), and the queries Q of the edited region meet the reference's keys and values like this:

    out = mask_t * softmax(Q K_r' + log mask_s) V_r + (1 - mask_t) * softmax(Q K') V

where ' transposes, mask_s marks the subject in the reference, and mask_t is where the target's words attend
(`specref_region.py`); scaling is left out of it. Layers, steps, thresholds, how mask_t is made and local blend are the
code's, too, and the preset `official` reproduces it. Every deviation is a parameter whose official value is the code's;
`specref_parameters.py` says whose choice each is. What `fit`, `paste`, `align_reference` and `plain_ground` ask for
happens before and after, in `editing/prepare.py` and `editing/square_edit.py`.
"""

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.alignment import Alignment, aligned
from refedit.diffusion.attention import AttentionControl, Heads, KeyHeads, Site, attend, grid_of
from refedit.diffusion.backbone import Denoiser, TextEmbedding
from refedit.diffusion.ddim import RowLatents, Schedule, Stage, Step
from refedit.diffusion.inversion import Feature, Features, FeatureSpec
from refedit.diffusion.prompt_to_prompt import LocalBlend, PromptToPrompt, word_factors, word_shares
from refedit.diffusion.rows import Row, Rows, can_guide, guided_step
from refedit.diffusion.word_maps import TrackedWords, WordMap, WordMaps
from refedit.diffusion.words import names_another_thing, word_weights
from refedit.imaging.masks import at_grid
from refedit.methods.method import Edited, Task
from refedit.methods.specref_parameters import SpecRefParameters
from refedit.methods.specref_region import EditRegion, only_painted, words_to_read

INVERT_SOURCE, INVERT_REFERENCE = Stage("Inverting the source"), Stage("Inverting the reference")
EDIT = Stage("Editing", draws=True)


class Branch(Enum):
    """The source as it is redrawn, and the edited picture."""

    SOURCE = auto()
    TARGET = auto()


SOURCE, TARGET = Row(Branch.SOURCE), Row(Branch.TARGET)
SOURCE_UNCOND, TARGET_UNCOND = (Row(branch, unconditional=True) for branch in Branch)
ROW_OF: Mapping[WordMap, Row] = {
    WordMap.EDITED: TARGET,
    WordMap.BLEND_SOURCE: SOURCE,
    WordMap.BLEND_TARGET: TARGET,
    WordMap.STAY_SOURCE: SOURCE,
    WordMap.STAY_TARGET: TARGET,
}
"""Whose attention to words makes which map."""


@dataclass(frozen=True, kw_only=True)
class SpecRef(SpecRefParameters):
    """SpecRef with its parameters; `edit` runs it."""

    @property
    def stages(self) -> Mapping[Stage, float]:
        return {INVERT_SOURCE: 1.0, INVERT_REFERENCE: 1.0, EDIT: 4.0}

    def draws_by_lot(self, painted: bool) -> bool:
        return self.reference_at == "noised" or (painted and self.fresh_noise > 0)

    @torch.no_grad()
    def edit(self, model: Denoiser, task: Task) -> Generator[Step, None, Edited]:
        """Runs the edit; a step's last row is the edited picture's, before which a traced task has the source's."""
        schedule, plan = model.schedule(self.steps), Plan.of(self._for(task), model, task)
        # The source is inverted with its own prompt and without guidance, as in the public code.
        pivots = yield from task.inverter.trajectory(INVERT_SOURCE, task.source, task.source_prompt, schedule)
        features = yield from self._features(model, task, schedule)
        z, mask = self._start(pivots[-1], model, task), None  # from the source's noise; the reference's is not used
        for step, timestep in enumerate(schedule.timesteps):
            # The source never drifts: every step starts from its inversion (code: aspecp2p.py, `gl.opt` 2).
            pivot, next_pivot = pivots[len(schedule) - step], pivots[len(schedule) - step - 1]
            rows, alpha_bars = plan.rows(step), schedule.alpha_bars[step : step + 2]
            states = rows.states({Branch.SOURCE: pivot, Branch.TARGET: z})
            text, control = rows.texts(plan.texts, plan.empty), plan.control(step, rows, features)
            noise = rows.by_row(model.predict_noise(states, timestep, text, control))
            z, denoised = guided_step(z, noise, Branch.TARGET, self.guidance, alpha_bars)
            source = None
            if can_guide(noise, Branch.SOURCE, self.guidance):
                source, _ = guided_step(pivot, noise, Branch.SOURCE, self.guidance, alpha_bars)
            mask = plan.blend_mask(step)
            if mask is not None:
                # The code blends with its own guided step from the pivot, not with the next pivot, which is exact.
                base = next_pivot if self.pivot_blend or source is None else source
                z = base + mask[1] * (z - base)
            yield Step(
                stage=EDIT,
                number=step + 1,
                of=len(schedule),
                denoised=denoised,
                rows=z if source is None or not task.trace_all_rows else torch.cat([source, z]),
                words=plan.words_read(step),
                blend=mask,
            )
        return Edited(latents=z, mask=plan.words_mask(mask))

    def _for(self, task: Task) -> "SpecRef":
        """With what follows from the prompts: another thing need not stand as the old one does (our choice)."""
        if self.other_kind == "same layout" or not names_another_thing(task.prompt, task.source_prompt):
            return self
        return replace(self, self_replace=0.0, cross_replace=0.0)

    def _start(self, inverted: RowLatents, model: Denoiser, task: Task) -> RowLatents:
        """What the edit starts from: the source's noise, in a painted region partly renewed (our choice)."""
        if task.region is None or not self.fresh_noise:
            return inverted
        noise = torch.randn(inverted.shape, generator=torch.Generator().manual_seed(self.seed)).to(inverted)
        mixed = math.sqrt(1 - self.fresh_noise) * inverted + math.sqrt(self.fresh_noise) * noise
        return torch.where(at_grid(task.region, model.latent_grid, "area", 0.25) > 0, mixed, inverted)

    def _features(self, model: Denoiser, task: Task, schedule: Schedule) -> Generator[Step, None, Features]:
        """Keys and values of the reference, recorded while it is inverted (code: specp2p/myatt.py)."""
        if task.reference is None:
            return {}
        sites = (round(share * model.self_sites) for share in (self.reference_sites_start, self.reference_sites_end))
        spec = FeatureSpec(
            steps=self.reference_steps,
            sites=range(*sites),
            subject=task.subject if self.masks in ("both", "subject") else None,
            threshold=self.threshold,
            mode=self.interpolation,
            empty=self.empty_subject,
            at=self.reference_at,
            seed=self.seed if self.reference_at == "noised" else 0,
        )
        upto = len(schedule) if task.trace_all_rows else None
        prompt = task.reference_prompt
        return (yield from task.inverter.features(INVERT_REFERENCE, task.reference, prompt, schedule, spec, upto))

    @property
    def reference_steps(self) -> range:
        """The steps with reference attention (code: 4 to 49 of 50)."""
        shares = (self.reference_steps_start, self.reference_steps_end)
        return range(*(round(share * self.steps) for share in shares))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one edit needs at every step: its rows, their control, and where it may go.

    `crosses` says for every step how the target's words follow the source's in cross-attention, None once they are
    free. Only `maps` changes, with every `control`.
    """

    method: SpecRef
    task: Task
    texts: Mapping[Enum, TextEmbedding]
    empty: TextEmbedding
    crosses: tuple[Alignment | None, ...]
    maps: WordMaps
    region: EditRegion
    latent_grid: int

    @classmethod
    def of(cls, method: SpecRef, model: Denoiser, task: Task) -> "Plan":
        # Embedding comes first: it says if a prompt is too long.
        texts: dict[Enum, TextEmbedding] = {}
        texts[Branch.SOURCE], texts[Branch.TARGET] = model.embed(task.source_prompt), model.embed(task.prompt)
        empty, words = model.embed(""), _tracked_words(method, model, task)
        maps = WordMaps(grid=model.word_grid, words=words, device=model.device, recent=method.recent_maps)
        return cls(
            method=method,
            task=task,
            texts=texts,
            empty=empty,
            crosses=_alignment(method, model, task).over(_shares(method, model, task), model.device),
            maps=maps,
            region=EditRegion.of(method, task, maps),
            latent_grid=model.latent_grid,
        )

    def rows(self, step: int) -> Rows:
        """The rows that this step reads; the target comes last."""
        guides = self.method.guidance != 1
        redraws = self.task.trace_all_rows or (self._blends(step) and not self.method.pivot_blend)
        return Rows.needed(
            {
                SOURCE_UNCOND: guides and redraws,
                TARGET_UNCOND: guides,
                SOURCE: redraws or self._follows(step) or self.maps.reads(SOURCE),
                TARGET: True,
            }
        )

    def control(self, step: int, rows: Rows, features: Features) -> AttentionControl | None:
        """This step's control, or None if the UNet is to run as it is."""
        self.maps.begin_step()
        recorded = {site: kept for site, kept in features.get(step, {}).items() if kept[0].shape[1]}
        if not (recorded or self._follows(step) or self.maps.words):
            return None
        layout = PromptToPrompt(
            rows=rows,
            source=SOURCE,
            target=TARGET,
            cross=self.crosses[step],
            self_grid=self.latent_grid // 2 if self._keeps_layout(step) else 0,
            maps=self.maps if self.maps.words else None,
        )
        strengths = {TARGET: 1.0, TARGET_UNCOND: self.method.unconditional}
        return ReferenceAttention(
            fallback=layout,
            rows=rows,
            features=recorded,
            strengths={row: strength for row, strength in strengths.items() if row in rows and strength},
            region=self.region,
            own_keys=self.method.own_keys,
            weight=self.method.reference_weight,
        )

    def blend_mask(self, step: int) -> Float[Tensor, "2 grid grid"] | None:
        """Where the source's and the target's words are on the latents, binary; None before blending begins.

        Outside of the second one the latents are the source's. It is the painted region, local blend's mask, or both.
        """
        if not self._blends(step):
            return None
        grid = self.latent_grid
        blend = LocalBlend(threshold=self.method.blend_threshold, stay_threshold=self.method.stay_threshold)
        if only_painted(self.method, self.task) or self.method.shared_mask:
            return self.region.at(grid) * ~blend.stay(self.maps, grid)
        mask = blend.mask(self.maps, grid)
        return mask if self.region.painted is None else mask * self.region.painted_at(grid)

    def words_mask(self, mask: Float[Tensor, "2 grid grid"] | None) -> Float[Tensor, "grid grid"] | None:
        """The target's blend mask, or None if no word had a part in it."""
        return None if mask is None or (self.region.painted is not None and not self.maps.words) else mask[1]

    def words_read(self, step: int) -> Float[Tensor, "word_grid word_grid"] | None:
        """mask_t as it stands after a step, before it is cut; None where nothing looks at the reference."""
        looks = self.task.reference is not None and step in self.method.reference_steps
        return self.region.words() if looks else None

    def _blends(self, step: int) -> bool:
        return self.method.blend and step >= int(self.method.blend_start * self.method.steps)

    def _keeps_layout(self, step: int) -> bool:
        window = (self.method.self_replace_start, self.method.self_replace)
        start, end = (int(self.method.steps * share) for share in window)
        return start <= step < end

    def _follows(self, step: int) -> bool:
        return self._keeps_layout(step) or self.crosses[step] is not None


@dataclass(frozen=True, kw_only=True)
class ReferenceAttention:
    """Specific Reference Attention, the equation above, as the control of one step.

    Where there are `features` of a site, the rows of `strengths` look at the reference, each so much (1: inside the
    region its output is replaced; the code: only the target's row). Everywhere else `fallback` decides; so in these
    layers the source's layout is not held (code: specp2p/maskhalf.py, AttHalfMutualMask). Only the subject's tokens
    were recorded, which is the same as masking the others' logits. With `own_keys` queries attend to their own row's
    keys as well, and the reference's logits are raised by log `weight` (StyleAligned's form, arXiv:2312.02133; our
    choice).
    """

    fallback: AttentionControl
    rows: Rows
    features: Mapping[int, tuple[Feature, Feature]]
    strengths: Mapping[Row, float]
    region: EditRegion
    own_keys: bool = False
    weight: float = 1.0

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind == "cross" or site.index not in self.features:
            return self.fallback(site, q, k, v)
        out, grid = attend(q, k, v), grid_of(q)
        for name, strength in self.strengths.items():
            row = self.rows.index(name)
            if self.region.is_painted:
                places = self.region.painted_places(grid)
                seen = self._look(q[row][:, places], k[row], v[row], *self.features[site.index])
                out[row, :, places] = torch.lerp(out[row, :, places], seen, strength)
            else:  # the words' places change with every site: finding them would wait for a GPU
                inside = self.region.at(grid).flatten()[:, None].bool()
                seen = self._look(q[row], k[row], v[row], *self.features[site.index])
                out[row] = torch.where(inside, torch.lerp(out[row], seen, strength), out[row])
        return out

    def _look(
        self,
        q: Float[Tensor, "heads queries channels"],
        k: Float[Tensor, "heads positions channels"],
        v: Float[Tensor, "heads positions channels"],
        k_ref: Feature,
        v_ref: Feature,
    ) -> Float[Tensor, "heads queries channels"]:
        if not self.own_keys:
            return attend(q, k_ref, v_ref)
        bias = functional.pad(q.new_full((1, k_ref.shape[1]), math.log(self.weight)), (k.shape[1], 0))
        return attend(q, torch.cat([k, k_ref], 1), torch.cat([v, v_ref], 1), bias)  # keys: own, then the reference's


def _tracked_words(method: SpecRef, model: Denoiser, task: Task) -> dict[WordMap, TrackedWords]:
    prompts = {SOURCE: task.source_prompt, TARGET: task.prompt}

    def tracked(row: Row, named: tuple[str, ...]) -> TrackedWords:
        weights = word_weights(prompts[row], named, model.tokens, model.token_count)
        return TrackedWords(row=row, weights=weights.to(model.device))

    return {name: tracked(ROW_OF[name], named) for name, named in words_to_read(method, task).items()}


def _alignment(method: SpecRef, model: Denoiser, task: Task) -> Alignment:
    tokens = model.tokens, model.token_count
    how = {"exact": method.exact_alignment, "controller": method.controller}
    follows = aligned(task.source_prompt, task.prompt, *tokens, **how)  # type: ignore[arg-type]
    return follows.reweighted(word_factors(task.prompt, method.reweight, *tokens))


def _shares(method: SpecRef, model: Denoiser, task: Task) -> Float[Tensor, "steps tokens"]:
    window = (method.cross_replace_start, method.cross_replace)
    return word_shares(task.prompt, window, method.word_cross_replace, method.steps, model.tokens, model.token_count)
