"""DDIM inversion: from a picture's latents up to noise, with the attention features on the way recorded if asked.

One picture at a time, so that a remembered inversion is bit-equal to a fresh one.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Literal

import torch
from jaxtyping import Float, Int
from torch import Tensor

from refedit.diffusion.attention import Heads, KeyHeads, Site, attend, grid_of
from refedit.diffusion.backbone import Denoiser
from refedit.diffusion.ddim import Latents, Schedule, Stage, Step, denoised_latents, move
from refedit.errors import EditError
from refedit.imaging.masks import Resize, at_grid
from refedit.machine.cache import Cache, content_key

Trajectory = tuple[Latents, ...]
"""Latents (1 row) level by level: index 0 is the picture, index k the result of k steps up."""

Feature = Float[Tensor, "heads tokens channels"]
Features = dict[int, dict[int, tuple[Feature, Feature]]]
"""Keys and values by editing step and self-attention site."""

ReferenceAt = Literal["inversion", "aligned", "noised"]
EmptySubject = Literal["error", "average", "skip"]


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """Which features of a reference are recorded: at which editing steps and sites, which tokens, at which latents.

    `subject` (1 inside; None: everything) is resized to an attention grid with `mode` and cut at `threshold`. `empty`
    tells what to do where none of it is left: "error", "skip", or "average" all tokens, as SpecRef's public code
    happens to. `at` is "inversion" (the latents one step cleaner than the timestep says, as in that code), "aligned"
    (those of the timestep itself) or "noised" (the picture with noise of `seed`, not inverted).
    """

    steps: range
    sites: range
    subject: Float[Tensor, "side side"] | None
    threshold: float = 0.5
    mode: Resize = "nearest"
    empty: EmptySubject = "error"
    at: ReferenceAt = "inversion"
    seed: int = 0

    def places(self, grid: int) -> Int[Tensor, " inside"] | None:
        """The tokens of an attention grid to keep, None for all."""
        if self.subject is None:
            return None
        return at_grid(self.subject, grid, self.mode, self.threshold).flatten().nonzero()[:, 0]

    def pick(self, states: Float[Tensor, "heads positions channels"], places: Int[Tensor, " inside"] | None) -> Feature:
        """The tokens to keep, which `places` tells."""
        if places is None:
            return states
        if len(places) or self.empty == "skip":
            return states[:, places].contiguous()  # (heads, tokens, channels)
        if self.empty == "error":
            raise EditError("The reference's mask is too small for this model to see. Paint a larger one.")
        # An all-masked softmax is uniform in that code: one key, whatever it is, with the mean value does the same.
        return states.mean(1, keepdim=True)  # (heads, 1, channels)


@dataclass(frozen=True)
class FeatureRecorder:
    """A control that changes nothing and keeps row 0's keys and values of some self-attention sites.

    `places` are those of the spec by grid; recorders of one walk share them, since finding them waits for a GPU.
    """

    spec: FeatureSpec
    places: dict[int, Tensor | None] = field(default_factory=dict)
    kept: dict[int, tuple[Feature, Feature]] = field(default_factory=dict)

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind == "self" and site.index in self.spec.sites:
            grid = grid_of(q)
            if grid not in self.places:
                self.places[grid] = self.spec.places(grid)
            self.kept[site.index] = (self.spec.pick(k[0], self.places[grid]), self.spec.pick(v[0], self.places[grid]))
        return attend(q, k, v)


@dataclass(frozen=True)
class Inverter:
    """Inverts pictures with a model, and remembers what it computed."""

    model: Denoiser
    cache: Cache

    def trajectory(
        self, stage: Stage, latents: Latents, prompt: str, schedule: Schedule, upto: int | None = None
    ) -> Generator[Step, None, Trajectory]:
        """The first `upto` steps up (default all) with a prompt at guidance 1; `upto` + 1 levels."""
        count = len(schedule) if upto is None else upto
        levels, _ = yield from self._walk(stage, latents, prompt, schedule, count, None, count)
        return levels

    def features(
        self,
        stage: Stage,
        latents: Latents,
        prompt: str,
        schedule: Schedule,
        spec: FeatureSpec,
        upto: int | None = None,
    ) -> Generator[Step, None, Features]:
        """A reference's features for the editing steps of `spec`.

        Only the steps that are read are inverted, unless `upto` asks for more.
        """
        needed = len(schedule) - spec.steps.start if len(spec.steps) else 0
        key = content_key("features", latents, prompt, schedule, spec)
        known: Features | None = self.cache.get(key)
        count = max(upto or 0, 0 if spec.at == "noised" else needed)
        on_the_way = known is None and spec.at == "inversion"
        afterwards = known is None and spec.at != "inversion"
        total = count + len(spec.steps) * afterwards
        walk_with = spec if on_the_way else None
        levels, features = yield from self._walk(stage, latents, prompt, schedule, count, walk_with, total)
        if afterwards:
            features = yield from self._revisit(stage, levels, prompt, schedule, spec, count)
        if known is None:
            self.cache.put(key, features)
        return features if known is None else known

    def _walk(
        self,
        stage: Stage,
        latents: Latents,
        prompt: str,
        schedule: Schedule,
        count: int,
        spec: FeatureSpec | None,
        of: int,
    ) -> Generator[Step, None, tuple[Trajectory, Features]]:
        """`count` levels up, recording `spec`; `of` is how many steps the stage has together with a later part."""
        key = content_key("trajectory", latents, prompt, schedule)
        levels: list[Latents] = list(self.cache.get(key) or (latents,))
        text, features, places = self.model.embed(prompt), Features(), dict[int, Tensor | None]()
        for i in range(count):
            step = len(schedule) - 1 - i
            recorder = FeatureRecorder(spec, places) if spec and step in spec.steps else None
            if recorder is None and i + 1 < len(levels):
                continue
            eps = self.model.predict_noise(levels[i], schedule.timesteps[step], text, recorder)
            alpha_bar, alpha_bar_up = schedule.alpha_bars[step + 1], schedule.alpha_bars[step]
            if i + 1 == len(levels):
                levels.append(move(levels[i], eps, alpha_bar, alpha_bar_up))
            if recorder is not None:
                features[step] = recorder.kept
            denoised = denoised_latents(levels[i], eps, alpha_bar)
            yield Step(stage=stage, number=i + 1, of=of, denoised=denoised, rows=levels[i + 1])
        self.cache.put(key, tuple(levels))
        return tuple(levels[: count + 1]), features

    def _revisit(
        self, stage: Stage, levels: Trajectory, prompt: str, schedule: Schedule, spec: FeatureSpec, before: int
    ) -> Generator[Step, None, Features]:
        """Records at known latents; the stage has had `before` steps."""
        text, features, places = self.model.embed(prompt), Features(), dict[int, Tensor | None]()
        noise = torch.randn(levels[0].shape, generator=torch.Generator().manual_seed(spec.seed)).to(levels[0])
        for number, step in enumerate(reversed(spec.steps), before + 1):
            alpha_bar = schedule.alpha_bars[step]
            noised = move(levels[0], noise, 1.0, alpha_bar)
            z = noised if spec.at == "noised" else levels[len(schedule) - step]
            recorder = FeatureRecorder(spec, places)
            eps = self.model.predict_noise(z, schedule.timesteps[step], text, recorder)
            features[step] = recorder.kept
            of, denoised = before + len(spec.steps), denoised_latents(z, eps, alpha_bar)
            yield Step(stage=stage, number=number, of=of, denoised=denoised, rows=z)
        return features
