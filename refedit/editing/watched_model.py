"""A model under watch for one edit: it can be stopped, counts its work, and remembers embeddings."""

import threading
from copy import copy, deepcopy

import torch
from torch import Tensor, nn

from refedit.diffusion.attention import AttentionControl
from refedit.diffusion.ddim import Schedule
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.errors import EditError, Stopped
from refedit.machine.cache import Memory, content_key


class WatchedModel:
    """A model for one edit: stops before a UNet call when asked to, counts rows, remembers embeddings."""

    def __init__(self, model: StableDiffusion, memory: Memory, cancel: threading.Event) -> None:
        self._model, self._memory, self._cancel = model, memory, cancel
        self._calls: list[int] = []
        self.self_sites, self.latent_grid, self.word_grid = model.self_sites, model.latent_grid, model.word_grid
        self.token_count, self.device = model.token_count, model.device

    @property
    def rows(self) -> int:
        """Of the UNet so far, those of trainable copies included."""
        return sum(self._calls)

    def trainable(self) -> tuple["WatchedModel", list[nn.Parameter]]:
        """A copy under the same watch with a UNet of its own, which may be trained, and that UNet's weights.

        It computes in single precision: steps of training are lost in half of it.
        """
        twin = copy(self)
        twin._model = copy(self._model)
        twin._model.unet, twin._model.dtype = deepcopy(self._model.unet).float().requires_grad_(), torch.float32
        return twin, list(twin._model.unet.parameters())

    def schedule(self, steps: int, clean_alpha: float | None = 1.0) -> Schedule:
        return self._model.schedule(steps, clean_alpha)

    def tokens(self, text: str) -> tuple[int, ...]:
        return self._model.tokens(text)

    def embed(self, prompt: str) -> Tensor:
        key = content_key("text", prompt)
        known: Tensor | None = self._memory.get(key)
        if known is None:
            known = self._model.embed(prompt)
            self._memory.put(key, known)
        return known

    def predict_noise(
        self, latents: Tensor, timestep: int, text: Tensor, control: AttentionControl | None = None
    ) -> Tensor:
        if self._cancel.is_set():
            raise Stopped
        self._calls.append(len(latents))
        eps = self._model.predict_noise(latents, timestep, text, control)
        if not bool(torch.isfinite(eps.detach()).all()):
            raise EditError("The model's numbers overflowed. Try again on another device or with fewer steps.")
        return eps
