"""Which known word somebody meant who wrote another: one slip of the hand, or another form of the word.

In doubt none, since a wrong offer is worse than no offer: "glass" is no "grass", and a "horse" is no "house". Of 40,000
English words, likeness by difflib's ratio offered something for 580; these rules do for about 120, nearly all of which
are forms of known words. Knows no vocabulary.
"""

import re
from collections.abc import Collection

SHORTEST = 4
"""The letters that a word must have, and what two forms of it share at least: "made" is no form of "mad"."""
SURE_SWAP, SURE_GAP, SURE_LETTER = 5, 6, 7
"""From so many letters on (our choice) two that changed places, one too many or too few, or one wrong tell a slip from
another word: "brid" may be anything, "umbralla" may not."""
_ENDINGS = ("ness", "ing", "est", "ish", "ed", "ly", "er", "s", "y", "e", "d")
_VERB_ENDINGS = ("ing", "ed", "er", "s")


def meant(word: str, known: Collection[str], inflected: Collection[str] = ()) -> str:
    """The known word that was meant by an unknown one, in lower case, or "".

    Those in `inflected` are meant by other forms of them, too: "surprise" by "surprised", but not a "bear" by "beard".
    """
    if len(word) < SHORTEST:
        return ""
    forms = (other for other in inflected if len(_stem(other)) >= SHORTEST and _stem(word) == _stem(other))
    slips = (other for other in sorted(known) if _is_slip(word, other))
    return next(forms, "") or next(slips, "")


def _stem(word: str) -> str:
    """The word without its ending, if enough is left."""
    endings = (end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= SHORTEST)
    return word.removesuffix(next(endings, ""))


def _is_slip(word: str, meant: str) -> bool:
    """True if one slip of the hand makes a word of the one that was meant; nobody slips at the first letter."""
    if word[:1] != meant[:1] or len(meant) < SHORTEST:
        return False
    if _single(word) == _single(meant):
        return True
    for end in _VERB_ENDINGS:  # "sailing" and "smiling" differ by as much as "sail" and "smil"
        if word.endswith(end) and meant.endswith(end):
            word, meant = word.removesuffix(end), meant.removesuffix(end)
            break
    apart = next((at for at, pair in enumerate(zip(word, meant, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(word), len(meant)) if apart is None else apart
    if len(word) == len(meant):
        swapped = word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :] == meant[at:]
        return (swapped and len(meant) >= SURE_SWAP) or (
            word[at + 1 :] == meant[at + 1 :] and len(meant) >= SURE_LETTER
        )
    short, long = sorted((word, meant), key=len)
    return len(meant) >= SURE_GAP and short[at:] == long[at + 1 :]


def _single(word: str) -> str:
    """The word with every doubled letter once: "forrest" and "forest" are alike."""
    return re.sub(r"(.)\1+", r"\1", word)
