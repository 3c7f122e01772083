"""BARET with the maps of other branches than the paper's: the ablation of balanced attention."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from refedit.diffusion.attention import Site, attend, grid_of, routed
from refedit.diffusion.ddim import Denoiser
from refedit.methods.baret import Baret

Branch = Literal["reconstruction", "transition"]


@dataclass(frozen=True, kw_only=True)
class BaretFrom(Baret):
    """BARET whose edited row takes its self- and cross-attention maps from the named branches.

    The paper's are self-attention from the reconstruction and cross-attention from the transition: `Baret` itself.
    Maps are all it takes: nothing looks up the reconstruction's look.
    """

    self_from: Branch = "reconstruction"
    cross_from: Branch = "transition"

    def _rows(self, step: int) -> list[str]:
        leaders = self._leaders(step).values()
        guided = self.guidance != 1
        wanted = {
            "edited uncond": guided,
            "transition uncond": guided and "transition" in leaders,
            "reconstruction": "reconstruction" in leaders,
            "transition": "transition" in leaders,
            "edited": True,
        }
        return [row for row, needed in wanted.items() if needed]

    def _control(self, step: int, rows: list[str], model: Denoiser) -> "MapsFrom | None":  # type: ignore[override]
        leaders, grid = self._leaders(step), int(self.self_grid * model.latent_grid)
        return MapsFrom(rows=rows, leaders=leaders, self_grid=grid) if leaders else None

    def _leaders(self, step: int) -> dict[str, Branch]:
        windows: dict[str, tuple[float, Branch]] = {
            "self": (self.self_steps, self.self_from),
            "cross": (self.cross_steps, self.cross_from),
        }
        return {kind: branch for kind, (share, branch) in windows.items() if step < round(share * self.steps)}


@dataclass(frozen=True, kw_only=True)
class MapsFrom:
    """The control of one step: the edited row uses the leading branch's maps of each kind of attention."""

    rows: list[str]
    leaders: dict[str, Branch]
    self_grid: int

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if site.kind not in self.leaders or (site.kind == "self" and grid_of(q) > self.self_grid):
            return attend(q, k, v)
        return routed(q, k, v, self.rows, self.leaders[site.kind], ("edited",))
