"""Things and the face, facing left in local coordinates: x in about -0.5..0.5, y from 0 (top) to 1 (ground)."""

from functools import lru_cache

from refedit.picturebook.world.canvas import Layer, Layers, Stroke
from refedit.picturebook.world.heads import eye, haloed, moved, shut, spot
from refedit.picturebook.world.shapes import Outline, box, ellipse, even, path, ribbon, rounded, smooth


@lru_cache(maxsize=32)
def thing(kind: str) -> Layers:
    """The layers of a thing, back to front."""
    return _THINGS[kind]()


@lru_cache(maxsize=16)
def face(expression: str) -> Layers:
    """The round face of a little creature with feelers, with an expression."""
    feelers = tuple(ribbon([(0.12 * s, 0.16), (0.17 * s, 0.05), (0.24 * s, 0.0)], 0.035, 0.035) for s in (-1, 1))
    knobs = tuple(ellipse(0.26 * s, 0.0, 0.06, 0.06) for s in (-1, 1))
    skin = Layer(shapes=(ellipse(0, 0.54, 0.45, 0.44),), role="coat", part="head")
    cheeks = spot("blush", ellipse(-0.29, 0.64, 0.075, 0.05), ellipse(0.29, 0.64, 0.075, 0.05))
    feeling = Layer(shapes=(*feelers, *knobs), role="deep", part="head")
    return moved((feeling, skin, cheeks, *_EXPRESSIONS[expression]()), 0.0, 0.08, 0.92)


def _solid(role: str, *shapes: Outline, shade: float = 1.0) -> Layer:
    return Layer(shapes=shapes, role=role, shade=shade)


def _mug() -> Layers:
    handle = ribbon([(-0.24, 0.34), (-0.46, 0.38), (-0.46, 0.72), (-0.22, 0.76)], 0.10, 0.10)
    cup = even([(0, 0.26), (-0.31, 0.20), (-0.29, 0.60), (-0.24, 0.94), (0, 0.99)]) + (0.02, 0)
    return (
        _solid("coat", handle),
        _solid("coat", cup),
        _solid("deep", ellipse(0.02, 0.20, 0.31, 0.085), shade=0.6),
        Layer(shapes=(ellipse(0.02, 0.225, 0.25, 0.055),), role="tea", outline=0.0, shade=0.0),
    )


def _car() -> Layers:
    roof = (-0.54, 0.60), (-0.40, 0.54), (-0.26, 0.50), (-0.14, 0.28), (0.22, 0.27), (0.36, 0.50), (0.50, 0.56)
    body = smooth([(-0.54, 0.80), *roof, (0.54, 0.78), (0.40, 0.86), (-0.40, 0.86)])
    panes = (
        rounded([(-0.16, 0.50), (-0.08, 0.34), (0.03, 0.34), (0.03, 0.50)], 0.03),
        rounded([(0.09, 0.50), (0.09, 0.34), (0.18, 0.34), (0.27, 0.50)], 0.03),
    )
    wheels = tuple(ellipse(x, 0.85, 0.135, 0.135) for x in (-0.30, 0.30))
    hubs = tuple(ellipse(x, 0.85, 0.06, 0.06) for x in (-0.30, 0.30))
    return (
        _solid("coat", body),
        Layer(shapes=panes, role="glass", outline=0.8, shade=0.5),
        Layer(shapes=(ellipse(-0.48, 0.64, 0.05, 0.06),), role="lamp", outline=0.7, shade=0.0),
        Stroke(points=path([(0.10, 0.60), (0.17, 0.60)]), width=1.1),
        _solid("tyre", *wheels, shade=0.7),
        Layer(shapes=hubs, role="metal", outline=0.0, shade=0.0),
    )


def _house() -> Layers:
    chimney = box(0.18, 0.08, 0.30, 0.36, 0.01)
    walls = box(-0.34, 0.44, 0.34, 0.995, 0.02)
    roof = rounded([(-0.47, 0.50), (0, 0.06), (0.47, 0.50)], 0.05)
    door = rounded([(-0.22, 0.99), (-0.22, 0.70), (-0.03, 0.70), (-0.03, 0.99)], 0.05)
    pane = box(0.08, 0.62, 0.25, 0.79, 0.02)
    return (
        _solid("deep", chimney),
        _solid("coat", walls),
        _solid("deep", roof),
        Layer(shapes=(door,), role="wood", outline=0.8, shade=0.6),
        Layer(shapes=(pane,), role="lamp", outline=0.8, shade=0.3),
        Stroke(points=path([(0.165, 0.63), (0.165, 0.78)]), width=0.8),
        Stroke(points=path([(0.09, 0.705), (0.24, 0.705)]), width=0.8),
        Layer(shapes=(ellipse(0, 0.31, 0.07, 0.07),), role="glass", outline=0.8, shade=0.3),
    )


def _ball() -> Layers:
    return (
        _solid("coat", ellipse(0, 0.57, 0.42, 0.42)),
        Stroke(points=path([(-0.36, 0.77), (-0.06, 0.74), (0.20, 0.58), (0.34, 0.32)]), width=0.8),
        Stroke(points=path([(-0.28, 0.88), (0.04, 0.85), (0.30, 0.68), (0.41, 0.47)]), width=0.8),
        spot("shine", ellipse(-0.17, 0.36, 0.10, 0.065, -35), part="body"),
        spot("shine", ellipse(-0.27, 0.50, 0.03, 0.03), part="body"),
    )


def _mushroom() -> Layers:
    stem = even([(-0.11, 0.50), (-0.12, 0.74), (-0.17, 0.95), (0, 0.99)])
    cap = even([(0, 0.04), (-0.22, 0.09), (-0.42, 0.28), (-0.46, 0.52), (-0.24, 0.59), (0, 0.61)])
    return _solid("cream", stem), _solid("coat", cap)


