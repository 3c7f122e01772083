"""What a model offers: to methods (`Denoiser`), and to whoever runs an edit (`Backbone`).

A network of another family enters here: whatever keeps these promises can be edited with. Knows no network.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from refedit.diffusion.attention import AttentionControl
from refedit.diffusion.ddim import Latents, Schedule
from refedit.diffusion.vocabulary import Reading


@dataclass(frozen=True, kw_only=True)
class TextEmbedding:
    """A prompt as a network reads it, one row for each row of latents.

    `tokens` are what cross-attention meets; `pooled` is a summary of the whole prompt, None where the network reads
    none (Stable Diffusion 1.x and 2.x).
    """

    tokens: Float[Tensor, "rows tokens features"]
    pooled: Float[Tensor, "rows summary"] | None = None

    @classmethod
    def cat(cls, parts: Sequence["TextEmbedding"]) -> "TextEmbedding":
        """The rows of all parts, in their order."""
        return parts[0].combined(lambda *tensors: torch.cat(tensors), *parts[1:])

    def lerp(self, other: "TextEmbedding", weight: float) -> "TextEmbedding":
        """Linear interpolation: this embedding at weight 0, the other one at 1."""
        return self.combined(lambda start, end: torch.lerp(start, end, weight), other)

    def combined(self, function: Callable[..., Tensor], *others: "TextEmbedding") -> "TextEmbedding":
        """The embedding whose parts are a function of the same parts of this one and of others."""
        tokens = function(self.tokens, *(other.tokens for other in others))
        if self.pooled is None:
            return TextEmbedding(tokens=tokens)
        return TextEmbedding(tokens=tokens, pooled=function(self.pooled, *(other.pooled for other in others)))

    def with_tokens(self, tokens: Float[Tensor, "rows tokens features"]) -> "TextEmbedding":
        """The same summary with other tokens."""
        return replace(self, tokens=tokens)


@runtime_checkable
class Denoiser(Protocol):
    """A latent diffusion network with its text tower, as methods see it."""

    @property
    def self_sites(self) -> int:
        """How many self-attention sites there are."""
        ...

    @property
    def latent_grid(self) -> int:
        """Height and width of the latents."""
        ...

    @property
    def word_grid(self) -> int:
        """The attention grid whose cross-attention maps tell where a word is."""
        ...

    @property
    def device(self) -> torch.device: ...

    def schedule(self, steps: int, clean_alpha_bar: float | None = 1.0) -> Schedule:
        """The DDIM schedule of `steps`; `clean_alpha_bar` None takes the first training level for the clean picture."""
        ...

    def alpha_bar(self, timestep: int) -> float:
        """The signal level (0..1) of a training timestep."""
        ...

    @property
    def token_count(self) -> int:
        """Tokens of a text embedding, start and end included."""
        ...

    def tokens(self, text: str) -> tuple[int, ...]:
        """Token ids of a text, without start and end."""
        ...

    def embed(self, prompt: str) -> TextEmbedding:
        """The prompt's embedding (1 row); EditError if it is longer than the network reads."""
        ...

    def predict_noise(
        self, latents: Latents, timestep: int, text: TextEmbedding, control: AttentionControl | None = None
    ) -> Latents:
        """The noise in latents at a timestep, in float32; differentiable in `text`."""
        ...


@runtime_checkable
class Backbone(Denoiser, Protocol):
    """A whole model: a denoiser with its autoencoder. Nothing in it changes after loading."""

    @property
    def name(self) -> str:
        """As it is listed, or its folder or hub id."""
        ...

    @property
    def size(self) -> int:
        """Side of the square pictures it works on, in pixels."""
        ...

    @property
    def latent_channels(self) -> int: ...

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the denoiser computes; latents and embeddings are float32."""
        ...

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The networks by the names of their folders."""
        ...

    def read(self, sentence: str) -> Reading:
        """The sentence as the model reads it: what is embedded and counted, and what became of the other words."""
        ...

    def encode(self, picture: Float[Tensor, "rows 3 side side"]) -> Latents:
        """Latents of a picture in [-1, 1]."""
        ...

    def decode(self, latents: Latents) -> Float[Tensor, "rows 3 side side"]:
        """Pictures in [-1, 1]."""
        ...

    def trainable_copy(self) -> tuple["Backbone", list[nn.Parameter]]:
        """A copy with a denoiser of its own, which may be trained, and that denoiser's weights."""
        ...
