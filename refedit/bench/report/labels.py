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


def cell(found: Mapping[str, Any], unit: str = "") -> str:
    """A mean and its interval as read from JSON, or a dash where nothing is known."""
    if found["mean"] is None:
        return "-"
    mean = _number(found["mean"], unit)
    if found["low"] is None or found["high"] is None:
        return mean
    return f"{mean} ({_number(found['low'], unit)} to {_number(found['high'], unit)})"


def _number(value: float, unit: str) -> str:
    if unit == _SHARE:
        return f"{100 * value:.0f}" if abs(value) > 0.1 or value == 0 else f"{100 * value:.1f}"
    if unit in (_DECIBEL, "s"):
        return f"{value:.1f}"
    return f"{value:.0f}" if unit == "rows" else f"{value:.3f}"
