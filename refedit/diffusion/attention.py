"""Attention under control: the one processor, its sites, and what a control may do in one UNet call.

A control is an argument of the call, never a patch of the network: with no control the UNet is stock.
Knows nothing about methods, prompts or pictures.
"""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Heads = Float[Tensor, "rows heads positions channels"]


@dataclass(frozen=True)
class Site:
    """A place where attention happens: the `index`-th self- or cross-attention of a forward pass.

    Forward order is down, mid, up; `unet.attn_processors` lists mid last, so its order is not used.
    """

    kind: Literal["self", "cross"]
    index: int


@runtime_checkable
class AttentionControl(Protocol):
    """Computes the attention of one site in place of plain attention; returns the shape of `q`."""

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor: ...


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Softmax attention on ([rows,] heads, positions, channels); `bias` is added to the logits."""
    if q.ndim == 3:
        # The fused kernels take four axes only; with three the whole map would be formed.
        return attend(q[None], k[None], v[None], bias)[0]
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)


def routed(q: Tensor, k: Tensor, v: Tensor, rows: Sequence[str], leader: str, followers: Collection[str]) -> Tensor:
    """Attention in which the rows named in `followers` use the leading row's map, and everyone its own values.

    Replacing a map is letting the leader's queries and keys meet the follower's values.
    """
    sources = [rows.index(leader if row in followers else row) for row in rows]
    return attend(q[sources], k[sources], v)


def attention_map(q: Tensor, k: Tensor) -> Tensor:
    """The explicit map (..., query positions, key positions) in float32, rows summing to 1; for small grids only."""
    return torch.softmax((q.float() / math.sqrt(q.shape[-1])) @ k.float().transpose(-1, -2), dim=-1)


def grid_of(q: Tensor) -> int:
    """The side of the square grid whose positions `q` (..., positions, channels) lists row by row."""
    return math.isqrt(q.shape[-2])


class SiteProcessor:
    """A diffusers attention processor that hands queries, keys and values to the call's control, if any."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        control: AttentionControl | None = None,
    ) -> Tensor:
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            layer(states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)
            for layer, states in ((attn.to_q, hidden_states), (attn.to_k, context), (attn.to_v, context))
        )
        out = attend(q, k, v, attention_mask) if control is None else control(self.site, q, k, v)
        return attn.to_out[1](attn.to_out[0](out.transpose(1, 2).flatten(2).to(q.dtype)))


def make_controllable(unet: nn.Module) -> tuple[Site, ...]:
    """Installs a processor at every attention layer, once, at load; returns the sites in forward order.

    Raises ValueError if a layer does something besides plain attention, which `SiteProcessor` would drop.
    """
    counts = {"self": 0, "cross": 0}
    processors: dict[str, SiteProcessor] = {}
    for name in sorted(unet.attn_processors, key=_forward_order):  # type: ignore[arg-type]
        _check_plain(unet.get_submodule(name.removesuffix(".processor")), name)
        kind: Literal["self", "cross"] = "self" if ".attn1." in name else "cross"
        processors[name] = SiteProcessor(Site(kind, counts[kind]))
        counts[kind] += 1
    sites = tuple(processor.site for processor in processors.values())
    unet.set_attn_processor(processors)  # type: ignore[operator]
    return sites


def _forward_order(name: str) -> tuple[int, ...]:
    stage = ("down_blocks", "mid_block", "up_blocks").index(name.split(".")[0])
    return stage, *(int(number) for number in re.findall(r"\d+", name))


def _check_plain(layer: Any, name: str) -> None:
    extras = ("group_norm", "spatial_norm", "norm_cross", "norm_q", "norm_k")
    found = [extra for extra in extras if getattr(layer, extra, None) is not None]
    if found or layer.residual_connection or layer.rescale_output_factor != 1:
        raise ValueError(f"{name} is not plain attention ({', '.join(found) or 'residual'}); it cannot be controlled")


@dataclass(kw_only=True)
class WordMaps:
    """How strongly the positions of a grid attend to chosen words, summed over sites and steps.

    `words` maps a name to (row of the batch, weight per token of shape (tokens,)). Only its running sums are
    kept, never the maps. `recent` > 0 keeps the sums of that many last steps only (0: all steps).
    """

    grid: int
    words: Mapping[str, tuple[str, Tensor]]
    device: torch.device
    recent: int = 0
    steps: list[dict[str, Tensor]] = field(default_factory=list)

    def begin_step(self) -> None:
        """Starts the sums of a new step, and forgets the steps that are no longer asked for."""
        self.steps.append({})
        if self.recent:
            del self.steps[: -self.recent]
        elif len(self.steps) > 2:
            self.steps[:2] = [_added(self.steps[0], self.steps[1])]

    def add(self, row: str, probabilities: Float[Tensor, "heads positions tokens"]) -> None:
        """Adds one site's map of one row, averaged over heads."""
        for name, (wanted, weights) in self.words.items():
            if wanted == row:
                seen = (probabilities.float().mean(0) @ weights).unflatten(0, (self.grid, self.grid))
                self.steps[-1][name] = self.steps[-1].get(name, 0) + seen

    def total(self, name: str) -> Float[Tensor, "grid grid"] | None:
        """The sum so far, or None while nothing was recorded; its scale means nothing."""
        found = [step[name] for step in self.steps if name in step]
        return torch.stack(found).sum(0) if found else None


def _added(first: dict[str, Tensor], second: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in {*first, *second}}  # type: ignore[misc]
