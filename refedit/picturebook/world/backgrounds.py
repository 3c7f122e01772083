"""Backgrounds, painted onto a canvas: calm, muted and distinct. They know no subjects."""

from collections.abc import Callable, Mapping

import numpy as np

from refedit.picturebook.world.canvas import Canvas
from refedit.picturebook.world.colours import mix
from refedit.picturebook.world.scene import Backdrop
from refedit.picturebook.world.scenery import WHITE, cactus, cloud, fir, flower, ground, star, wash, weed
from refedit.picturebook.world.shapes import box, ellipse


def paint_backdrop(canvas: Canvas, backdrop: Backdrop) -> None:
    """Fills the canvas."""
    _BACKDROPS[backdrop.name](canvas, backdrop)


def _meadow(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    wash(canvas, mix((0.62, 0.82, 0.94), (0.72, 0.84, 0.90), b.tone), (0.90, 0.96, 0.95), 0, 0.7)
    cloud(canvas, 0.1 + 0.3 * d[0], 0.12 + 0.08 * d[1], 1, WHITE)
    cloud(canvas, 0.6 + 0.35 * d[2], 0.10 + 0.12 * d[3], 0.8, WHITE)
    hills = [(-0.02, h - 0.06 * d[4]), (0.3, h - 0.10), (0.7, h - 0.02), (1.02, h - 0.08 * d[5])]
    ground(canvas, hills, (0.69, 0.82, 0.62))
    grass = mix((0.62, 0.77, 0.50), (0.70, 0.79, 0.50), b.tone)
    ground(canvas, [(-0.02, h + 0.08), (0.4, h + 0.04), (1.02, h + 0.02 + 0.06 * d[6])], grass)
    for k in range(7):
        flower(canvas, (0.07 + 0.146 * k + 0.06 * d[k]) % 1, 0.80 + 0.17 * d[(3 * k + 1) % 8])


def _beach(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon - 0.06
    wash(canvas, (0.60, 0.84, 0.93), (0.93, 0.95, 0.90), 0, h)
    x, y = 0.15 + 0.7 * d[0], 0.13 + 0.08 * d[1]
    canvas.polygon(ellipse(x, y, 0.085, 0.085), (0.99, 0.93, 0.72))
    canvas.polygon(ellipse(x, y, 0.062, 0.062), (0.99, 0.86, 0.52))
    wash(canvas, mix((0.42, 0.71, 0.79), (0.38, 0.66, 0.80), b.tone), (0.62, 0.85, 0.85), h, 0.8)
    shore = [(-0.02, h + 0.14 + 0.04 * d[2]), (0.3, h + 0.11), (0.65, h + 0.15), (1.02, h + 0.10 + 0.05 * d[3])]
    ground(canvas, [(px, py - 0.015) for px, py in shore], (0.95, 0.98, 0.96))
    ground(canvas, [(px, py + 0.012) for px, py in shore], mix((0.93, 0.85, 0.68), (0.94, 0.82, 0.64), b.tone))
    for k in range(4):
        x, y = 0.08 + 0.22 * k + 0.12 * d[k + 4], 0.86 + 0.11 * d[(k + 2) % 8]
        canvas.polygon(ellipse(x, y, 0.022, 0.010), (0.86, 0.75, 0.58))


def _night(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    wash(canvas, mix((0.17, 0.20, 0.42), (0.22, 0.19, 0.42), b.tone), (0.42, 0.45, 0.68), 0, 0.75)
    for k in range(11):
        x, y = (0.05 + 0.618 * k + 0.2 * d[k % 8]) % 1, 0.03 + 0.42 * ((0.37 * k + d[(k + 3) % 8] * 0.3) % 1)
        star(canvas, x, y, 0.006 + 0.004 * (k % 3))
    x, y = 0.14 + 0.72 * d[0], 0.15 + 0.06 * d[1]
    canvas.polygon(ellipse(x, y, 0.105, 0.105), (0.46, 0.48, 0.66))
    canvas.polygon(ellipse(x, y, 0.078, 0.078), (0.98, 0.95, 0.80))
    canvas.polygon(ellipse(x + 0.02, y - 0.02, 0.016, 0.016), (0.90, 0.86, 0.70))
    canvas.polygon(ellipse(x - 0.025, y + 0.02, 0.022, 0.022), (0.90, 0.86, 0.70))
    ground(canvas, [(-0.02, h - 0.03), (0.35, h - 0.08 * d[4]), (0.7, h), (1.02, h - 0.06)], (0.30, 0.36, 0.56))
    ground(canvas, [(-0.02, h + 0.10), (0.5, h + 0.03 + 0.04 * d[5]), (1.02, h + 0.09)], (0.36, 0.45, 0.60))


def _snow(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    wash(canvas, mix((0.66, 0.74, 0.86), (0.72, 0.74, 0.86), b.tone), (0.86, 0.90, 0.95), 0, 0.75)
    for k in range(3):
        fir(canvas, (0.08 + 0.36 * k + 0.16 * d[k]), h + 0.04, 0.22 + 0.12 * d[k + 3], (0.55, 0.66, 0.70), snow=True)
    ground(canvas, [(-0.02, h + 0.02), (0.3, h - 0.03), (0.7, h + 0.03), (1.02, h - 0.02)], (0.87, 0.91, 0.97))
    ground(canvas, [(-0.02, h + 0.14), (0.45, h + 0.08 + 0.04 * d[6]), (1.02, h + 0.14)], (0.93, 0.95, 0.99))
    for k in range(14):
        x, y = (0.618 * k + 0.3 * d[k % 8]) % 1, (0.05 + 0.37 * k + 0.2 * d[(k + 5) % 8]) % 0.6
        canvas.polygon(ellipse(x, y, 0.009, 0.009), WHITE)


def _desert(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    wash(canvas, mix((0.97, 0.80, 0.58), (0.95, 0.76, 0.62), b.tone), (0.99, 0.92, 0.78), 0, 0.75)
    canvas.polygon(ellipse(0.15 + 0.7 * d[0], 0.18, 0.075, 0.075), (1.0, 0.96, 0.82))
    ground(canvas, [(-0.02, h - 0.02), (0.25, h - 0.10 * d[1] - 0.03), (0.6, h), (1.02, h - 0.09)], (0.88, 0.66, 0.48))
    for k, x in enumerate((0.07 + 0.12 * d[2], 0.82 + 0.12 * d[3])):
        cactus(canvas, x, h + 0.08, 0.18 + 0.08 * d[4 + k])
    dunes = [(-0.02, h + 0.05), (0.35, h + 0.09), (0.7, h + 0.04 + 0.03 * d[6]), (1.02, h + 0.08)]
    ground(canvas, dunes, (0.92, 0.75, 0.53))
    ground(canvas, [(-0.02, h + 0.24), (0.5, h + 0.17), (1.02, h + 0.25)], (0.95, 0.80, 0.58))


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
    wash(canvas, (0.70, 0.54, 0.42), (0.78, 0.62, 0.48), h, 1.0)
    canvas.polygon(ellipse(0.5, 0.90, 0.46, 0.10), mix((0.72, 0.70, 0.66), (0.66, 0.70, 0.72), d[2]))
    canvas.polygon(ellipse(0.5, 0.90, 0.41, 0.08), mix((0.84, 0.81, 0.75), (0.78, 0.81, 0.82), d[2]))


def _forest(canvas: Canvas, b: Backdrop) -> None:
    d, h = b.details, b.horizon
    wash(canvas, mix((0.58, 0.72, 0.64), (0.62, 0.72, 0.58), b.tone), (0.80, 0.86, 0.72), 0, 0.75)
    for k in range(5):
        fir(canvas, 0.04 + 0.23 * k + 0.08 * d[k], h + 0.03, 0.36 + 0.14 * d[(k + 2) % 8], (0.52, 0.66, 0.58))
    for k in range(4):
        fir(canvas, -0.02 + 0.34 * k + 0.06 * d[k + 4], h + 0.10, 0.46 + 0.14 * d[k], (0.36, 0.53, 0.44))
    ground(canvas, [(-0.02, h + 0.07), (0.4, h + 0.03), (1.02, h + 0.08)], (0.58, 0.62, 0.44))
    ground(canvas, [(-0.02, h + 0.20), (0.5, h + 0.14), (1.02, h + 0.20)], (0.64, 0.66, 0.47))


def _sea(canvas: Canvas, b: Backdrop) -> None:
    d = b.details
    wash(canvas, mix((0.45, 0.78, 0.82), (0.42, 0.72, 0.84), b.tone), (0.20, 0.50, 0.62), 0, 1.0)
    for k in range(3):
        x = 0.05 + 0.36 * k + 0.2 * d[k]
        ray = np.array([(x, -0.02), (x + 0.10, -0.02), (x - 0.09, 0.95), (x - 0.27, 0.95)])
        canvas.polygon(ray, (0.44, 0.74, 0.80))
    for k in range(4):
        x = (0.05 + 0.10 * d[k]) if k % 2 else (0.86 + 0.10 * d[k])
        weed(canvas, x + 0.05 * (k // 2), 0.86, 0.22 + 0.16 * d[k + 4])
    h = b.horizon + 0.20
    ground(canvas, [(-0.02, h), (0.3, h + 0.03), (0.7, h - 0.02), (1.02, h + 0.02)], (0.80, 0.77, 0.62))
    for k in range(6):
        x, y = (0.13 + 0.618 * k + 0.2 * d[k]) % 1, 0.05 + 0.5 * d[(k + 3) % 8]
        canvas.polygon(ellipse(x, y, 0.018, 0.018), (0.78, 0.92, 0.93))
        canvas.polygon(ellipse(x, y, 0.012, 0.012), (0.50, 0.79, 0.84))


def _studio(canvas: Canvas, b: Backdrop) -> None:
    # Orchid, a hue that nothing else in the world has: what leaks out of a reference can be counted.
    tone = mix((0.93, 0.78, 0.93), (0.90, 0.70, 0.86), b.tone)
    wash(canvas, tone, mix(tone, WHITE, 0.3), 0, b.horizon + 0.12)
    floor = mix(tone, (0.62, 0.42, 0.62), 0.2)
    wash(canvas, floor, mix(tone, floor, 0.3), b.horizon + 0.12, 1.0)


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
