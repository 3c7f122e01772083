"""Prompt-to-prompt (arXiv:2208.01626): one row of a UNet call follows another row's attention maps.

Both SpecRef and plain prompt-to-prompt are built on it. Knows nothing about references or pictures.
"""

import re
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.alignment import Alignment
from refedit.diffusion.attention import (
    Heads,
    KeyHeads,
    Site,
    attend,
    attend_with_shared_map,
    attention_map,
    grid_of,
)
from refedit.diffusion.rows import Row, Rows
from refedit.diffusion.word_maps import WordMap, WordMaps
from refedit.diffusion.words import Tokenize, word_positions
from refedit.errors import EditError


@dataclass(frozen=True, kw_only=True)
class PromptToPrompt:
    """The control of one step: the attention maps of the row `target` follow those of the row `source`.

    `cross` is None, or how the target's cross-attention maps follow from the source's. Self-attention maps are taken
    over up to a grid of `self_grid` (0: nowhere). Word maps are added to `maps` after replacement, at its grid only.
    """

    rows: Rows
    source: Row
    target: Row
    cross: Alignment | None
    self_grid: int
    maps: WordMaps | None = None

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind == "self":
            return self._self(q, k, v)
        if self.maps is not None and grid_of(q) == self.maps.grid:
            return self._recorded(self.maps, q, k, v)
        return self._cross(q, k, v)

    def _self(self, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if grid_of(q) > self.self_grid:
            return attend(q, k, v)
        return attend_with_shared_map(q, k, v, self.rows.led_by(self.source, (self.target,)))

    def _cross(self, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        """Attention is linear in values, so a replaced map needs no explicit one: (A @ matrix) v = A (matrix v)."""
        out = attend(q, k, v)
        if self.cross is not None:
            s, t = self.rows.index(self.source), self.rows.index(self.target)
            matrix, own = self.cross.matrix.to(v.dtype), self.cross.own.to(v.dtype)
            out[t] = attend(q[s], k[s], matrix @ v[t])
            if self.cross.keeps_own:
                out[t] += attend(q[t], k[t], own[:, None] * v[t])
        return out

    def _recorded(self, maps: WordMaps, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        attention = attention_map(q, k)  # (rows, heads, positions, tokens)
        if self.cross is not None:
            s, t = self.rows.index(self.source), self.rows.index(self.target)
            attention[t] = attention[s] @ self.cross.matrix + attention[t] * self.cross.own
        for row, map_of_row in zip(self.rows, attention, strict=True):
            maps.add(row, map_of_row)
        return attention.to(v.dtype) @ v


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


def word_factors(prompt: str, text: str, tokenize: Tokenize, length: int) -> Float[Tensor, " tokens"]:
    """A factor for each token of the target, 1 where "vase:2, red:-0.5" names none; EditError if it is unreadable."""
    factors = torch.ones(length)
    for word, value in named_values(text):
        if not _NUMBER.fullmatch(value):
            raise EditError(f"'{word}:{value}' is not readable. Write a word and a number, such as dog:2.")
        factors[list(word_positions(prompt, word, tokenize))] = float(value)
    return factors


_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?")
_BRACKETS = str.maketrans("", "", "()[]{}")
_DECIMAL_COMMA = re.compile(r"(:\s*[+-]?\d+),(\d+)(?=\s*(?:,|$))")
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
    """The words and values of "dog:2, red:0.5"; EditError if an entry is not both.

    Brackets as in "(dog:1.3)" and a decimal comma as in "dog:1,5" are what people write, too.
    """
    entries, text = [], _DECIMAL_COMMA.sub(r"\1.\2", text.translate(_BRACKETS))
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

    Thresholds are fractions of a map's maximum; `stay_threshold` is for words that must stay. Public code of SpecRef:
    p2p/p2p.py, class LocalBlend, with its own two thresholds.
    """

    threshold: float
    stay_threshold: float

    def mask(self, maps: WordMaps, grid: int) -> Float[Tensor, "2 grid grid"]:
        """Binary masks at the latents' grid: row 0 the source's words, row 1 the source's or the target's."""
        source, target = (self._words(maps, name, grid) for name in (WordMap.BLEND_SOURCE, WordMap.BLEND_TARGET))
        return (_either(source, target) & ~self.stay(maps, grid)).float()

    def stay(self, maps: WordMaps, grid: int) -> Bool[Tensor, "2 grid grid"]:
        """Where the words that must stay are, in the rows of `mask`."""
        return _either(*(self._staying(maps, name, grid) for name in (WordMap.STAY_SOURCE, WordMap.STAY_TARGET)))

    def _words(self, maps: WordMaps, name: WordMap, grid: int) -> Bool[Tensor, "grid grid"]:
        total = maps.total(name)
        spread = None if total is None else functional.max_pool2d(total[None, None], 3, 1, 1)[0, 0]
        return _above(spread, self.threshold, grid, maps.device)

    def _staying(self, maps: WordMaps, name: WordMap, grid: int) -> Bool[Tensor, "grid grid"]:
        return _above(maps.total(name), self.stay_threshold, grid, maps.device)


def _above(
    words: Float[Tensor, "word_grid word_grid"] | None, share: float, grid: int, device: torch.device
) -> Bool[Tensor, "grid grid"]:
    """Where a map is above a share of its maximum; nowhere without a map, or where it is 0 everywhere."""
    if words is None:
        return torch.zeros(grid, grid, dtype=torch.bool, device=device)
    scaled = functional.interpolate(words[None, None], (grid, grid))[0, 0]
    # Where it is 0 everywhere, 0 / 0 is above nothing.
    return scaled / scaled.max() > share


def _either(source: Bool[Tensor, "grid grid"], target: Bool[Tensor, "grid grid"]) -> Bool[Tensor, "2 grid grid"]:
    return torch.stack([source, source | target])
