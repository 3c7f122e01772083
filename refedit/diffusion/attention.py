"""Attention under control: the one processor, its sites, and what a control may do in one UNet call.

A control is an argument of the call, never a patch of the network: with no control the UNet is stock.
Knows nothing about methods, prompts or pictures.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

Heads = Float[Tensor, "rows heads positions channels"]
"""Queries, or what attention gives: one position for each place of the grid."""
KeyHeads = Float[Tensor, "rows heads keys channels"]
"""Keys or values: of the grid's places in self-attention, of the prompt's tokens in cross-attention."""


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

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads: ...


def attend(
    q: Float[Tensor, "*rows heads positions channels"],
    k: Float[Tensor, "*rows heads keys channels"],
    v: Float[Tensor, "*rows heads keys channels"],
    bias: Float[Tensor, "*positions keys"] | None = None,
) -> Float[Tensor, "*rows heads positions channels"]:
    """Softmax attention, of all rows at once or of one; `bias` is added to the logits."""
    if q.ndim == 3:
        # The fused kernels take four axes only; with three the whole map would be formed.
        return attend(q[None], k[None], v[None], bias)[0]
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)


def attend_with_shared_map(q: Heads, k: KeyHeads, v: KeyHeads, leaders: Sequence[int]) -> Heads:
    """Attention in which every row uses the map of its leader (a place among the rows), and its own values.

    A map is replaced by letting the leader's queries and keys meet the follower's values (prompt-to-prompt,
    arXiv:2208.01626), so that it is never formed.
    """
    return attend(q[leaders], k[leaders], v)


def attention_map(
    q: Float[Tensor, "*rows heads positions channels"], k: Float[Tensor, "*rows heads keys channels"]
) -> Float[Tensor, "*rows heads positions keys"]:
    """The explicit map in float32, its keys summing to 1; for small grids only."""
    return torch.softmax((q.float() / math.sqrt(q.shape[-1])) @ k.float().transpose(-1, -2), dim=-1)


def grid_of(q: Float[Tensor, "*rows positions channels"]) -> int:
    """The side of the square grid whose positions are listed line by line."""
    return math.isqrt(q.shape[-2])


class SiteProcessor:
    """A diffusers attention processor that hands queries, keys and values to the call's control, if any."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def __call__(
        self,
        attn: Any,
        hidden_states: Float[Tensor, "rows positions features"],
        encoder_hidden_states: Float[Tensor, "rows tokens text_features"] | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        control: AttentionControl | None = None,
    ) -> Float[Tensor, "rows positions features"]:
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = (
            layer(states).unflatten(-1, (attn.heads, -1)).transpose(1, 2)  # (rows, heads, positions, channels)
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
    present = [extra for extra in extras if getattr(layer, extra, None) is not None]
    if present or layer.residual_connection or layer.rescale_output_factor != 1:
        raise ValueError(f"{name} is not plain attention ({', '.join(present) or 'residual'}); it cannot be controlled")
