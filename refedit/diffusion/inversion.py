"""DDIM inversion: from a picture's latents up to noise, with the attention features on the way recorded if asked.

One picture at a time, so that a remembered inversion is bit-equal to a fresh one.
"""

from collections.abc import Generator
from dataclasses import dataclass, field, fields
from typing import Literal

import torch
from torch import Tensor

from refedit.diffusion.attention import Site, attend, grid_of
from refedit.diffusion.ddim import Denoiser, Frame, Schedule, clean_estimate, move
from refedit.errors import EditError
from refedit.imaging.masks import at_grid
from refedit.machine.cache import Memory, content_key

Trajectory = tuple[Tensor, ...]
"""Latents (1, channels, height, width) level by level: index 0 is the picture, index k the result of k steps up."""

Features = dict[int, dict[int, tuple[Tensor, Tensor]]]
"""Keys and values, each (heads, tokens, channels), by editing step and self-attention site."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """What to record of a reference: at which editing steps and sites, which tokens, at which latents.

    `subject` (height, width; 1 inside; None: everything) is resized to an attention grid with `mode` and cut
    at `threshold`. `empty` tells what to do where none of it is left: "error", "skip", or "average" all tokens,
    as SpecRef's code happens to. `at` is "inversion" (the latents one step cleaner than the timestep says, as
    its code), "aligned" (those of the timestep itself) or "noised" (the picture with noise of `seed`, not inverted).
    """

    steps: range
    sites: range
    subject: Tensor | None
    threshold: float = 0.5
    mode: str = "nearest"
    empty: Literal["error", "average", "skip"] = "error"
    at: Literal["inversion", "aligned", "noised"] = "inversion"
    seed: int = 0

    def pick(self, states: Tensor) -> Tensor:
        """The tokens to keep of (heads, positions, channels)."""
        if self.subject is None:
            return states
        inside = at_grid(self.subject, grid_of(states), self.mode, self.threshold).flatten().bool()
        if bool(inside.any()) or self.empty == "skip":
            return states[:, inside].contiguous()
        if self.empty == "error":
            raise EditError("The reference's mask is too small for this model to see. Paint a larger one.")
        # An all-masked softmax is uniform in that code: one key, whatever it is, with the mean value does the same.
        return states.mean(1, keepdim=True)


@dataclass(frozen=True)
class Recorder:
    """A control that changes nothing and keeps row 0's keys and values of some self-attention sites."""

    what: Recording
    kept: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if site.kind == "self" and site.index in self.what.sites:
            self.kept[site.index] = (self.what.pick(k[0]), self.what.pick(v[0]))
        return attend(q, k, v)


@dataclass(frozen=True)
class Inverter:
    """Inverts pictures with a model, and remembers what it computed."""

    model: Denoiser
    memory: Memory

    def trajectory(
        self, stage: str, latents: Tensor, prompt: str, schedule: Schedule, upto: int | None = None
    ) -> Generator[Frame, None, Trajectory]:
        """The first `upto` steps up (default all) with a prompt at guidance 1; `upto` + 1 levels."""
        count = len(schedule) if upto is None else upto
        levels, _ = yield from self._walk(stage, latents, prompt, schedule, count, None, count)
        return levels

    def features(
        self, stage: str, latents: Tensor, prompt: str, schedule: Schedule, what: Recording, upto: int | None = None
    ) -> Generator[Frame, None, Features]:
        """A reference's features for the editing steps of `what`.

        Only the steps that are read are inverted, unless `upto` asks for more.
        """
        needed = len(schedule) - what.steps.start if len(what.steps) else 0
        options = (getattr(what, item.name) for item in fields(what))
        key = content_key("features", latents, prompt, schedule, *options)
        known: Features | None = self.memory.get(key)
        count = max(upto or 0, 0 if what.at == "noised" else needed)
        on_the_way = known is None and what.at == "inversion"
        afterwards = known is None and what.at != "inversion"
        total = count + len(what.steps) * afterwards
        walk_with = what if on_the_way else None
        levels, found = yield from self._walk(stage, latents, prompt, schedule, count, walk_with, total)
        if afterwards:
            found = yield from self._revisit(stage, levels, prompt, schedule, what, count)
        if known is None:
            self.memory.put(key, found)
        return found if known is None else known

    def _walk(
        self, stage: str, latents: Tensor, prompt: str, schedule: Schedule, count: int, what: Recording | None, of: int
    ) -> Generator[Frame, None, tuple[Trajectory, Features]]:
        """`count` levels up, recording `what`; `of` is how many steps the stage has together with a later part."""
        key = content_key("trajectory", latents, prompt, schedule)
        levels: list[Tensor] = list(self.memory.get(key) or (latents,))
        text, found = self.model.embed(prompt), Features()
        for i in range(count):
            step = len(schedule) - 1 - i
            recorder = Recorder(what) if what and step in what.steps else None
            if recorder is None and i + 1 < len(levels):
                continue
            eps = self.model.predict_noise(levels[i], schedule.timesteps[step], text, recorder)
            alpha, alpha_up = schedule.alphas[step + 1], schedule.alphas[step]
            if i + 1 == len(levels):
                levels.append(move(levels[i], eps, alpha, alpha_up))
            if recorder is not None:
                found[step] = recorder.kept
            yield Frame(
                stage=stage, step=i + 1, of=of, estimate=clean_estimate(levels[i], eps, alpha), rows=levels[i + 1]
            )
        self.memory.put(key, tuple(levels))
        return tuple(levels[: count + 1]), found

    def _revisit(
        self, stage: str, levels: Trajectory, prompt: str, schedule: Schedule, what: Recording, before: int
    ) -> Generator[Frame, None, Features]:
        """Records at known latents; the stage has had `before` steps."""
        text, found = self.model.embed(prompt), Features()
        noise = torch.randn(levels[0].shape, generator=torch.Generator().manual_seed(what.seed)).to(levels[0])
        for count, step in enumerate(reversed(what.steps), before + 1):
            alpha = schedule.alphas[step]
            noised = move(levels[0], noise, 1.0, alpha)
            z = noised if what.at == "noised" else levels[len(schedule) - step]
            recorder = Recorder(what)
            eps = self.model.predict_noise(z, schedule.timesteps[step], text, recorder)
            found[step] = recorder.kept
            of, estimate = before + len(what.steps), clean_estimate(z, eps, alpha)
            yield Frame(stage=stage, step=count, of=of, estimate=estimate, rows=z)
        return found
