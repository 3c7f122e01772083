"""Results that no method made: what any edit can be compared with."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from PIL import Image

from refedit.images import to_image, to_tensor
from refedit.stable_diffusion import StableDiffusion


@runtime_checkable
class Bound(Protocol):
    """Makes a result from a case's source and true result."""

    def picture(self, model: StableDiffusion, source: Image.Image, truth: Image.Image) -> Image.Image: ...


@dataclass(frozen=True)
class SourceUnchanged:
    """No edit at all."""

    def picture(self, model: StableDiffusion, source: Image.Image, truth: Image.Image) -> Image.Image:
        return source


@dataclass(frozen=True)
class SourceRoundTrip:
    """The source through the VAE: no latent edit keeps more of it."""

    def picture(self, model: StableDiffusion, source: Image.Image, truth: Image.Image) -> Image.Image:
        return round_trip(model, source)


@dataclass(frozen=True)
class TruthRoundTrip:
    """The true result through the VAE: the best that a latent edit can be."""

    def picture(self, model: StableDiffusion, source: Image.Image, truth: Image.Image) -> Image.Image:
        return round_trip(model, truth)


def round_trip(model: StableDiffusion, picture: Image.Image) -> Image.Image:
    """A picture of the model's size, encoded and decoded."""
    return to_image(model.decode(model.encode(to_tensor(picture)))[0])
