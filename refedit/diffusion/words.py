"""Words and tokens: which tokens a word occupies, and which words two prompts do not share.

Token positions count from the start token, which is position 0. Knows nothing about networks.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest

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


def names_another_thing(prompt: str, other: str) -> bool:
    """Whether a word that the other prompt lacks names a thing, and does not only describe one.

    Our choice, for English: the last word of a phrase is its thing, so what follows it is no further word of the
    phrase but one of `_JOINING`, a verb in -ing, or nothing.
    """
    new = {word.casefold() for word in changed_words(prompt, other) if not word.casefold().endswith("ing")}
    words = [prompt[a:b].casefold() for a, b in _word_bounds(prompt)]
    follows = zip_longest(words, words[1:], fillvalue="")
    return any(word in new and (not after or after in _JOINING or after.endswith("ing")) for word, after in follows)


_JOINING = frozenset(
    "a an the and or but of in on at by to from with without under over above below near before behind beside between "
    "against into onto inside outside around through across is are was were that which who whose while as like".split()
)


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
