"""Backgrounds: calm, muted and distinct, painted onto a canvas; they never look at the subjects."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image

from refedit.picturebook.brush import Canvas, byte
from refedit.picturebook.colours import Paint, mix
from refedit.picturebook.scene import Backdrop
from refedit.picturebook.shapes import box, ellipse, path, rounded, smooth

WHITE: Paint = (1.0, 1.0, 1.0)


def paint_backdrop(canvas: Canvas, backdrop: Backdrop) -> None:
    """Fills the canvas."""
    _BACKDROPS[backdrop.name](canvas, backdrop)


def _wash(canvas: Canvas, top: Paint, bottom: Paint, start: float, end: float) -> None:
    """A vertical gradient over a band of the picture (fractions of the height)."""
    first, last = round(start * canvas.pixels), round(end * canvas.pixels)
    share = np.linspace(0, 1, last - first)[:, None, None]
    column = np.asarray(byte(top)) * (1 - share) + np.asarray(byte(bottom)) * share
    band = Image.fromarray(np.round(column).astype(np.uint8), "RGB")
    canvas.picture.paste(band.resize((canvas.pixels, last - first), Image.Resampling.NEAREST), (0, first))


def _ground(canvas: Canvas, crest: Sequence[tuple[float, float]], paint: Paint) -> None:
    """Everything below a curve from the left edge to the right one."""
    curve = path(crest)
    canvas.polygon(np.concatenate([curve, [(1.02, 1.02), (-0.02, 1.02)]]), paint)


def _cloud(canvas: Canvas, x: float, y: float, size: float, paint: Paint) -> None:
    for dx, dy, r in ((-0.09, 0.02, 0.05), (0, 0, 0.07), (0.09, 0.015, 0.055), (0.0, 0.03, 0.06)):
        canvas.polygon(ellipse(x + dx * size, y + dy * size, r * size * 1.25, r * size * 0.8), paint)


def _meadow(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    _wash(canvas, mix((0.62, 0.82, 0.94), (0.72, 0.84, 0.90), b.tone), (0.90, 0.96, 0.95), 0, 0.7)
    _cloud(canvas, 0.1 + 0.3 * d[0], 0.12 + 0.08 * d[1], 1, WHITE)
    _cloud(canvas, 0.6 + 0.35 * d[2], 0.10 + 0.12 * d[3], 0.8, WHITE)
    hills = [(-0.02, h - 0.06 * d[4]), (0.3, h - 0.10), (0.7, h - 0.02), (1.02, h - 0.08 * d[5])]
    _ground(canvas, hills, (0.69, 0.82, 0.62))
    grass = mix((0.62, 0.77, 0.50), (0.70, 0.79, 0.50), b.tone)
    _ground(canvas, [(-0.02, h + 0.08), (0.4, h + 0.04), (1.02, h + 0.02 + 0.06 * d[6])], grass)
    for k in range(7):
        _flower(canvas, (0.07 + 0.146 * k + 0.06 * d[k]) % 1, 0.80 + 0.17 * d[(3 * k + 1) % 8])


def _flower(canvas: Canvas, x: float, y: float) -> None:
    for dx, dy in ((-0.009, 0), (0.009, 0), (0, -0.009), (0, 0.009)):
        canvas.polygon(ellipse(x + dx, y + dy, 0.008, 0.008), (0.99, 0.96, 0.90))
    canvas.polygon(ellipse(x, y, 0.006, 0.006), (0.95, 0.78, 0.35))


def _beach(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon - 0.06
    _wash(canvas, (0.60, 0.84, 0.93), (0.93, 0.95, 0.90), 0, h)
    x, y = 0.15 + 0.7 * d[0], 0.13 + 0.08 * d[1]
    canvas.polygon(ellipse(x, y, 0.085, 0.085), (0.99, 0.93, 0.72))
    canvas.polygon(ellipse(x, y, 0.062, 0.062), (0.99, 0.86, 0.52))
    _wash(canvas, mix((0.42, 0.71, 0.79), (0.38, 0.66, 0.80), b.tone), (0.62, 0.85, 0.85), h, 0.8)
    shore = [(-0.02, h + 0.14 + 0.04 * d[2]), (0.3, h + 0.11), (0.65, h + 0.15), (1.02, h + 0.10 + 0.05 * d[3])]
    _ground(canvas, [(px, py - 0.015) for px, py in shore], (0.95, 0.98, 0.96))
    _ground(canvas, [(px, py + 0.012) for px, py in shore], mix((0.93, 0.85, 0.68), (0.94, 0.82, 0.64), b.tone))
    for k in range(4):
        x, y = 0.08 + 0.22 * k + 0.12 * d[k + 4], 0.86 + 0.11 * d[(k + 2) % 8]
        canvas.polygon(ellipse(x, y, 0.022, 0.010), (0.86, 0.75, 0.58))


def _night(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    _wash(canvas, mix((0.17, 0.20, 0.42), (0.22, 0.19, 0.42), b.tone), (0.42, 0.45, 0.68), 0, 0.75)
    for k in range(11):
        x, y = (0.05 + 0.618 * k + 0.2 * d[k % 8]) % 1, 0.03 + 0.42 * ((0.37 * k + d[(k + 3) % 8] * 0.3) % 1)
        _star(canvas, x, y, 0.006 + 0.004 * (k % 3))
    x, y = 0.14 + 0.72 * d[0], 0.15 + 0.06 * d[1]
    canvas.polygon(ellipse(x, y, 0.105, 0.105), (0.46, 0.48, 0.66))
    canvas.polygon(ellipse(x, y, 0.078, 0.078), (0.98, 0.95, 0.80))
    canvas.polygon(ellipse(x + 0.02, y - 0.02, 0.016, 0.016), (0.90, 0.86, 0.70))
    canvas.polygon(ellipse(x - 0.025, y + 0.02, 0.022, 0.022), (0.90, 0.86, 0.70))
    _ground(canvas, [(-0.02, h - 0.03), (0.35, h - 0.08 * d[4]), (0.7, h), (1.02, h - 0.06)], (0.30, 0.36, 0.56))
    _ground(canvas, [(-0.02, h + 0.10), (0.5, h + 0.03 + 0.04 * d[5]), (1.02, h + 0.09)], (0.36, 0.45, 0.60))


def _star(canvas: Canvas, x: float, y: float, r: float) -> None:
    star = [(0, -2), (0.5, -0.5), (2, 0), (0.5, 0.5), (0, 2), (-0.5, 0.5), (-2, 0), (-0.5, -0.5)]
    canvas.polygon(np.array(star) * r + (x, y), (0.98, 0.95, 0.78))


def _snow(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    _wash(canvas, mix((0.66, 0.74, 0.86), (0.72, 0.74, 0.86), b.tone), (0.86, 0.90, 0.95), 0, 0.75)
    for k in range(3):
        _fir(canvas, (0.08 + 0.36 * k + 0.16 * d[k]), h + 0.04, 0.22 + 0.12 * d[k + 3], (0.55, 0.66, 0.70), snow=True)
    _ground(canvas, [(-0.02, h + 0.02), (0.3, h - 0.03), (0.7, h + 0.03), (1.02, h - 0.02)], (0.87, 0.91, 0.97))
    _ground(canvas, [(-0.02, h + 0.14), (0.45, h + 0.08 + 0.04 * d[6]), (1.02, h + 0.14)], (0.93, 0.95, 0.99))
    for k in range(14):
        x, y = (0.618 * k + 0.3 * d[k % 8]) % 1, (0.05 + 0.37 * k + 0.2 * d[(k + 5) % 8]) % 0.6
        canvas.polygon(ellipse(x, y, 0.009, 0.009), WHITE)


def _fir(canvas: Canvas, x: float, foot: float, high: float, paint: Paint, snow: bool = False) -> None:
    canvas.polygon(box(x - 0.012, foot - 0.06, x + 0.012, foot + 0.02), (0.52, 0.42, 0.38))
    for tier in range(3):
        top, wide = foot - high + tier * high * 0.24, high * (0.20 + 0.09 * tier)
        triangle = [(x, top), (x + wide, top + high * 0.42), (x - wide, top + high * 0.42)]
        canvas.polygon(rounded(triangle, 0.012), mix(paint, (0.2, 0.25, 0.3), 0.06 * (2 - tier)))
        if snow:
            cap = [(x, top), (x + wide * 0.45, top + high * 0.19), (x - wide * 0.45, top + high * 0.19)]
            canvas.polygon(rounded(cap, 0.01), WHITE)


def _desert(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    _wash(canvas, mix((0.97, 0.80, 0.58), (0.95, 0.76, 0.62), b.tone), (0.99, 0.92, 0.78), 0, 0.75)
    canvas.polygon(ellipse(0.15 + 0.7 * d[0], 0.18, 0.075, 0.075), (1.0, 0.96, 0.82))
    _ground(canvas, [(-0.02, h - 0.02), (0.25, h - 0.10 * d[1] - 0.03), (0.6, h), (1.02, h - 0.09)], (0.88, 0.66, 0.48))
    for k, x in enumerate((0.07 + 0.12 * d[2], 0.82 + 0.12 * d[3])):
        _cactus(canvas, x, h + 0.08, 0.18 + 0.08 * d[4 + k])
    dunes = [(-0.02, h + 0.05), (0.35, h + 0.09), (0.7, h + 0.04 + 0.03 * d[6]), (1.02, h + 0.08)]
    _ground(canvas, dunes, (0.92, 0.75, 0.53))
    _ground(canvas, [(-0.02, h + 0.24), (0.5, h + 0.17), (1.02, h + 0.25)], (0.95, 0.80, 0.58))


def _cactus(canvas: Canvas, x: float, foot: float, high: float) -> None:
    paint = (0.55, 0.64, 0.46)
    canvas.polygon(box(x - 0.025, foot - high, x + 0.025, foot, 0.024), paint)
    for sign, y in ((-1, 0.45), (1, 0.6)):
        elbow, top = x + sign * 0.075, foot - y * high
        left, right = sorted((elbow, x))
        canvas.polygon(box(left - 0.015, top - 0.03, right + 0.015, top, 0.014), paint)
        canvas.polygon(box(elbow - 0.017, top - 0.085, elbow + 0.017, top, 0.016), paint)


def _room(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon + 0.06
    wall = mix((0.90, 0.80, 0.72), (0.84, 0.84, 0.76), b.tone)
    canvas.polygon(box(-0.02, -0.02, 1.02, h), wall)
    for k in range(9):
        left = (k + 0.5 * d[7]) / 8 - 0.06
        canvas.polygon(box(left, -0.02, left + 0.06, h), mix(wall, WHITE, 0.22))
    x = 0.06 + 0.1 * d[0] if d[1] < 0.5 else 0.66 + 0.1 * d[0]
    canvas.polygon(box(x, 0.10, x + 0.24, 0.38), (0.98, 0.96, 0.92))
    canvas.polygon(box(x + 0.02, 0.12, x + 0.22, 0.36), (0.66, 0.82, 0.90))
    canvas.polygon(box(x + 0.113, 0.12, x + 0.127, 0.36), (0.98, 0.96, 0.92))
    canvas.polygon(box(x + 0.02, 0.233, x + 0.22, 0.247), (0.98, 0.96, 0.92))
    canvas.polygon(box(-0.02, h - 0.03, 1.02, h), (0.97, 0.93, 0.88))
    _wash(canvas, (0.70, 0.54, 0.42), (0.78, 0.62, 0.48), h, 1.0)
    canvas.polygon(ellipse(0.5, 0.90, 0.46, 0.10), mix((0.72, 0.70, 0.66), (0.66, 0.70, 0.72), d[2]))
    canvas.polygon(ellipse(0.5, 0.90, 0.41, 0.08), mix((0.84, 0.81, 0.75), (0.78, 0.81, 0.82), d[2]))


def _forest(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    _wash(canvas, mix((0.58, 0.72, 0.64), (0.62, 0.72, 0.58), b.tone), (0.80, 0.86, 0.72), 0, 0.75)
    for k in range(5):
        _fir(canvas, 0.04 + 0.23 * k + 0.08 * d[k], h + 0.03, 0.36 + 0.14 * d[(k + 2) % 8], (0.52, 0.66, 0.58))
    for k in range(4):
        _fir(canvas, -0.02 + 0.34 * k + 0.06 * d[k + 4], h + 0.10, 0.46 + 0.14 * d[k], (0.36, 0.53, 0.44))
    _ground(canvas, [(-0.02, h + 0.07), (0.4, h + 0.03), (1.02, h + 0.08)], (0.58, 0.62, 0.44))
    _ground(canvas, [(-0.02, h + 0.20), (0.5, h + 0.14), (1.02, h + 0.20)], (0.64, 0.66, 0.47))


def _sea(canvas: Canvas, b: Backdrop) -> None:
    d = b.details
    _wash(canvas, mix((0.45, 0.78, 0.82), (0.42, 0.72, 0.84), b.tone), (0.20, 0.50, 0.62), 0, 1.0)
    for k in range(3):
        x = 0.05 + 0.36 * k + 0.2 * d[k]
        ray = np.array([(x, -0.02), (x + 0.10, -0.02), (x - 0.09, 0.95), (x - 0.27, 0.95)])
        canvas.polygon(ray, (0.44, 0.74, 0.80))
    for k in range(4):
        x = (0.05 + 0.10 * d[k]) if k % 2 else (0.86 + 0.10 * d[k])
        _weed(canvas, x + 0.05 * (k // 2), 0.86, 0.22 + 0.16 * d[k + 4])
    h = b.horizon + 0.20
    _ground(canvas, [(-0.02, h), (0.3, h + 0.03), (0.7, h - 0.02), (1.02, h + 0.02)], (0.80, 0.77, 0.62))
    for k in range(6):
        x, y = (0.13 + 0.618 * k + 0.2 * d[k]) % 1, 0.05 + 0.5 * d[(k + 3) % 8]
        canvas.polygon(ellipse(x, y, 0.018, 0.018), (0.78, 0.92, 0.93))
        canvas.polygon(ellipse(x, y, 0.012, 0.012), (0.50, 0.79, 0.84))


def _weed(canvas: Canvas, x: float, foot: float, high: float) -> None:
    left = [(x + 0.02 * np.sin(6 * t), foot - high * t) for t in np.linspace(0, 1, 5)]
    right = [(px + 0.034 * (1 - t), py) for (px, py), t in zip(left, np.linspace(0, 1, 5), strict=True)]
    canvas.polygon(smooth([*left, *right[::-1]]), (0.27, 0.58, 0.50))


def _studio(canvas: Canvas, b: Backdrop) -> None:
    # Orchid, a hue that nothing else in the world has: what leaks out of a reference can be counted.
    tone = mix((0.93, 0.78, 0.93), (0.90, 0.70, 0.86), b.tone)
    _wash(canvas, tone, mix(tone, WHITE, 0.3), 0, b.horizon + 0.12)
    floor = mix(tone, (0.62, 0.42, 0.62), 0.2)
    _wash(canvas, floor, mix(tone, floor, 0.3), b.horizon + 0.12, 1.0)


_BACKDROPS: Mapping[str, Callable[[Canvas, Backdrop], None]] = {
    "meadow": _meadow,
    "beach": _beach,
    "night": _night,
    "snow": _snow,
    "desert": _desert,
    "room": _room,
    "forest": _forest,
    "sea": _sea,
    "studio": _studio,
}
