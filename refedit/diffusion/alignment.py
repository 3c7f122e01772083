"""How the tokens of two prompts correspond, for prompt-to-prompt's edits.

Token positions count from the start token, which is position 0. Knows nothing about networks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.words import Tokenize
from refedit.errors import EditError

Controller = Literal["auto", "replace", "refine"]
"""Prompt-to-prompt's two ways, by the names of its code, and the choice between them by counting words."""


@dataclass(frozen=True)
class Alignment:
    """How a target prompt's cross-attention map follows from the source's: A = A_source @ matrix + A_target * own.

    `matrix` has shape (source tokens, target tokens), `own` (target tokens,). Both act on values just as well,
    since attention is linear in them: A @ v needs no explicit map.
    """

    matrix: Float[Tensor, "source target"]
    own: Float[Tensor, " target"]

    def during(self, share: Float[Tensor, " target"]) -> "Alignment":
        """Applied to the given share (0..1) of every target token; the rest keeps the target's own map."""
        return Alignment(self.matrix * share, self.own * share + (1 - share))

    def reweighted(self, factors: Float[Tensor, " target"]) -> "Alignment":
        """With the columns of the target's tokens multiplied (prompt-to-prompt's reweighting)."""
        return Alignment(self.matrix * factors, self.own * factors)

    def to(self, device: torch.device) -> "Alignment":
        return Alignment(self.matrix.to(device), self.own.to(device))

    def over(self, shares: Float[Tensor, "steps target"], device: torch.device) -> tuple["Alignment | None", ...]:
        """What holds at every step, on a device; None where the target's own map is left as it is.

        Steps of equal shares have the same one, so that nothing is looked at, or sent to a GPU, in every step.
        """
        keys, known = [tuple(share.tolist()) for share in shares], dict[tuple[float, ...], Alignment | None]()
        for key, share in zip(keys, shares, strict=True):
            if key not in known:
                now = self.during(share)
                known[key] = None if now.is_identity else now.to(device)
        return tuple(known[key] for key in keys)

    @cached_property
    def is_identity(self) -> bool:
        """True if the target's own map is left as it is."""
        return not bool(self.matrix.any()) and bool((self.own == 1).all())

    @cached_property
    def keeps_own(self) -> bool:
        """True if some token keeps a part of the target's own map."""
        return bool(self.own.any())


def aligned(
    source: str, target: str, tokenize: Tokenize, length: int, *, exact: bool = True, controller: Controller = "auto"
) -> Alignment:
    """How the target follows the source: by `replacement`, by `refinement`, or by the former where it is possible."""
    if controller == "replace" or (controller == "auto" and same_word_count(source, target)):
        return replacement(source, target, tokenize, length, exact)
    return refinement(source, target, tokenize, length)


def same_word_count(source: str, target: str) -> bool:
    """True if prompts correspond word by word, as `replacement` needs it."""
    return len(source.split()) == len(target.split())


def replacement(source: str, target: str, tokenize: Tokenize, length: int, exact: bool = False) -> Alignment:
    """Prompt-to-prompt's word swap (arXiv:2208.01626, its code's replacement mapper): word i follows word i.

    A word of k tokens spreads evenly over the tokens of its counterpart. After the last changed word the
    public code maps token j to token j even if the prompts' token counts differ; `exact` follows the shift.
    Raises EditError if the prompts differ in their number of words.
    """
    words = [text.split() for text in (source, target)]
    if not same_word_count(source, target):
        raise EditError(
            f"Word-by-word replacement needs prompts of equally many words, but they have {len(words[0])} and "
            f"{len(words[1])}. Change a prompt, or set controller to refine."
        )
    spans = [_spans(sentence, tokenize) for sentence in words]
    changed = [i for i, (a, b) in enumerate(zip(*words, strict=True)) if a != b and spans[0][i] and spans[1][i]]
    return Alignment(_swap_matrix([(spans[0][i], spans[1][i]) for i in changed], length, exact), torch.zeros(length))


def _spans(words: Sequence[str], tokenize: Tokenize) -> list[range]:
    bounds = accumulate((len(tokenize(word)) for word in words), initial=1)
    return [range(start, stop) for start, stop in pairwise(bounds)]


def _swap_matrix(pairs: list[tuple[range, range]], length: int, exact: bool) -> Float[Tensor, "length length"]:
    matrix = torch.zeros(length, length)
    i = j = 0
    for source, target in pairs:
        while i < source.start and j < length:
            matrix[i, j] = 1
            i, j = i + 1, j + 1
        block = torch.eye(len(source)) if len(source) == len(target) else torch.full((1, 1), 1 / len(target))
        matrix[source.start : source.stop, j : j + len(target)] = block
        i, j = source.stop, j + len(target)
    while i < length and j < length:
        matrix[i if exact else j, j] = 1
        i, j = i + 1, j + 1
    return matrix


def refinement(source: str, target: str, tokenize: Tokenize, length: int) -> Alignment:
    """Prompt-to-prompt's refinement: tokens that the target keeps follow the source's, new ones are its own.

    Tokens are matched by global alignment (gap 0, match 1, mismatch -1), as its code does.
    """
    matches = _align((-1, *tokenize(source), -2), (-1, *tokenize(target), -2))
    matrix, own = torch.zeros(length, length), torch.zeros(length)
    for position, match in enumerate(matches):
        if match is None:
            own[position] = 1
        else:
            matrix[match, position] = 1
    rest = torch.arange(len(matches), length)
    matrix[rest, rest] = 1
    return Alignment(matrix, own)


def _align(source: tuple[int, ...], target: tuple[int, ...]) -> list[int | None]:
    """For every target token the position of the source token it matches, or None (Needleman-Wunsch).

    Ties prefer a gap in the source, then in the target: the order of the public code, which decides
    between equally good alignments.
    """
    best = [[0] * (len(target) + 1) for _ in range(len(source) + 1)]
    for i, a in enumerate(source, 1):
        for j, b in enumerate(target, 1):
            best[i][j] = max(best[i][j - 1], best[i - 1][j], best[i - 1][j - 1] + (1 if a == b else -1))
    matches: list[int | None] = [None] * len(target)
    i, j = len(source), len(target)
    while i and j:
        if best[i][j] == best[i][j - 1]:
            j -= 1
        elif best[i][j] == best[i - 1][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            matches[j] = i
    return matches
