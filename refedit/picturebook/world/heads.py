"""Heads of the animals and the eyes and mouths that they share with the face, around (0, 0) with radius about 1."""

from dataclasses import replace

from refedit.picturebook.world.canvas import Layer, Layers, Stroke
from refedit.picturebook.world.shapes import Outline, Point, box, ellipse, even, path, rotate, rounded, smooth


def moved(figure: Layers, x: float, y: float, scale: float = 1.0, turn: float = 0.0) -> Layers:
    """A figure scaled, turned clockwise (degrees) and put around (x, y)."""

    def move(outline: Outline) -> Outline:
        return rotate(outline * scale, turn) + (x, y)

    return tuple(
        replace(item, points=move(item.points))
        if isinstance(item, Stroke)
        else replace(item, shapes=tuple(move(shape) for shape in item.shapes))
        for item in figure
    )


def spot(role: str, *shapes: Outline, part: str = "head") -> Layer:
    """Flat shapes without outline."""
    return Layer(shapes=shapes, role=role, part=part, outline=0.0, shade=0.0)


def eye(x: float, y: float, size: float = 0.27, part: str = "head") -> Layers:
    """A big open eye that looks a little to the left."""
    return (
        Layer(shapes=(ellipse(x, y, size, 1.12 * size),), role="eye", part=part, outline=0.7, shade=0.0),
        spot("pupil", ellipse(x - 0.14 * size, y + 0.06 * size, 0.66 * size, 0.78 * size), part=part),
        spot("eye", ellipse(x - 0.34 * size, y - 0.30 * size, 0.26 * size, 0.28 * size), part=part),
        spot("eye", ellipse(x + 0.16 * size, y + 0.36 * size, 0.13 * size, 0.13 * size), part=part),
    )


def haloed(line: Outline, width: float) -> Layers:
    """A line on a lighter one, so that it shows on any coat."""
    return Stroke(points=line, role="soft", width=width + 1.5), Stroke(points=line, width=width)


def shut(x: float, y: float, size: float = 0.27) -> Layers:
    """A closed eye: an arc that hangs down."""
    arc = path([(x - size, y), (x - 0.5 * size, y + 0.42 * size), (x + 0.5 * size, y + 0.42 * size), (x + size, y)])
    return haloed(arc, 1.5)


def smile(x: float, y: float, size: float) -> Layers:
    """A cat's double smile under a nose at (x, y)."""
    left = path([(0, 0), (-0.1, 0.6), (-0.6, 0.8), (-1, 0.5)]) * size
    return tuple(Stroke(points=line + (x, y)) for line in (left, left * (-1, 1)))


def head(kind: str, asleep: bool = False, side: float = 0.0) -> Layers:
    """A mammal's head; `side` moves the face to the left as if the head were turned."""
    shapes, behind, details = _SKULLS[kind]()
    face = _face(kind, asleep)
    skull = Layer(shapes=shapes, role="coat", part="head")
    return (*behind, skull, *details, *moved(face, -side, 0.0))


def _face(kind: str, asleep: bool) -> Layers:
    eyes = [shut(x, 0.02) if asleep else eye(x, -0.04, 0.25 if kind == "fox" else 0.27) for x in (-0.43, 0.43)]
    cheeks = spot("blush", ellipse(-0.72, 0.36, 0.17, 0.11), ellipse(0.72, 0.36, 0.17, 0.11))
    return (*_MUZZLES[kind](), cheeks, *eyes[0], *eyes[1])


Skull = tuple[tuple[Outline, ...], Layers, Layers]


def _pair(*points: Point) -> tuple[Outline, Outline]:
    left = smooth(points)
    return left, left * (-1, 1)


def _cat_skull() -> Skull:
    ears = _peaks((-0.98, -0.15), (-0.88, -1.22), (-0.12, -0.72), 0.22)
    inner = _peaks((-0.82, -0.42), (-0.78, -0.98), (-0.38, -0.70), 0.14)
    whiskers = tuple(
        Stroke(points=path([(sign * 0.72, 0.34 + 0.1 * row), (sign * 1.28, 0.24 + 0.24 * row)]), width=0.7)
        for sign in (-1, 1)
        for row in (0, 1)
    )
    skull = even([(0, -0.84), (-0.72, -0.66), (-1.06, 0.06), (-0.72, 0.66), (0, 0.84)])
    return (*ears, skull), (), (spot("rose", *inner), *whiskers)


