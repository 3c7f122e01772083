"""Specific Reference Attention (SpecRef, arXiv:2401.03433): queries of the edit meet a reference's keys and values.

And where it acts: the edit region, from the words' maps, the user's mask, or both.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.attention import AttentionControl, Site, WordMaps, attend, grid_of
from refedit.errors import EditError
from refedit.imaging.masks import at_grid


@dataclass(frozen=True, kw_only=True)
class EditRegion:
    """Where reference attention acts, as a binary mask at any attention grid.

    Without a `painted` mask (height, width; 1 inside) the maps of the word "target" decide, min-max
    normalised, resized with `mode` and cut at `threshold`; `everywhere` puts 1 in their place. With one,
    `combine` says whether it replaces the words' mask or is intersected with it.
    """

    maps: WordMaps
    painted: Tensor | None
    combine: Literal["painted", "both"]
    threshold: float
    mode: str
    everywhere: bool

    def at(self, grid: int) -> Float[Tensor, "grid grid"]:
        if self.painted is not None and self.combine == "painted":
            return self.painted_at(grid)
        words = self._words_at(grid)
        return words if self.painted is None else words * self.painted_at(grid)

    def painted_at(self, grid: int) -> Float[Tensor, "grid grid"]:
        """The user's mask: a token is inside if a quarter of it is (our choice: thin strokes survive)."""
        assert self.painted is not None
        mask = at_grid(self.painted, grid, "area", 0.25)
        if not bool(mask.any()):
            raise EditError("The painted region is too small for this model to see. Paint a larger one.")
        return mask

    def _words_at(self, grid: int) -> Float[Tensor, "grid grid"]:
        words = self.words()
        if self.everywhere or words is None:
            return torch.ones(grid, grid, device=self.maps.device)
        return at_grid(words, grid, self.mode, self.threshold)

    def words(self) -> Float[Tensor, "grid grid"] | None:
        """The words' map in 0..1, all 0 where it is constant; None before anything was recorded."""
        total = self.maps.total("target")
        if total is None:
            return None
        low, high = total.min(), total.max()
        return (total - low) / (high - low) if bool(high > low) else torch.zeros_like(total)


@dataclass(frozen=True, kw_only=True)
class ReferenceAttention:
    """The control of one step: reference attention where there are features, `otherwise` elsewhere.

    `features` are the step's keys and values by site, each (heads, tokens, channels). `strengths` gives for
    every row that looks at the reference how much (1: its output is replaced inside the region, SpecRef's
    rule for the target row). With `own_keys` the queries attend to their own row's keys as well, and the
    reference's logits are raised by the logarithm of `weight` (StyleAligned's form; our choice).
    """

    otherwise: AttentionControl
    rows: list[str]
    features: Mapping[int, tuple[Tensor, Tensor]]
    strengths: Mapping[str, float]
    region: EditRegion
    own_keys: bool = False
    weight: float = 1.0

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if site.kind == "cross" or site.index not in self.features:
            return self.otherwise(site, q, k, v)
        out = attend(q, k, v)
        inside = self.region.at(grid_of(q)).flatten().bool()
        if bool(inside.any()):
            for name, strength in self.strengths.items():
                row = self.rows.index(name)
                seen = self._look(q[row][:, inside], k[row], v[row], *self.features[site.index])
                out[row, :, inside] = torch.lerp(out[row, :, inside], seen, strength)
        return out

    def _look(self, q: Tensor, k: Tensor, v: Tensor, k_ref: Tensor, v_ref: Tensor) -> Tensor:
        if not self.own_keys:
            return attend(q, k_ref, v_ref)
        bias = functional.pad(q.new_full((1, k_ref.shape[1]), math.log(self.weight)), (k.shape[1], 0))
        return attend(q, torch.cat([k, k_ref], 1), torch.cat([v, v_ref], 1), bias)
