"""What is seen of a picture at a glance: if it is like the drawn world's, and what the readers see of one that is."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image, ImageOps
from torch.nn import functional

from refedit.imaging.images import to_tensor
from refedit.models import builtin_folder

if TYPE_CHECKING:  # by its full name, which the checks of types in the tests can resolve without this import
    import refedit.picturebook.networks.reader

# The networks are imported where they are used: a page of another model does without them.

SURE = 0.9
"""How sure the reader must be of a word before it is told (our choice: in doubt nothing is said)."""
COARSE = 16
"""The grid of the coarse picture with which a round trip is compared."""
LOST, FAR = 0.65, 0.08
"""From where on a picture is unlike drawings, by the mean error of its round trip in [-1, 1]: as a part of what the
coarse picture lacks, or at all (our choice; it takes 2 of 500 drawings for unlike, 2 of 200 as poor JPEGs, all of 23
photographs, and 22 of the same ones small on white)."""
FLAT = 0.06
"""What a picture is taken to lack at least: of an even one, every error would be large."""

ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What is seen of a picture.

    `drawn`: it is like those of the drawn world, and not a photograph, say. `shown` is what the built-in reader surely
    sees in it then, by factor: of other pictures it has nothing to say.
    """

    drawn: bool = True
    shown: Mapping[str, str] = field(default_factory=dict)


def glance_at(picture: Image.Image) -> Glance:
    """What the built-in networks see of a picture; of several pictures at a time, one after the other."""
    with ONE_AT_A_TIME:  # who comes first loads the networks
        drawn = looks_drawn(picture)
        return Glance(drawn=drawn, shown=surely_shown(_reader(), picture) if drawn else {})


def surely_shown(reader: "refedit.picturebook.networks.reader.Reader", picture: Image.Image) -> dict[str, str]:
    """The word of every factor that the middle square of a picture surely shows."""
    square = ImageOps.fit(picture.convert("RGB"), (reader.network.pixels,) * 2)
    best = {factor: chances[0].max(0) for factor, chances in reader.probabilities(to_tensor(square)).items()}
    return {factor: reader.names[factor][int(place)] for factor, (chance, place) in best.items() if chance >= SURE}


@torch.no_grad()
def looks_drawn(picture: Image.Image) -> bool:
    """True if the built-in VAE, which has seen the drawn world only, gives back the picture's middle square."""
    vae = _vae()
    square = to_tensor(ImageOps.fit(picture.convert("RGB"), (vae.config.sample_size,) * 2))
    back = vae.decode(vae.encode(square).latent_dist.mode()).sample
    coarse = functional.interpolate(functional.adaptive_avg_pool2d(square, COARSE), square.shape[2:], mode="bicubic")
    error, lacking = ((square - other).abs().mean() for other in (back, coarse))
    return bool(error < min(FAR, LOST * max(float(lacking), FLAT)))


@cache
def _reader() -> "refedit.picturebook.networks.reader.Reader":
    from refedit.picturebook.networks.reader import Reader

    return Reader.load(builtin_folder(), torch.device("cpu"))


@cache
def _vae() -> Any:
    from refedit.picturebook.networks.diffusion import load_vae

    return load_vae(builtin_folder())
