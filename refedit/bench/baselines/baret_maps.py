"""BARET with the maps of other branches than the paper's: the ablation of balanced attention."""

from dataclasses import dataclass
from typing import Literal

from refedit.diffusion.attention import Heads, KeyHeads, Site, attend, attend_with_shared_map, grid_of
from refedit.diffusion.backbone import Denoiser
from refedit.diffusion.rows import Row, Rows
from refedit.methods.baret import EDITED, EDITED_UNCOND, RECONSTRUCTION, TRANSITION, TRANSITION_UNCOND, Baret

MapOf = Literal["reconstruction", "transition"]
LEADERS: dict[MapOf, Row] = {"reconstruction": RECONSTRUCTION, "transition": TRANSITION}


@dataclass(frozen=True, kw_only=True)
class BaretFrom(Baret):
    """BARET whose edited row takes its self- and cross-attention maps from the named branches.

    The paper's are self-attention from the reconstruction and cross-attention from the transition: `Baret` itself.
    Maps are all it takes: nothing looks up the reconstruction's look.
    """

    self_from: MapOf = "reconstruction"
    cross_from: MapOf = "transition"

    def _rows(self, step: int) -> Rows:
        leaders, guides = self._leaders(step).values(), self.guidance != 1
        return Rows.needed(
            {
                EDITED_UNCOND: guides,
                TRANSITION_UNCOND: guides and TRANSITION in leaders,
                RECONSTRUCTION: RECONSTRUCTION in leaders,
                TRANSITION: TRANSITION in leaders,
                EDITED: True,
            }
        )

    def _control(self, step: int, rows: Rows, model: Denoiser) -> "MapsFrom | None":  # type: ignore[override]
        leaders, grid = self._leaders(step), int(self.self_grid * model.latent_grid)
        return MapsFrom(rows=rows, leaders=leaders, self_grid=grid) if leaders else None

    def _leaders(self, step: int) -> dict[str, Row]:
        """The row whose maps the edit uses, by the kind of attention."""
        windows: dict[str, tuple[float, MapOf]] = {
            "self": (self.self_steps, self.self_from),
            "cross": (self.cross_steps, self.cross_from),
        }
        return {kind: LEADERS[of] for kind, (share, of) in windows.items() if step < round(share * self.steps)}


@dataclass(frozen=True, kw_only=True)
class MapsFrom:
    """The control of one step: the edited row uses the leading branch's maps of each kind of attention."""

    rows: Rows
    leaders: dict[str, Row]
    self_grid: int

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind not in self.leaders or (site.kind == "self" and grid_of(q) > self.self_grid):
            return attend(q, k, v)
        return attend_with_shared_map(q, k, v, self.rows.led_by(self.leaders[site.kind], (EDITED,)))
