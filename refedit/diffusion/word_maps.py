"""How strongly positions attend to chosen words, summed over sites and steps: where the words are in the picture."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.rows import Row


class WordMap(Enum):
    """The maps that edits read, by what they are read for."""

    EDITED = auto()
    """The target's new thing: where a reference may act."""
    BLEND_SOURCE = auto()
    """The source's words whose place may change (prompt-to-prompt's local blend)."""
    BLEND_TARGET = auto()
    """The target's words whose place may change."""
    STAY_SOURCE = auto()
    """The source's words whose place must stay."""
    STAY_TARGET = auto()
    """The target's words whose place must stay."""


@dataclass(frozen=True, kw_only=True)
class TrackedWords:
    """The words of one map: the row whose cross-attention is read, and the weight of each of its tokens."""

    row: Row
    weights: Float[Tensor, " tokens"]


@dataclass(kw_only=True)
class WordMaps:
    """Running sums of the maps of chosen words on one grid; the attention maps themselves are never kept.

    `recent` > 0 keeps the sums of that many last steps only (0: all steps, as SpecRef's public code).
    """

    grid: int
    words: Mapping[WordMap, TrackedWords]
    device: torch.device
    recent: int = 0
    steps: list[dict[WordMap, Tensor]] = field(default_factory=list)

    def begin_step(self) -> None:
        """Starts the sums of a new step, and forgets the steps that are no longer asked for."""
        self.steps.append({})
        if self.recent:
            del self.steps[: -self.recent]
        elif len(self.steps) > 2:
            self.steps[:2] = [_added(self.steps[0], self.steps[1])]

    def add(self, row: Row, attention: Float[Tensor, "heads positions tokens"]) -> None:
        """Adds one site's attention map of one row, averaged over heads."""
        for name, words in self.words.items():
            if words.row == row:
                seen = (attention.float().mean(0) @ words.weights).unflatten(0, (self.grid, self.grid))
                self.steps[-1][name] = self.steps[-1].get(name, 0) + seen

    def reads(self, row: Row) -> bool:
        """True if some map is made of this row's attention."""
        return any(words.row == row for words in self.words.values())

    def total(self, name: WordMap) -> Float[Tensor, "grid grid"] | None:
        """The sum so far, or None while nothing was recorded; its scale means nothing."""
        sums = [step[name] for step in self.steps if name in step]
        return torch.stack(sums).sum(0) if sums else None


def _added(first: dict[WordMap, Tensor], second: dict[WordMap, Tensor]) -> dict[WordMap, Tensor]:
    return {name: first.get(name, 0) + second.get(name, 0) for name in {*first, *second}}  # type: ignore[misc]
