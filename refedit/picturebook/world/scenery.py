"""What backgrounds are made of: skies, hills, clouds, stars, plants. Places and sizes are shares of the picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from refedit.picturebook.world.canvas import Canvas, byte
from refedit.picturebook.world.colours import Paint, mix
from refedit.picturebook.world.shapes import box, ellipse, path, rounded, smooth

WHITE: Paint = (1.0, 1.0, 1.0)


def wash(canvas: Canvas, top: Paint, bottom: Paint, start: float, end: float) -> None:
    """A vertical gradient over a band of the picture (fractions of the height)."""
    first, last = round(start * canvas.pixels), round(end * canvas.pixels)
    share = np.linspace(0, 1, last - first)[:, None, None]
    column = np.asarray(byte(top)) * (1 - share) + np.asarray(byte(bottom)) * share
    band = Image.fromarray(np.round(column).astype(np.uint8), "RGB")
    canvas.picture.paste(band.resize((canvas.pixels, last - first), Image.Resampling.NEAREST), (0, first))


def ground(canvas: Canvas, crest: Sequence[tuple[float, float]], paint: Paint) -> None:
    """Everything below a curve from the left edge to the right one."""
    curve = path(crest)
    canvas.polygon(np.concatenate([curve, [(1.02, 1.02), (-0.02, 1.02)]]), paint)


def cloud(canvas: Canvas, x: float, y: float, size: float, paint: Paint) -> None:
    for dx, dy, r in ((-0.09, 0.02, 0.05), (0, 0, 0.07), (0.09, 0.015, 0.055), (0.0, 0.03, 0.06)):
        canvas.polygon(ellipse(x + dx * size, y + dy * size, r * size * 1.25, r * size * 0.8), paint)


def flower(canvas: Canvas, x: float, y: float) -> None:
    for dx, dy in ((-0.009, 0), (0.009, 0), (0, -0.009), (0, 0.009)):
        canvas.polygon(ellipse(x + dx, y + dy, 0.008, 0.008), (0.99, 0.96, 0.90))
    canvas.polygon(ellipse(x, y, 0.006, 0.006), (0.95, 0.78, 0.35))


def star(canvas: Canvas, x: float, y: float, r: float) -> None:
    star = [(0, -2), (0.5, -0.5), (2, 0), (0.5, 0.5), (0, 2), (-0.5, 0.5), (-2, 0), (-0.5, -0.5)]
    canvas.polygon(np.array(star) * r + (x, y), (0.98, 0.95, 0.78))


def fir(canvas: Canvas, x: float, foot: float, high: float, paint: Paint, snow: bool = False) -> None:
    canvas.polygon(box(x - 0.012, foot - 0.06, x + 0.012, foot + 0.02), (0.52, 0.42, 0.38))
    for tier in range(3):
        top, wide = foot - high + tier * high * 0.24, high * (0.20 + 0.09 * tier)
        triangle = [(x, top), (x + wide, top + high * 0.42), (x - wide, top + high * 0.42)]
        canvas.polygon(rounded(triangle, 0.012), mix(paint, (0.2, 0.25, 0.3), 0.06 * (2 - tier)))
        if snow:
            cap = [(x, top), (x + wide * 0.45, top + high * 0.19), (x - wide * 0.45, top + high * 0.19)]
            canvas.polygon(rounded(cap, 0.01), WHITE)


def cactus(canvas: Canvas, x: float, foot: float, high: float) -> None:
    paint = (0.55, 0.64, 0.46)
    canvas.polygon(box(x - 0.025, foot - high, x + 0.025, foot, 0.024), paint)
    for sign, y in ((-1, 0.45), (1, 0.6)):
        elbow, top = x + sign * 0.075, foot - y * high
        left, right = sorted((elbow, x))
        canvas.polygon(box(left - 0.015, top - 0.03, right + 0.015, top, 0.014), paint)
        canvas.polygon(box(elbow - 0.017, top - 0.085, elbow + 0.017, top, 0.016), paint)


def weed(canvas: Canvas, x: float, foot: float, high: float) -> None:
    left = [(x + 0.02 * np.sin(6 * t), foot - high * t) for t in np.linspace(0, 1, 5)]
    right = [(px + 0.034 * (1 - t), py) for (px, py), t in zip(left, np.linspace(0, 1, 5), strict=True)]
    canvas.polygon(smooth([*left, *right[::-1]]), (0.27, 0.58, 0.50))
