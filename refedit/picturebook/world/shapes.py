"""Outlines of shapes as closed polygons of shape (points, 2), in any coordinates with x right and y down."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

Outline = Float[np.ndarray, "_ 2"]
Point = tuple[float, float]

_STEPS = 6


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Outline:
    """An ellipse around (x, y), turned clockwise by `turn` degrees."""
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    circle = np.stack([rx * np.cos(angles), ry * np.sin(angles)], axis=1)
    return rotate(circle, turn) + (x, y)


def smooth(points: Sequence[Point]) -> Outline:
    """A closed curve through the points (Catmull-Rom)."""
    knots = np.asarray(points, float)
    around = [np.roll(knots, shift, axis=0) for shift in (1, 0, -1, -2)]
    return _spline(around)


def even(points: Sequence[Point]) -> Outline:
    """A closed curve through points of the left half (x <= 0), top to bottom, and through their mirror images."""
    right = [(-x, y) for x, y in reversed(points) if x]
    return smooth([*points, *right])


def path(points: Sequence[Point]) -> Outline:
    """An open curve through the points, ends included."""
    knots = np.asarray(points, float)
    padded = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    inner = len(knots) - 1
    curve = _spline([padded[shift : shift + inner] for shift in range(4)])
    return np.concatenate([curve, knots[-1:]])


def ribbon(points: Sequence[Point], start: float, end: float) -> Outline:
    """A band along an open curve, `start` to `end` wide, with round ends: tails, limbs, handles."""
    spine = path(points)
    along = np.gradient(spine, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-9
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    half = np.linspace(start / 2, end / 2, len(spine))[:, None]
    left, right = spine + across * half, spine - across * half
    cap = np.linspace(-np.pi / 2, np.pi / 2, 7)[1:-1, None]
    tip = spine[-1] + end / 2 * (np.cos(cap) * along[-1] - np.sin(cap) * across[-1])
    foot = spine[0] - start / 2 * (np.cos(cap) * along[0] - np.sin(cap) * across[0])
    return np.concatenate([left, tip, right[::-1], foot])


def rounded(points: Sequence[Point], radius: float) -> Outline:
    """A polygon with corners rounded from `radius` before to `radius` behind each corner."""
    corners = np.asarray(points, float)
    steps = np.linspace(0, 1, 5)[:, None]
    pieces = []
    for before, corner, after in zip(np.roll(corners, 1, axis=0), corners, np.roll(corners, -1, axis=0), strict=True):
        start, end = (corner + _shortened(other - corner, radius) for other in (before, after))
        pieces.append((1 - steps) ** 2 * start + 2 * steps * (1 - steps) * corner + steps**2 * end)
    return np.concatenate(pieces)


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Outline:
    """A rectangle, its corners rounded."""
    return rounded([(left, top), (right, top), (right, bottom), (left, bottom)], radius)


def rotate(outline: Outline, degrees: float, centre: Point = (0.0, 0.0)) -> Outline:
    """The outline turned clockwise about a centre."""
    turn = np.deg2rad(degrees)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return (outline - centre) @ matrix + centre


def grown(outline: Outline, width: float) -> Outline:
    """The outline moved outwards by `width` (inwards if negative)."""
    along = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    x, y = outline.T
    area = np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))
    return outline + normals * (width if area > 0 else -width)


def _spline(around: list[Outline]) -> Outline:
    t = np.linspace(0, 1, _STEPS, endpoint=False)[None, :, None]
    p, q, r, s = (knots[:, None, :] for knots in around)
    curve = 2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3
    return curve.reshape(-1, 2) / 2


def _shortened(vector: np.ndarray, length: float) -> np.ndarray:
    full = float(np.linalg.norm(vector))
    return vector * min(length / (full + 1e-9), 0.5)
