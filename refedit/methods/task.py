"""What a method is given and what it returns, as tensors."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.ddim import Latents
from refedit.diffusion.inversion import Inverter


@dataclass(frozen=True, kw_only=True)
class Task:
    """One edit in a model's terms.

    Latents have 1 row. `region` and `subject` are masks of the model's square in pixels, 1 inside. `whole`
    asks for branches and steps that the result does not need but a trace shows.
    """

    inverter: Inverter
    source: Latents
    prompt: str
    source_prompt: str = ""
    region: Float[Tensor, "side side"] | None = None
    reference: Latents | None = None
    reference_prompt: str = ""
    subject: Float[Tensor, "side side"] | None = None
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Edited:
    """The edited latents (1 row), and where the method changed them: a binary mask at their grid.

    None if nothing but the painted region decided that, or the whole square was changed.
    """

    latents: Latents
    mask: Float[Tensor, "grid grid"] | None = None
