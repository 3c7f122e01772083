"""How readings are called and written for people."""

from collections.abc import Collection, Mapping
from typing import Any

_SHARE, _DECIBEL = "%", "dB"

LABELS: Mapping[str, tuple[str, str]] = {
    "right colour pattern": ("colour and pattern right", _SHARE),
    "right colour": ("colour right", _SHARE),
    "right pattern": ("pattern right", _SHARE),
    "right kind": ("kind right", _SHARE),
    "right kind pose": ("kind and pose kept", _SHARE),
    "changed right": ("what was asked for, right", _SHARE),
    "identity kept": ("identity kept", _SHARE),
    "leak": ("reference's background shows, of the picture", _SHARE),
    "distance": ("distance to the truth", ""),
    "distance_inside": ("distance inside", ""),
    "distance_outside": ("distance outside, to the source", ""),
    "whole": ("PSNR to the truth", _DECIBEL),
    "inside": ("PSNR inside", _DECIBEL),
    "outside": ("PSNR outside, to the source", _DECIBEL),
    "ssim_inside": ("SSIM inside", ""),
    "ssim_outside": ("SSIM outside", ""),
    "contours": ("contours like the truth's", ""),
    "text": ("cosine with the text", ""),
    "rows": ("UNet rows", "rows"),
    "seconds": ("seconds", "s"),
}
"""By reading: its name, and the unit in which it is written ("" for a plain number)."""

TITLES: Mapping[str, str] = {
    "reference": "Replace by a reference",
    "pose": "New pose or expression",
    "rigid": "New colour, background or style",
}
"""The kinds of cases, as people call them."""


def label(reading: str) -> str:
    """Its name with the unit."""
    name, unit = LABELS[reading]
    return f"{name}, {unit}" if unit and unit not in ("rows", "s") else name


def cases_text(counts: Collection[int]) -> str:
    """How many cases figures rest on, the fewest and the most."""
    fewest, most = min(counts), max(counts)
    return f"{most} cases" if fewest == most else f"{fewest} to {most} cases"


def cell(interval: Mapping[str, Any], unit: str = "") -> str:
    """A mean and its interval as read from JSON, or a dash where nothing is known."""
    if interval["mean"] is None:
        return "-"
    mean = _number(interval["mean"], unit)
    if interval["low"] is None or interval["high"] is None:
        return mean
    return f"{mean} ({_number(interval['low'], unit)} to {_number(interval['high'], unit)})"


def _number(value: float, unit: str) -> str:
    if unit == _SHARE:
        return f"{100 * value:.0f}" if abs(value) > 0.1 or value == 0 else f"{100 * value:.1f}"
    if unit in (_DECIBEL, "s"):
        return f"{value:.1f}"
    return f"{value:.0f}" if unit == "rows" else f"{value:.3f}"


NOTE = (
    "Intervals are 95 % intervals of the mean over cases, the wider of a bootstrap's and Student's; for shares "
    "Wilson's, and those of chances reach as far at least. A claim holds if all differences that decide it have their "
    "whole interval above the named bound, the smallest effect that matters; it fails if the interval of one, widened "
    "for their number after Bonferroni, lies below. The table quotes one difference and, in brackets, of how many that "
    "decide how many say the same. "
    "A painted region is the true one: the outlines of the subject in the source and in the true result, slightly "
    "grown. Cases whose background or style changes have none. In the comparison edits are pasted into it, so that a "
    "kept background is kept by that; readings outside are of the edit before. Claims are judged on edits that are not "
    "pasted. SpecRef and the prompt-to-prompt methods also keep what is outside the painted region by blending; BARET, "
    "MasaCtrl and plain DDIM do not. "
    "Prompts of reference cases name neither colour nor pattern, and both always differ from the source's; every "
    "second reference is of the source's own kind. "
    "The presets of SpecRef and BARET were chosen on development cases, which share nothing with the test cases; the "
    "other methods have their authors' values, and as a second choice the guidance of the preset that the kind is for. "
    "Claims B4 to B9 are about the preset `published`, B1 to B3 about text inversion at the paper's guidance; "
    "`non-rigid` adds MasaCtrl's way of looking up, which A1 is about."
)

TERMS: tuple[tuple[str, str], ...] = (
    ("the reader", "a network that tells kind, pose, colour, pattern, background and style of a drawing"),
    ("right", "the share of results in which the reader sees what the true result shows"),
    ("chance", "the probability that the reader gives to what the true result shows, 0 to 1"),
    ("identity kept", "kind, colour, pattern and background all read as they were"),
    ("kind and pose kept", "both read as they were; a thing has one pose only"),
    ("distance", "of the reader's features, 0 for equal pictures and 4 at most"),
    ("inside", "where source and true result differ, compared with the true result"),
    ("outside", "where they are equal, compared with the source"),
    ("reference's background shows", "the part of the picture with a hue that only the reference's background has"),
    ("cosine with the text", "of picture and target prompt, by the built-in CLIP"),
    ("word map", "the cross-attention of a prompt's word over the picture"),
    ("UNet rows", "pictures that went through the UNet, guidance's two counted each; seconds are of a first edit"),
    (
        "bounds",
        "what doing nothing gets, and what the VAE lets through of the truth",
    ),
)
"""What is measured, by the words of the tables."""