def _fish() -> Layers:
    tail = smooth([(0.24, 0.54), (0.38, 0.36), (0.54, 0.28), (0.49, 0.54), (0.54, 0.80), (0.38, 0.72)])
    fins = (
        smooth([(-0.14, 0.34), (0.0, 0.16), (0.16, 0.12), (0.22, 0.24), (0.20, 0.42), (0.0, 0.40)]),
        smooth([(-0.02, 0.72), (0.06, 0.88), (0.18, 0.92), (0.16, 0.70)]),
    )
    back = (-0.50, 0.56), (-0.38, 0.38), (-0.12, 0.28), (0.14, 0.36), (0.30, 0.53)
    body = smooth([*back, (0.14, 0.72), (-0.12, 0.80), (-0.38, 0.74)])
    side = smooth([(-0.06, 0.56), (0.06, 0.52), (0.14, 0.60), (0.06, 0.68)])
    return (
        _solid("deep", tail, *fins),
        _solid("coat", body),
        _solid("deep", side, shade=0.5),
        *eye(-0.28, 0.49, 0.075, part="body"),
        Stroke(points=path([(-0.47, 0.63), (-0.40, 0.66), (-0.35, 0.63)])),
    )


def _boat() -> Layers:
    hull = rounded([(-0.50, 0.70), (0.50, 0.70), (0.36, 0.985), (-0.32, 0.985)], 0.06)
    sails = (
        rounded([(0.05, 0.06), (0.05, 0.62), (0.46, 0.62)], 0.04),
        rounded([(-0.05, 0.18), (-0.05, 0.62), (-0.36, 0.62)], 0.04),
    )
    return (
        _solid("wood", box(-0.025, 0.02, 0.025, 0.74), shade=0.5),
        _solid("coat", *sails),
        _solid("deep", hull),
        Stroke(points=path([(-0.44, 0.79), (0.44, 0.79)]), role="pale", width=1.6),
    )


def _umbrella() -> Layers:
    stick = ribbon([(0, 0.12), (0, 0.70), (0.01, 0.90), (0.09, 0.95), (0.16, 0.86)], 0.045, 0.045)
    arc = (0, 0.07), (-0.26, 0.13), (-0.44, 0.30), (-0.50, 0.52)
    hem = (-0.42, 0.47), (-0.33, 0.45), (-0.24, 0.47), (-0.165, 0.53), (-0.09, 0.47), (0, 0.45)
    ribs = tuple(Stroke(points=path([(0, 0.08), (0.8 * x, 0.25), (x, 0.52)]), width=0.7) for x in (-0.165, 0.165))
    return (
        _solid("wood", stick, shade=0.4),
        _solid("ink", ribbon([(0, 0.02), (0, 0.10)], 0.03, 0.03), shade=0.0),
        _solid("coat", even([*arc, *hem])),
        *ribs,
    )


def _smiling() -> Layers:
    mouth = even([(0, 0.71), (-0.17, 0.68), (-0.12, 0.80), (0, 0.85)])
    lips = Layer(shapes=(mouth,), role="mouth", part="head", shade=0.0)
    return *_eyes(0.45, 0.095), *_larger(lips, spot("tongue", ellipse(0, 0.80, 0.075, 0.035)))


def _sad() -> Layers:
    mouth = path([(-0.15, 0.82), (-0.07, 0.74), (0.07, 0.74), (0.15, 0.82)])
    drop = smooth([(-0.20, 0.58), (-0.16, 0.68), (-0.20, 0.71), (-0.24, 0.68)])
    tear = Layer(shapes=(drop,), role="glass", part="head", outline=0.6, shade=0.0)
    return *_eyes(0.49, 0.09), *_brows(0.30, 0.38), *_larger(*haloed(mouth, 1.9)), tear


def _surprised() -> Layers:
    mouth = Layer(shapes=(ellipse(0, 0.78, 0.085, 0.11),), role="mouth", part="head", shade=0.0)
    return *_eyes(0.45, 0.115), *_brows(0.24, 0.27), *_larger(mouth)


def _angry() -> Layers:
    teeth = Layer(shapes=(box(-0.15, 0.72, 0.15, 0.82, 0.03),), role="eye", part="head", outline=1.2, shade=0.0)
    gap = Stroke(points=path([(0, 0.72), (0, 0.82)]), width=0.8)
    return *_eyes(0.50, 0.085), *_brows(0.42, 0.31), *_larger(teeth, gap)


def _sleepy() -> Layers:
    mouth = haloed(path([(-0.07, 0.74), (0, 0.77), (0.07, 0.74)]), 1.7)
    return *shut(-0.17, 0.48, 0.10), *shut(0.17, 0.48, 0.10), *_larger(*mouth)


def _larger(*mouth: Layer | Stroke) -> Layers:
    return moved(mouth, 0.0, -0.25 * 0.76, 1.25)


def _eyes(y: float, size: float) -> Layers:
    return *eye(-0.17, y, size), *eye(0.17, y, size)


def _brows(inner: float, outer: float) -> Layers:
    lines = [path([(sign * 0.07, inner), (sign * 0.28, outer)]) for sign in (-1, 1)]
    return tuple(stroke for line in lines for stroke in haloed(line, 2.2))


_THINGS = {"mug": _mug, "car": _car, "house": _house, "ball": _ball, "mushroom": _mushroom, "fish": _fish}
_THINGS |= {"boat": _boat, "umbrella": _umbrella}
_EXPRESSIONS = {"smiling": _smiling, "sad": _sad, "surprised": _surprised, "angry": _angry, "sleepy": _sleepy}