def _dog_skull() -> Skull:
    skull = even([(0, -0.86), (-0.66, -0.72), (-0.90, -0.05), (-0.72, 0.62), (0, 0.90)])
    outer = (-0.52, -0.82), (-0.98, -0.76), (-1.34, -0.10), (-1.24, 0.62)
    ears = _pair(*outer, (-0.96, 0.66), (-0.84, 0.10), (-0.72, -0.36))
    return (skull,), (), (Layer(shapes=ears, role="deep", part="head"),)


def _rabbit_skull() -> Skull:
    ears = _pair((-0.16, -0.60), (-0.28, -1.40), (-0.50, -1.98), (-0.78, -1.90), (-0.80, -1.30), (-0.60, -0.55))
    inner = _pair((-0.32, -0.80), (-0.40, -1.36), (-0.54, -1.74), (-0.68, -1.68), (-0.68, -1.26), (-0.52, -0.75))
    skull = even([(0, -0.78), (-0.62, -0.62), (-0.92, 0.06), (-0.76, 0.64), (0, 0.84)])
    return (*ears, skull), (), (spot("rose", *inner),)


def _bear_skull() -> Skull:
    ears = tuple(ellipse(sign * 0.74, -0.70, 0.36, 0.36) for sign in (-1, 1))
    inner = tuple(ellipse(sign * 0.75, -0.70, 0.19, 0.19) for sign in (-1, 1))
    return (*ears, ellipse(0, 0, 1.04, 0.92)), (), (spot("light", *inner),)


def _fox_skull() -> Skull:
    ears = _peaks((-0.98, -0.10), (-0.98, -1.36), (-0.08, -0.66), 0.16)
    tips = _peaks((-0.95, -0.78), (-0.98, -1.32), (-0.58, -0.96), 0.12)
    skull = even([(0, -0.76), (-0.66, -0.62), (-1.02, 0.02), (-1.12, 0.34), (-0.62, 0.62), (0, 0.98)])
    return (*ears, skull), (), (spot("deep", *tips),)


def _peaks(outer: Point, tip: Point, inner: Point, radius: float) -> tuple[Outline, Outline]:
    left = rounded([outer, tip, inner], radius)
    return left, left * (-1, 1)


def _cat_muzzle() -> Layers:
    nose = rounded([(-0.12, 0.20), (0.12, 0.20), (0, 0.34)], 0.06)
    return spot("light", ellipse(0, 0.42, 0.44, 0.28)), spot("nose", nose), *smile(0, 0.32, 0.3)


def _dog_muzzle() -> Layers:
    tongue = Layer(shapes=(ellipse(0, 0.80, 0.15, 0.20),), role="tongue", part="head", outline=0.7, shade=0.0)
    muzzle = spot("light", ellipse(0, 0.44, 0.46, 0.36))
    return tongue, muzzle, spot("nose", ellipse(0, 0.24, 0.22, 0.15)), *smile(0, 0.36, 0.34)


def _rabbit_muzzle() -> Layers:
    teeth = Layer(shapes=(box(-0.13, 0.46, 0.13, 0.70, 0.05),), role="eye", part="head", outline=0.6, shade=0.0)
    return (
        spot("light", ellipse(0, 0.42, 0.40, 0.26)),
        teeth,
        spot("nose", ellipse(0, 0.24, 0.11, 0.08)),
        *smile(0, 0.28, 0.3),
    )


def _bear_muzzle() -> Layers:
    return (
        spot("light", ellipse(0, 0.40, 0.44, 0.34)),
        spot("nose", ellipse(0, 0.24, 0.19, 0.13)),
        *smile(0, 0.34, 0.28),
    )


def _fox_muzzle() -> Layers:
    cheeks = even([(0, 0.30), (-0.44, 0.26), (-1.0, 0.36), (-0.60, 0.60), (0, 0.94)])
    return spot("pale", cheeks), spot("nose", ellipse(0, 0.62, 0.16, 0.12)), *smile(0, 0.68, 0.2)


_SKULLS = {"cat": _cat_skull, "dog": _dog_skull, "rabbit": _rabbit_skull, "bear": _bear_skull, "fox": _fox_skull}
_MUZZLES = {"cat": _cat_muzzle, "dog": _dog_muzzle, "rabbit": _rabbit_muzzle, "bear": _bear_muzzle, "fox": _fox_muzzle}
