"""What the comparison methods have in common: they are run by the benchmark only, so nothing describes them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from refedit.diffusion.ddim import Denoiser, Frame, Latents, Schedule, guide, step_along
from refedit.methods import Method
from refedit.methods.task import Edited

INVERT, FIT, TUNE, EDIT = "Inverting the source", "Fitting the text", "Tuning a copy", "Editing"


@dataclass(frozen=True, kw_only=True)
class BenchMethod:
    """The part of the `Method` protocol that is the same for all of them; `edit` is theirs."""

    name: ClassVar[str] = "bench"
    title: ClassVar[str] = "Comparison"
    summary: ClassVar[str] = ""
    presets_help: ClassVar[str] = ""
    needs: ClassVar[frozenset[str]] = frozenset({"source_prompt"})
    takes: ClassVar[frozenset[str]] = frozenset({"region"})
    fit: ClassVar[str] = "aspect"
    paste: ClassVar[str] = "square"
    align_reference: ClassVar[bool] = False

    steps: int = 20

    @property
    def stages(self) -> Mapping[str, float]:
        return {INVERT: 1.0, FIT: 1.0, TUNE: 1.0, EDIT: 1.0}

    @classmethod
    def presets(cls) -> Mapping[str, Method]:
        return {}


def guided_ddim(
    model: Denoiser, schedule: Schedule, z: Latents, texts: Tensor, guidance: float
) -> Generator[Frame, None, Edited]:
    """Draws from latents (1 row) by guided DDIM under no control; `texts` are the unconditional and the other one."""
    for step, timestep in enumerate(schedule.timesteps):
        unconditional, conditional = model.predict_noise(z.expand(2, -1, -1, -1), timestep, texts).split(1)
        eps, alphas = guide(unconditional, conditional, guidance), schedule.alphas[step : step + 2]
        z, estimate = step_along(z, eps, *alphas)
        yield Frame(stage=EDIT, step=step + 1, of=len(schedule), estimate=estimate, rows=z)
    return Edited(latents=z)
