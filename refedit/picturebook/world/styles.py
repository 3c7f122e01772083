"""Styles: how lines and shading are laid while drawing, and what is done to the finished picture."""

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from refedit.picturebook.world.paints import CREAM, DrawingStyle

DRAWING_STYLES: Mapping[str, DrawingStyle] = {
    "storybook": DrawingStyle(),
    "flat": DrawingStyle(line=0.005, ink=0.35, shading=0.0, shadow=0.18),
    "paper": DrawingStyle(line=0.017, outline=CREAM, shading=0.35, shadow=0.5),
    "watercolour": DrawingStyle(line=0.007, ink=0.62, shading=0.9, shadow=0.3),
    "pencil": DrawingStyle(line=0.010, ink=1.0, shading=0.8, shadow=0.35),
}
_PAPER = np.array((252, 249, 241), np.float32)


def finish(picture: Image.Image, style: str) -> Image.Image:
    """The drawn picture after what its style does to it in the end."""
    change = _FINISHES.get(style)
    return change(picture) if change else picture


def _watercolour(picture: Image.Image) -> Image.Image:
    """Thin washes that pool at edges, on a sheet that stays bare at its rim."""
    size = picture.width
    values, soft, wide = (_blurred(picture, radius * size) for radius in (0.0, 0.009, 0.03))
    wet = 0.6 * values + 0.4 * soft + 0.35 * (values - wide)
    strength, cover = _washes(size)
    return _picture(_PAPER - (_PAPER - wet) * (strength * cover)[..., None])


def _pencil(picture: Image.Image) -> Image.Image:
    """Graphite lines along all edges, and crayon hatching that the sheet shows through."""
    size = picture.width
    values = np.asarray(picture, np.float32)
    grey = picture.convert("L")
    ends = np.clip(_blurred(grey, 0.012 * size) - np.asarray(grey, np.float32) - 3, 0, 40)
    sheet = _PAPER - (_PAPER - values) * _hatching(size)[..., None]
    return _picture(sheet - 1.8 * ends[..., None])


@lru_cache(maxsize=4)
def _washes(size: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = _axes(size)
    wave = np.sin(2 * x + 1.5 * np.sin(2 * y)) * np.sin(3 * y + 1.2 * np.sin(2 * x))
    rim = np.minimum(np.minimum(x, 2 * np.pi - x), np.minimum(y, 2 * np.pi - y)) / (2 * np.pi)
    frayed = rim - 0.038 - 0.012 * np.sin(2 * x + 3 * y + 1) - 0.008 * np.sin(5 * x - 4 * y)
    return (0.80 + 0.07 * wave).astype(np.float32), np.clip(frayed / 0.022 + 0.5, 0, 1).astype(np.float32)


@lru_cache(maxsize=4)
def _hatching(size: int) -> np.ndarray:
    x, y = _axes(size)
    lines = np.sin(21 * (x + y) + 0.8 * np.sin(3 * x - y) + 0.6 * np.sin(2 * y))
    return (0.76 + 0.085 * lines).astype(np.float32)


def _axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    axis = (np.arange(size) + 0.5) / size * 2 * np.pi
    return axis[None, :], axis[:, None]


def _blurred(picture: Image.Image, radius: float) -> np.ndarray:
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(radius)) if radius else picture, np.float32)


def _picture(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(np.round(values), 0, 255).astype(np.uint8), "RGB")


_FINISHES: Mapping[str, Callable[[Image.Image], Image.Image]] = {"watercolour": _watercolour, "pencil": _pencil}
