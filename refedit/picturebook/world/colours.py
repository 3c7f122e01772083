"""Colour names and the paints they cover: continuous within a name, with clear gaps between names.

Paints are (red, green, blue) floats in 0..1, as written in an sRGB picture.
"""

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Paint = tuple[float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Shades:
    """The paints of one name: ranges of hue (degrees), lightness and saturation (0..1) in the HLS cone."""

    hue: Range
    lightness: Range
    saturation: Range


SHADES: dict[str, Shades] = {
    "red": Shades(hue=(-6, 3), lightness=(0.44, 0.52), saturation=(0.68, 0.82)),
    "orange": Shades(hue=(24, 30), lightness=(0.53, 0.58), saturation=(0.88, 0.97)),
    "yellow": Shades(hue=(46, 53), lightness=(0.58, 0.66), saturation=(0.86, 0.96)),
    "green": Shades(hue=(105, 142), lightness=(0.36, 0.47), saturation=(0.42, 0.58)),
    "blue": Shades(hue=(206, 224), lightness=(0.46, 0.58), saturation=(0.60, 0.80)),
    "purple": Shades(hue=(268, 284), lightness=(0.44, 0.56), saturation=(0.42, 0.58)),
    "pink": Shades(hue=(330, 344), lightness=(0.75, 0.81), saturation=(0.70, 0.88)),
    "brown": Shades(hue=(20, 28), lightness=(0.27, 0.34), saturation=(0.40, 0.54)),
    "grey": Shades(hue=(200, 230), lightness=(0.50, 0.60), saturation=(0.00, 0.04)),
    "white": Shades(hue=(36, 52), lightness=(0.93, 0.97), saturation=(0.15, 0.35)),
    "black": Shades(hue=(220, 280), lightness=(0.11, 0.17), saturation=(0.02, 0.10)),
}
COLOURS: tuple[str, ...] = tuple(SHADES)


def paint_at(name: str, hue: float = 0.5, lightness: float = 0.5, saturation: float = 0.5) -> Paint:
    """The paint of a name at a place (0..1 each) within its ranges; the middle one by default."""
    shades = SHADES[name]
    spans = (shades.hue, hue), (shades.lightness, lightness), (shades.saturation, saturation)
    turn, light, vivid = (low + (high - low) * place for (low, high), place in spans)
    red, green, blue = colorsys.hls_to_rgb(turn / 360 % 1, light, vivid)
    return float(red), float(green), float(blue)


def sample_paint(name: str, rng: np.random.Generator) -> Paint:
    """A paint that the name covers, uniform in its ranges."""
    return paint_at(name, rng.random(), rng.random(), rng.random())


def distance(first: Paint, second: Paint) -> float:
    """How different two paints look: Euclidean in OKLab, 1 between black and white."""
    return float(np.linalg.norm(_oklab(first) - _oklab(second)))


def sample_contrast(paint: Paint, rng: np.random.Generator) -> Paint:
    """A second paint that shows clearly on the first: cream, dark, or of any other name."""
    choices = [name for name in COLOURS if distance(paint_at(name), paint) > 0.3]
    lights = [name for name in ("white", "black", "yellow") if name in choices]
    name = str(rng.choice(lights if rng.random() < 0.5 else choices))
    return sample_paint(name, rng)


def mix(first: Paint, second: Paint, share: float) -> Paint:
    """The first paint with a share (0..1) of the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(first, second, strict=True))
    return red, green, blue


def byte(paint: Sequence[float]) -> tuple[int, int, int]:
    """A paint in 0..255."""
    red, green, blue = (round(255 * min(max(value, 0.0), 1.0)) for value in paint)
    return red, green, blue


@lru_cache(maxsize=256)
def _oklab(paint: Paint) -> np.ndarray:
    linear = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in paint])
    return _LAB @ np.cbrt(_CONES @ linear)


# Bjorn Ottosson's OKLab, from linear sRGB.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
