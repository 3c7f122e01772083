"""Animals in their poses, facing left in local coordinates: x in about -0.5..0.5, y from 0 (top) to 1 (ground)."""

from functools import lru_cache

from refedit.picturebook.world.canvas import Layer, Layers, Stroke
from refedit.picturebook.world.heads import eye, head, moved, shut, spot
from refedit.picturebook.world.shapes import Outline, ellipse, even, path, ribbon, rotate, rounded, smooth


@lru_cache(maxsize=64)
def animal(kind: str, pose: str) -> Layers:
    """The layers of an animal, back to front."""
    if kind == "bird":
        return _BIRD[pose]()
    return _MAMMAL[pose](kind)


def lift(kind: str, pose: str) -> float:
    """How far above the ground a pose is, in subject sizes."""
    high = 0.10 if kind in ("rabbit", "fox") else 0.15
    return high if pose == "jumping" else 0.0


def _sitting(kind: str) -> Layers:
    body = even([(0, 0.46), (-0.15, 0.56), (-0.24, 0.80), (-0.20, 0.97), (0, 0.99)])
    feet = (ellipse(-0.19, 0.95, 0.11, 0.055), ellipse(0.19, 0.95, 0.11, 0.055))
    arms = tuple(ribbon([(0.10 * s, 0.64), (0.09 * s, 0.80), (0.07 * s, 0.94)], 0.09, 0.10) for s in (-1, 1))
    return (
        *_tail(kind, 0.18, 0.90, 0.0),
        Layer(shapes=(body,), role="coat"),
        spot("light", ellipse(0, 0.72, 0.10, 0.13), part="body"),
        Layer(shapes=feet, role="coat", part="legs"),
        Layer(shapes=arms, role="coat", part="legs"),
        *moved(head(kind), 0, 0.34, _HEAD[kind]),
    )


def _standing(kind: str) -> Layers:
    back = (-0.33, 0.68), (-0.26, 0.52), (-0.05, 0.49), (0.20, 0.49), (0.36, 0.58)
    body = smooth([*back, (0.35, 0.74), (0.10, 0.80), (-0.20, 0.80)])
    far = tuple(ribbon([(x, 0.70), (x, 0.95)], 0.10, 0.09) for x in (-0.10, 0.20))
    near = tuple(ribbon([(x, 0.70), (x - 0.01, 0.955)], 0.12, 0.10) for x in (-0.24, 0.31))
    return (
        *_tail(kind, 0.31, 0.57, 0.0),
        Layer(shapes=far, role="deep", part="legs"),
        Layer(shapes=(body, *near), role="coat"),
        *moved(head(kind, side=0.14), -0.22, 0.37, _HEAD[kind] * 0.92),
    )


def _jumping(kind: str) -> Layers:
    body = rotate(ellipse(0.06, 0.54, 0.32, 0.16), -24, (0.06, 0.54))
    near = (
        ribbon([(-0.16, 0.60), (-0.32, 0.66), (-0.46, 0.62)], 0.12, 0.09),
        ribbon([(0.26, 0.48), (0.36, 0.66), (0.42, 0.84)], 0.14, 0.09),
    )
    far = (
        ribbon([(-0.06, 0.62), (-0.20, 0.74), (-0.34, 0.76)], 0.10, 0.08),
        ribbon([(0.18, 0.54), (0.24, 0.72), (0.26, 0.88)], 0.11, 0.08),
    )
    return (
        *_tail(kind, 0.32, 0.42, -20.0),
        Layer(shapes=far, role="deep", part="legs"),
        Layer(shapes=(body, *near), role="coat"),
        *moved(head(kind, side=0.14), -0.20, 0.34, _HEAD[kind] * 0.9, 10),
    )


def _sleeping(kind: str) -> Layers:
    back = (-0.34, 0.97), (-0.30, 0.72), (-0.06, 0.58), (0.24, 0.60), (0.45, 0.76)
    body = smooth([*back, (0.46, 0.95), (0.20, 0.99), (-0.10, 0.99)])
    paws = (ellipse(-0.08, 0.965, 0.11, 0.04), ellipse(-0.32, 0.965, 0.11, 0.04))
    curled = (
        Layer(shapes=(body,), role="coat"),
        *moved(_tail(kind, 0.0, 0.0, 0.0), 0.42, 0.92, 0.9, -105),
        *moved(head(kind, asleep=True), -0.20, 0.76, _HEAD[kind] * 0.86, -8),
        Layer(shapes=paws, role="coat", part="legs"),
    )
    return moved(curled, 0.0, -0.12, 1.12)


def _tail(kind: str, x: float, y: float, turn: float) -> Layers:
    return moved(_TAILS[kind](), x, y, 1.0, turn)


def _cat_tail() -> Layers:
    curl = ribbon([(0, 0), (0.13, -0.02), (0.19, -0.14), (0.15, -0.27), (0.20, -0.35)], 0.07, 0.055)
    return (Layer(shapes=(curl,), role="coat", part="tail"),)


def _dog_tail() -> Layers:
    tail = ribbon([(0, 0), (0.09, -0.05), (0.13, -0.17)], 0.08, 0.045)
    return (Layer(shapes=(tail,), role="coat", part="tail"),)


def _puff() -> Layers:
    return (Layer(shapes=(ellipse(0.05, -0.03, 0.085, 0.08),), role="pale", part="tail"),)


def _stub() -> Layers:
    return (Layer(shapes=(ellipse(0.03, -0.02, 0.06, 0.055),), role="coat", part="tail"),)


