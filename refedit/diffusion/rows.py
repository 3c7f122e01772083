"""The rows of one UNet call: one for every branch of an edit, and for guidance one more of it, without text.

Rows are values and not strings, so that a row that nobody runs is a KeyError and never the empty prompt in silence.
Knows no method: each has an Enum of its own branches.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

import torch

from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.ddim import Latents, RowLatents, guide, step_along


@dataclass(frozen=True)
class Row:
    """One row: a branch of the edit with its text, or, for guidance, with the empty text."""

    branch: Enum
    unconditional: bool = False


@dataclass(frozen=True)
class Rows:
    """The rows of one UNet call in their order."""

    order: tuple[Row, ...]

    @classmethod
    def needed(cls, wanted: Mapping[Row, bool]) -> "Rows":
        """Those of a table that are wanted, in the table's order."""
        return cls(tuple(row for row, needed in wanted.items() if needed))

    def __iter__(self) -> Iterator[Row]:
        return iter(self.order)

    def __len__(self) -> int:
        return len(self.order)

    def __contains__(self, row: Row) -> bool:
        return row in self.order

    def index(self, row: Row) -> int:
        return self.order.index(row)

    def following(self, leaders: Mapping[Row, Row]) -> list[int]:
        """For every row the place of the row that leads it: by `leaders`, else its own."""
        return [self.index(leaders.get(row, row)) for row in self.order]

    def led_by(self, leader: Row, followers: Collection[Row]) -> list[int]:
        """For every row the place of the row that leads it: `leader` for the followers, else its own."""
        return self.following(dict.fromkeys(followers, leader))

    def states(self, latents: Mapping[Enum, RowLatents]) -> Latents:
        """The latents of every row, from those of its branch (1 row each)."""
        return torch.cat([latents[row.branch] for row in self.order])

    def texts(self, texts: Mapping[Enum, TextEmbedding], empty: TextEmbedding) -> TextEmbedding:
        """The text of every row: that of its branch, or the empty one without."""
        return TextEmbedding.cat([empty if row.unconditional else texts[row.branch] for row in self.order])

    def by_row(self, noise: Latents) -> dict[Row, RowLatents]:
        """What a UNet call gave for each row (1 row each)."""
        return dict(zip(self.order, noise.split(1), strict=True))


def guided(noise: Mapping[Row, RowLatents], branch: Enum, guidance: float) -> RowLatents:
    """The guided noise of a branch (arXiv:2207.12598); at guidance 1 its unconditional row is not needed."""
    conditional = noise[Row(branch)]
    return conditional if guidance == 1 else guide(noise[Row(branch, unconditional=True)], conditional, guidance)


def guided_step(
    z: RowLatents, noise: Mapping[Row, RowLatents], branch: Enum, guidance: float, alpha_bars: tuple[float, ...]
) -> tuple[RowLatents, RowLatents]:
    """Where a guided DDIM step between two levels leads a branch, and its clean latents as guessed before."""
    return step_along(z, guided(noise, branch, guidance), *alpha_bars)


def can_guide(noise: Mapping[Row, RowLatents], branch: Enum, guidance: float) -> bool:
    """True if the rows that `guided` needs were run."""
    return Row(branch) in noise and (guidance == 1 or Row(branch, unconditional=True) in noise)
