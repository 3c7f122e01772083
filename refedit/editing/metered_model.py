"""A model for one edit: it can be stopped, counts its work, and remembers embeddings."""

import threading
from copy import copy

import torch
from torch import nn

from refedit.diffusion.attention import AttentionControl
from refedit.diffusion.backbone import Backbone, TextEmbedding
from refedit.diffusion.ddim import Latents, Schedule
from refedit.errors import EditError, Stopped
from refedit.machine.cache import Cache, content_key


class MeteredModel:
    """The `Denoiser` that a method is given; with `cancel` set it raises `Stopped` before the next UNet call."""

    def __init__(self, model: Backbone, cache: Cache, cancel: threading.Event) -> None:
        self._model, self._cache, self._cancel = model, cache, cancel
        self._calls: list[int] = []
        self.self_sites, self.latent_grid, self.word_grid = model.self_sites, model.latent_grid, model.word_grid
        self.token_count, self.device = model.token_count, model.device

    @property
    def rows(self) -> int:
        """UNet rows so far, those of trainable copies included."""
        return sum(self._calls)

    def trainable(self) -> tuple["MeteredModel", list[nn.Parameter]]:
        """A copy under the same meter whose denoiser may be trained, and that denoiser's weights."""
        twin = copy(self)
        twin._model, weights = self._model.trainable_copy()
        return twin, weights

    def schedule(self, steps: int, clean_alpha_bar: float | None = 1.0) -> Schedule:
        return self._model.schedule(steps, clean_alpha_bar)

    def alpha_bar(self, timestep: int) -> float:
        return self._model.alpha_bar(timestep)

    def tokens(self, text: str) -> tuple[int, ...]:
        return self._model.tokens(text)

    def embed(self, prompt: str) -> TextEmbedding:
        key = content_key("text", prompt)
        known: TextEmbedding | None = self._cache.get(key)
        if known is None:
            known = self._model.embed(prompt)
            self._cache.put(key, known)
        return known

    def predict_noise(
        self, latents: Latents, timestep: int, text: TextEmbedding, control: AttentionControl | None = None
    ) -> Latents:
        if self._cancel.is_set():
            raise Stopped
        self._calls.append(len(latents))
        eps = self._model.predict_noise(latents, timestep, text, control)
        if not bool(torch.isfinite(eps.detach()).all()):
            raise EditError("The model's numbers overflowed. Try again on another device or with fewer steps.")
        return eps
