"""One SpecRef edit's plan: which rows run at a step, under which control, and where the edit may go."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from refedit.diffusion.alignment import Alignment, refinement, replacement, same_word_count
from refedit.diffusion.attention import AttentionControl, WordMaps
from refedit.diffusion.ddim import Denoiser
from refedit.diffusion.inversion import Features
from refedit.diffusion.prompt_to_prompt import LocalBlend, PromptToPrompt, word_factors, word_shares
from refedit.methods.reference_attention import EditRegion, ReferenceAttention
from refedit.methods.specref_parameters import SpecRefParameters
from refedit.methods.specref_words import only_painted, read_words
from refedit.methods.task import Task


def reference_steps(method: SpecRefParameters) -> range:
    """The steps with reference attention."""
    return range(*(round(share * method.steps) for share in (method.reference_steps_start, method.reference_steps_end)))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One edit's texts, the prompts' alignment, and where to edit; only `maps` changes, with every `control`."""

    method: SpecRefParameters
    task: Task
    texts: Mapping[str, Tensor]
    alignment: Alignment
    shares: Tensor
    maps: WordMaps
    region: EditRegion
    latent_grid: int

    @classmethod
    def of(cls, method: SpecRefParameters, model: Denoiser, task: Task) -> "Plan":
        # Embedding comes first: it says if a prompt is too long.
        texts = {"source": model.embed(task.source_prompt), "target": model.embed(task.prompt), "": model.embed("")}
        words = read_words(method, model, task)
        maps = WordMaps(grid=model.word_grid, words=words, device=model.device, recent=method.recent_maps)
        return cls(
            method=method,
            task=task,
            texts=texts,
            alignment=_alignment(method, model, task).to(model.device),
            shares=_shares(method, model, task).to(model.device),
            maps=maps,
            region=_region(method, task, maps),
            latent_grid=model.latent_grid,
        )

    def rows(self, step: int) -> list[str]:
        """The branches that this step reads; the target comes last."""
        guided = self.method.guidance != 1
        rebuilds = self.task.whole or (self._blends(step) and not self.method.pivot_blend)
        wanted = {
            "source uncond": guided and rebuilds,
            "target uncond": guided,
            "source": rebuilds or self._follows(step) or any(row == "source" for row, _ in self.maps.words.values()),
            "target": True,
        }
        return [row for row, needed in wanted.items() if needed]

    def text(self, rows: list[str]) -> Tensor:
        return torch.cat([self.texts.get(row, self.texts[""]) for row in rows])

    def control(self, step: int, rows: list[str], features: Features) -> AttentionControl | None:
        """This step's control, or None if the UNet is to run as it is."""
        self.maps.begin_step()
        recorded = {site: kept for site, kept in features.get(step, {}).items() if kept[0].shape[1]}
        if not (recorded or self._follows(step) or self.maps.words):
            return None
        follow = PromptToPrompt(
            rows=rows,
            source="source",
            target="target",
            cross=self._cross(step),
            self_grid=self.latent_grid // 2 if self._keeps_layout(step) else 0,
            maps=self.maps if self.maps.words else None,
        )
        strengths = {"target": 1.0, "target uncond": self.method.unconditional}
        return ReferenceAttention(
            otherwise=follow,
            rows=rows,
            features=recorded,
            strengths={row: strength for row, strength in strengths.items() if row in rows and strength},
            region=self.region,
            own_keys=self.method.own_keys,
            weight=self.method.reference_weight,
        )

    def blend_mask(self, step: int) -> Tensor | None:
        """Binary masks (2, grid, grid) of the source's and the target's words at the latents, or None."""
        if not self._blends(step):
            return None
        grid = self.latent_grid
        blend = LocalBlend(threshold=self.method.blend_threshold, stay_threshold=self.method.stay_threshold)
        if only_painted(self.method, self.task) or self.method.shared_mask:
            return self.region.at(grid) * ~blend.stay(self.maps, grid)
        mask = blend.mask(self.maps, grid)
        return mask if self.region.painted is None else mask * self.region.painted_at(grid)

    def words_mask(self, mask: Tensor | None) -> Tensor | None:
        """The target's blend mask, or None if no word had a part in it."""
        return None if mask is None or (self.region.painted is not None and not self.maps.words) else mask[1]

    def used_masks(self, step: int, mask: Tensor | None) -> dict[str, Tensor]:
        """The words' map as it stands after a step, and the blend mask as used, for traces."""
        looks = self.task.reference is not None and step in reference_steps(self.method)
        words = self.region.words() if looks else None
        found = {"mask_t": words, "blend_mask": mask}
        return {name: value for name, value in found.items() if value is not None}

    def _blends(self, step: int) -> bool:
        return self.method.blend and step >= int(self.method.blend_start * self.method.steps)

    def _keeps_layout(self, step: int) -> bool:
        window = (self.method.self_replace_start, self.method.self_replace)
        start, end = (int(self.method.steps * share) for share in window)
        return start <= step < end

    def _cross(self, step: int) -> Alignment | None:
        now = self.alignment.during(self.shares[step])
        return None if now.is_identity else now

    def _follows(self, step: int) -> bool:
        return self._keeps_layout(step) or self._cross(step) is not None


def _alignment(method: SpecRefParameters, model: Denoiser, task: Task) -> Alignment:
    prompts = task.source_prompt, task.prompt
    if method.controller == "replace" or (method.controller == "auto" and same_word_count(*prompts)):
        found = replacement(*prompts, model.tokens, model.token_count, method.exact_alignment)
    else:
        found = refinement(*prompts, model.tokens, model.token_count)
    return found.reweighted(word_factors(task.prompt, method.reweight, model.tokens, model.token_count))


def _shares(method: SpecRefParameters, model: Denoiser, task: Task) -> Tensor:
    window = (method.cross_replace_start, method.cross_replace)
    return word_shares(task.prompt, window, method.word_cross_replace, method.steps, model.tokens, model.token_count)


def _region(method: SpecRefParameters, task: Task, maps: WordMaps) -> EditRegion:
    return EditRegion(
        maps=maps,
        painted=task.region,
        combine=method.combine,
        threshold=method.region_threshold,
        mode=method.interpolation,
        everywhere=method.masks in ("subject", "none"),
    )
