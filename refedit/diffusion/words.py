"""Words and tokens: which tokens a word occupies, and which words two prompts do not share.

Token positions count from the start token, which is position 0. Knows nothing about networks.
"""

import re
from collections.abc import Callable, Iterator, Sequence

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
    positions = find_word(prompt, word, tokenize)
    if not positions:
        raise EditError(f"The word '{word}' is not in the prompt '{prompt}'. Use a word of the prompt, or change it.")
    return positions


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
    """The words of `prompt` that the other prompt lacks in any case, in order, as written, without punctuation."""
    known = {other[a:b].casefold() for a, b in _word_bounds(other)}
    words: dict[str, str] = {}
    for a, b in _word_bounds(prompt):
        words.setdefault(prompt[a:b].casefold(), prompt[a:b])
    return tuple(word for key, word in words.items() if key not in known)
