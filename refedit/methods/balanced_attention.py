"""BARET's attention (arXiv:2312.05482) as a control of one step: whose maps, and whose keys and values, a row uses."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from refedit.diffusion.attention import Site, attend, grid_of

_LOOKS = {"edited": "reconstruction", "edited uncond": "reconstruction uncond"}


@dataclass(frozen=True, kw_only=True)
class BalancedAttention:
    """The paper's balanced attention in one step, and what is added to it.

    Up to a grid of `self_grid` the `followers` use the reconstruction's self-attention maps; the edited row uses the
    transition's cross-attention maps where that row runs. A map is queries and keys, and values stay every row's own,
    but for the self-attention sites of `appearance`: there, first of all, the edit's own queries meet keys and values
    of the reconstruction, in both halves of guidance.
    """

    rows: list[str]
    self_grid: int
    followers: tuple[str, ...]
    appearance: range

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        maps, looks = self._maps(site, grid_of(q)), self._looks(site)
        queries = {row: leader for row, leader in maps.items() if row not in looks}
        return attend(q[self._of(queries)], k[self._of({**maps, **looks})], v[self._of(looks)])

    def _maps(self, site: Site, grid: int) -> Mapping[str, str]:
        """By row whose map it uses, if not its own."""
        if site.kind == "cross":
            return {"edited": "transition"} if "transition" in self.rows else {}
        return dict.fromkeys(self.followers, "reconstruction") if grid <= self.self_grid else {}

    def _looks(self, site: Site) -> Mapping[str, str]:
        """By row whose keys and values its queries meet, if not its own."""
        return _LOOKS if site.kind == "self" and site.index in self.appearance else {}

    def _of(self, leaders: Mapping[str, str]) -> list[int]:
        return [self.rows.index(leaders.get(row, row)) for row in self.rows]
