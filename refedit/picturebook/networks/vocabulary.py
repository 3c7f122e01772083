"""The built-in model's tokenizer: CLIP's own kind, with a vocabulary in which every word of the world is one token.

Knows nothing about scenes; it gets its words as a list.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from transformers import CLIPTokenizer

START, END, UNKNOWN = "<|startoftext|>", "<|endoftext|>", "<|unknown|>"
TOKENS = 32
"""Tokens of every text embedding, start and end included."""

Pair = tuple[str, str]


def build_tokenizer(words: Iterable[str]) -> CLIPTokenizer:
    """A tokenizer for which each of the lower-case `words` is one token.

    Other words fall into pieces; characters that no word contains become the unknown token.
    """
    pieces, merges = _learn(sorted(set(words)))
    vocabulary = {piece: index for index, piece in enumerate((START, END, UNKNOWN, *pieces))}
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=[tuple(pair) for pair in merges],
        unk_token=UNKNOWN,
        bos_token=START,
        eos_token=END,
        pad_token=END,
        model_max_length=TOKENS,
    )


def piece_ids(tokenizer: CLIPTokenizer, words: Iterable[str]) -> tuple[int, ...]:
    """The tokens that are no word of the world, only steps on the way to one."""
    known = {START, END, UNKNOWN, *(f"{word}</w>" for word in words)}
    return tuple(index for piece, index in sorted(tokenizer.get_vocab().items()) if piece not in known)


def _learn(words: Sequence[str]) -> tuple[list[str], list[Pair]]:
    """Byte-pair encoding carried on until no word is in pieces, so that the merges can't cut a word elsewhere."""
    spelled = {word: (*word[:-1], f"{word[-1]}</w>") for word in words}
    pieces = dict.fromkeys(letter for letters in spelled.values() for letter in letters)
    merges: list[Pair] = []
    while pairs := Counter(pair for parts in spelled.values() for pair in zip(parts, parts[1:], strict=False)):
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        pieces["".join(best)] = None
        spelled = {word: _merged(parts, best) for word, parts in spelled.items()}
    return list(pieces), merges


def _merged(parts: Sequence[str], pair: Pair) -> tuple[str, ...]:
    merged: list[str] = []
    for part in parts:
        if merged and (merged[-1], part) == pair:
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
