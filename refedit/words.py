"""Words and tokens: which tokens a word occupies, and how the tokens of two prompts correspond.

Token positions count from the start token, which is position 0. Knows nothing about networks.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from refedit.errors import EditError

_CHUNK = re.compile(r"[^\s,.]+")
"""What stands between spaces, commas and full stops: a word, perhaps with other punctuation around it."""

Tokenize = Callable[[str], tuple[int, ...]]
"""Text to token ids, without start and end tokens; a word's tokens don't depend on its neighbours."""


def split_words(text: str) -> tuple[str, ...]:
    """The entries of a comma-separated list of words or phrases; a single "-" stands for none."""
    if text.strip() == "-":
        return ()
    return tuple(word.strip() for word in text.split(",") if word.strip())


def word_positions(prompt: str, word: str, tokenize: Tokenize) -> tuple[int, ...]:
    """Token positions of every occurrence of a word or phrase in a prompt; EditError if there is none.

    A word that is several tokens gives them all. Punctuation around a word is not part of it, what a hyphen or an
    apostrophe joins is one word: "human" is not in "human-like".
    """
    found = find_word(prompt, word, tokenize)
    if not found:
        raise EditError(f"The word '{word}' is not in the prompt '{prompt}'. Use a word of the prompt, or change it.")
    return found


def find_word(prompt: str, word: str, tokenize: Tokenize) -> tuple[int, ...]:
    """As `word_positions`, but empty where the word does not occur."""
    wanted, tokens = tokenize(word), tokenize(prompt)
    bounds = list(_word_bounds(prompt))
    starts = sorted({len(tokenize(prompt[:start])) for start, _ in bounds})
    ends = {len(tokenize(prompt[:end])) for _, end in bounds}
    matches = [i for i in starts if wanted and i + len(wanted) in ends and tokens[i : i + len(wanted)] == wanted]
    return tuple(dict.fromkeys(1 + start + i for start in matches for i in range(len(wanted))))


def _word_bounds(prompt: str) -> Iterator[tuple[int, int]]:
    """Where words begin and end, in characters, without the punctuation around them."""
    for chunk in _CHUNK.finditer(prompt):
        letters = [i for i in range(*chunk.span()) if prompt[i].isalnum()]
        if letters:
            yield letters[0], letters[-1] + 1


def word_weights(prompt: str, words: Sequence[str], tokenize: Tokenize, length: int) -> Float[Tensor, " tokens"]:
    """1 at the tokens of the words, 0 elsewhere, of shape (length,)."""
    weights = torch.zeros(length)
    for word in words:
        weights[list(word_positions(prompt, word, tokenize))] = 1
    return weights


def changed_words(prompt: str, other: str) -> tuple[str, ...]:
    """The words of `prompt` that the other prompt lacks, in order, in lower case and without punctuation."""
    plain, known = ([text[a:b].casefold() for a, b in _word_bounds(text)] for text in (prompt, other))
    return tuple(dict.fromkeys(word for word in plain if word not in known))


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

    @property
    def is_identity(self) -> bool:
        """True if the target's own map is left as it is."""
        return not bool(self.matrix.any()) and bool((self.own == 1).all())


def replacement(source: str, target: str, tokenize: Tokenize, length: int, exact: bool = False) -> Alignment:
    """Prompt-to-prompt's word swap (arXiv:2208.01626, its code's replacement mapper): word i follows word i.

    A word of k tokens spreads evenly over the tokens of its counterpart. After the last changed word the
    public code maps token j to token j even if the prompts' token counts differ; `exact` follows the shift.
    Raises EditError if the prompts differ in their number of words.
    """
    words = [text.split(" ") for text in (source, target)]
    if len(words[0]) != len(words[1]):
        raise EditError(
            f"Word-by-word replacement needs prompts of equally many words, but they have {len(words[0])} and "
            f"{len(words[1])}. Change a prompt, or set controller to refine."
        )
    spans = [_spans(sentence, tokenize) for sentence in words]
    changed = [i for i, (a, b) in enumerate(zip(*words, strict=True)) if a != b and spans[0][i] and spans[1][i]]
    return Alignment(_swap_matrix([(spans[0][i], spans[1][i]) for i in changed], length, exact), torch.zeros(length))


def _spans(words: Sequence[str], tokenize: Tokenize) -> list[range]:
    spans, start = [], 1
    for word in words:
        stop = start + len(tokenize(word))
        spans.append(range(start, stop))
        start = stop
    return spans


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