def _fox_tail() -> Layers:
    brush = smooth(
        [(-0.03, 0.0), (0.09, 0.0), (0.22, -0.10), (0.27, -0.26), (0.18, -0.44), (0.08, -0.30), (0.04, -0.14)]
    )
    tip = smooth([(0.18, -0.43), (0.095, -0.30), (0.14, -0.27), (0.20, -0.31), (0.255, -0.28)])
    return Layer(shapes=(brush,), role="coat", part="tail"), spot("pale", tip, part="tail")


def _bird_head(x: float, y: float, asleep: bool = False) -> Layers:
    bill = rounded([(x - 0.17, y - 0.05), (x - 0.33, y + 0.05), (x - 0.16, y + 0.10)], 0.02)
    eyes = shut(x - 0.06, y, 0.07) if asleep else eye(x - 0.06, y - 0.03, 0.075)
    tuft = ribbon([(x - 0.02, y - 0.13), (x, y - 0.21), (x + 0.08, y - 0.25)], 0.10, 0.03)
    return (
        Layer(shapes=(bill,), role="beak", part="head", shade=0.5),
        Layer(shapes=(tuft, ellipse(x, y, 0.19, 0.18)), role="coat", part="head"),
        spot("blush", ellipse(x - 0.08, y + 0.085, 0.035, 0.022)),
        *eyes,
    )


def _bird_body(y: float) -> Layers:
    tail = smooth([(0.20, y), (0.34, y - 0.06), (0.48, y - 0.16), (0.50, y - 0.04), (0.38, y + 0.08), (0.22, y + 0.12)])
    body = ellipse(0.02, y, 0.28, 0.22, -12)
    wing = smooth([(-0.04, -0.06), (0.12, -0.10), (0.26, -0.02), (0.32, 0.06), (0.14, 0.12), (0.0, 0.08)]) + (0, y)
    return (
        Layer(shapes=(tail,), role="deep", part="tail"),
        Layer(shapes=(body,), role="coat"),
        spot("light", ellipse(-0.14, y + 0.07, 0.10, 0.10), part="body"),
        Layer(shapes=(wing,), role="deep"),
    )


def _legs(top: float, bottom: float) -> Layers:
    shapes = [ribbon([(x, top), (x - 0.01, bottom - 0.02)], 0.04, 0.035) for x in (-0.06, 0.08)]
    feet = [ellipse(x - 0.04, bottom - 0.015, 0.065, 0.022) for x in (-0.06, 0.08)]
    return (Layer(shapes=(*shapes, *feet), role="beak", part="legs", shade=0.3),)


def _bird_sitting() -> Layers:
    feet = (ellipse(-0.10, 0.975, 0.065, 0.025), ellipse(0.06, 0.975, 0.065, 0.025))
    return *_bird_body(0.74), Layer(shapes=feet, role="beak", part="legs", shade=0.3), *_bird_head(-0.10, 0.46)


def _bird_standing() -> Layers:
    return *_legs(0.66, 1.0), *_bird_body(0.56), *_bird_head(-0.12, 0.24)


def _bird_jumping() -> Layers:
    far = _wing(-0.04, 0.54, 0.9, -26)
    near = _wing(0.04, 0.62, 1.0, 16)
    tail = smooth([(0.24, 0.58), (0.36, 0.58), (0.50, 0.66), (0.44, 0.74), (0.34, 0.74), (0.22, 0.70)])
    feet = tuple(ribbon([(x, 0.76), (x + 0.06, 0.86)], 0.04, 0.05) for x in (0.04, 0.16))
    return (
        Layer(shapes=far, role="deep"),
        Layer(shapes=feet, role="beak", part="legs", shade=0.3),
        Layer(shapes=(tail,), role="deep", part="tail"),
        Layer(shapes=(ellipse(0.06, 0.62, 0.26, 0.18, 12),), role="coat"),
        spot("light", ellipse(-0.06, 0.69, 0.11, 0.08), part="body"),
        Layer(shapes=near, role="coat"),
        *_bird_head(-0.20, 0.46),
    )


def _wing(x: float, y: float, scale: float, turn: float) -> tuple[Outline, ...]:
    """A raised wing, rooted at (x, y): three feathers that sweep back."""
    lengths = ((8, 0.56), (27, 0.50), (46, 0.40))
    feathers = [rotate(ellipse(0.02, -length / 2, 0.085, length / 2), lean) for lean, length in lengths]
    shoulder = ellipse(0.05, -0.04, 0.13, 0.10)
    return tuple(rotate(shape * scale, turn) + (x, y) for shape in (*feathers, shoulder))


def _bird_sleeping() -> Layers:
    nest = even([(-0.2, 0.85), (-0.50, 0.80), (-0.42, 0.96), (-0.2, 1.0)])
    twigs = tuple(
        Stroke(points=path([(x, y), (x + 0.13, y + 0.02), (x + 0.26, y - 0.01)]), role="wood")
        for x, y in ((-0.42, 0.87), (-0.20, 0.92), (0.06, 0.90), (0.16, 0.95), (-0.32, 0.96))
    )
    bird = *_bird_body(0.70), *_bird_head(-0.18, 0.64, asleep=True)
    return *bird, Layer(shapes=(nest,), role="straw"), *twigs


_HEAD = {"cat": 0.27, "dog": 0.27, "rabbit": 0.24, "bear": 0.27, "fox": 0.27}
_TAILS = {"cat": _cat_tail, "dog": _dog_tail, "rabbit": _puff, "bear": _stub, "fox": _fox_tail}
_MAMMAL = {"sitting": _sitting, "standing": _standing, "jumping": _jumping, "sleeping": _sleeping}
_BIRD = {"sitting": _bird_sitting, "standing": _bird_standing, "jumping": _bird_jumping, "sleeping": _bird_sleeping}
