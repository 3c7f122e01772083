"""Prompt-to-prompt (arXiv:2208.01626): one row of a UNet call follows another row's attention maps.

Both SpecRef and plain prompt-to-prompt are built on it. Knows nothing about references or pictures.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.alignment import Alignment
from refedit.diffusion.attention import Site, WordMaps, attend, attention_map, grid_of, routed
from refedit.diffusion.words import Tokenize, word_positions
from refedit.errors import EditError


@dataclass(frozen=True, kw_only=True)
class PromptToPrompt:
    """The control of one step: `target`'s maps follow `source`'s.

    `rows` names the rows of the batch in order. `cross` is None, or how the target's cross-attention maps
    follow from the source's; self-attention maps are taken over up to a grid of `self_grid` (0: nowhere).
    Word maps are added to `maps` after replacement, at its grid only.
    """

    rows: Sequence[str]
    source: str
    target: str
    cross: Alignment | None
    self_grid: int
    maps: WordMaps | None = None

    def __call__(self, site: Site, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if site.kind == "self":
            return self._self(q, k, v)
        if self.maps is not None and grid_of(q) == self.maps.grid:
            return self._recorded(q, k, v)
        return self._cross(q, k, v)

    def _self(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if grid_of(q) > self.self_grid:
            return attend(q, k, v)
        return routed(q, k, v, self.rows, self.source, (self.target,))

    def _cross(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        out = attend(q, k, v)
        if self.cross is not None:
            s, t = self.rows.index(self.source), self.rows.index(self.target)
            matrix, own = self.cross.matrix.to(v.dtype), self.cross.own.to(v.dtype)
            out[t] = attend(q[s], k[s], matrix @ v[t])
            if bool(own.any()):
                out[t] += attend(q[t], k[t], own[:, None] * v[t])
        return out

    def _recorded(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        maps = attention_map(q, k)  # (rows, heads, positions, tokens)
        if self.cross is not None:
            s, t = self.rows.index(self.source), self.rows.index(self.target)
            maps[t] = maps[s] @ self.cross.matrix + maps[t] * self.cross.own
        assert self.maps is not None
        for row, probabilities in zip(self.rows, maps, strict=True):
            self.maps.add(row, probabilities)
        return maps.to(v.dtype) @ v


def word_shares(
    prompt: str, window: tuple[float, float], word_windows: str, steps: int, tokenize: Tokenize, length: int
) -> Float[Tensor, "steps tokens"]:
    """Which tokens of the target follow the source at which step: 1 yes, 0 no.

    `window` is the part of the edit in which all tokens do, as (start, end) fractions; `word_windows` gives
    single words their own, as "dog:0-0.4, red:0.2-0.6". Fractions are of steps + 1, cut down to whole steps,
    as in the public code. Raises EditError for an unreadable entry or a word that the prompt lacks.
    """
    shares = torch.zeros(steps + 1, length)
    shares[_steps_of(window, steps + 1)] = 1
    for word, value in named_values(word_windows):
        positions = list(word_positions(prompt, word, tokenize))
        shares[:, positions] = 0
        bounds = _steps_of(_read_window(word, value), steps + 1)
        shares[bounds.start : bounds.stop, positions] = 1
    return shares[:steps]


def word_factors(prompt: str, factors: str, tokenize: Tokenize, length: int) -> Float[Tensor, " tokens"]:
    """A factor per token of the target, 1 where "vase:2, red:-0.5" names none; EditError if it is unreadable."""
    found = torch.ones(length)
    for word, value in named_values(factors):
        if not _NUMBER.fullmatch(value):
            raise EditError(f"'{word}:{value}' is not readable. Write a word and a number, such as dog:2.")
        found[list(word_positions(prompt, word, tokenize))] = float(value)
    return found


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_WINDOW = re.compile(r"(?:([\d.]+)-)?([\d.]+)")


def _read_window(word: str, text: str) -> tuple[float, float]:
    parts = _WINDOW.fullmatch(text)
    if parts is None or not all(_NUMBER.fullmatch(part) for part in parts.groups(default="0")):
        raise EditError(f"'{word}:{text}' is not readable. Write a word and a part of the edit, such as dog:0-0.4.")
    start, end = (float(part) for part in parts.groups(default="0"))
    return start, end


def _steps_of(window: tuple[float, float], count: int) -> slice:
    return slice(int(window[0] * count), int(window[1] * count))


def named_values(text: str) -> list[tuple[str, str]]:
    """The words and values of "dog:2, red:0.5"; EditError if an entry is not both."""
    entries = []
    for part in (piece.strip() for piece in text.split(",")):
        if part:
            word, _, value = (piece.strip() for piece in part.rpartition(":"))
            if not word or not value:
                raise EditError(f"'{part}' is not readable. Write a word, a colon and a number.")
            entries.append((word, value))
    return entries


@dataclass(frozen=True, kw_only=True)
class LocalBlend:
    """Prompt-to-prompt's local blend: outside the words' masks the target's latents are the source's.

    Thresholds are fractions of a map's maximum; `stay_threshold` is for words that must stay.
    """

    threshold: float
    stay_threshold: float

    def mask(self, maps: WordMaps, grid: int) -> Float[Tensor, "2 grid grid"]:
        """Binary masks at the latents' grid: row 0 the source's words, row 1 the source's or the target's.

        Reads the word maps "blend source" and "blend target", and those of `stay`.
        """
        words = _either(*(self._threshold(maps, f"blend {row}", grid, True) for row in ("source", "target")))
        return (words & ~self.stay(maps, grid)).float()

    def stay(self, maps: WordMaps, grid: int) -> Bool[Tensor, "2 grid grid"]:
        """Where the words that must stay are, in the rows of `mask`, by the maps "stay source" and "stay target"."""
        return _either(*(self._threshold(maps, f"stay {row}", grid, False) for row in ("source", "target")))

    def _threshold(self, maps: WordMaps, name: str, grid: int, pooled: bool) -> Tensor:
        total = maps.total(name)
        if total is None or not bool(total.any()):
            return torch.zeros(grid, grid, dtype=torch.bool, device=maps.device)
        spread = functional.max_pool2d(total[None, None], 3, 1, 1) if pooled else total[None, None]
        scaled = functional.interpolate(spread, (grid, grid))[0, 0]
        return scaled / scaled.max() > (self.threshold if pooled else self.stay_threshold)


def _either(source: Tensor, target: Tensor) -> Tensor:
    return torch.stack([source, source | target])
