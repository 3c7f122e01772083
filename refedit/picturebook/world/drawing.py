"""Draws a scene: the picture, and exact masks of every part of it, at any size."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from PIL import Image

from refedit.picturebook.world.animals import animal, lift
from refedit.picturebook.world.backgrounds import paint_backdrop
from refedit.picturebook.world.canvas import Canvas, Layer, Layers, Place
from refedit.picturebook.world.paints import SubjectPaints
from refedit.picturebook.world.patterns import coat
from refedit.picturebook.world.scene import ANIMALS, FACE, Scene, Subject
from refedit.picturebook.world.styles import DRAWING_STYLES, finish
from refedit.picturebook.world.things import face, thing

PARTS: tuple[str, ...] = ("body", "head", "legs", "tail")
"""On a canvas the main subject's parts have the numbers from 1 on, the background has 0."""
SECOND = 100
"""Added to the numbers of the second subject's parts."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A square RGB picture and its masks, bool arrays of the picture's shape.

    "subject", "second" (if there are two) and "background" are disjoint and cover the picture; the visible parts
    of a subject are named like "subject/head".
    """

    picture: Image.Image
    masks: Mapping[str, Bool[np.ndarray, "size size"]]


def draw(scene: Scene, size: int) -> Drawing:
    """The drawing of a scene, `size` pixels wide and high."""
    fine = 3 if size >= 96 else 5
    canvas = Canvas(size * fine, DRAWING_STYLES[scene.style])
    paint_backdrop(canvas, scene.backdrop)
    for number, subject in reversed(list(enumerate(scene.subjects))):
        _draw_subject(canvas, subject, 1 + SECOND * number)
    # The middle of a pixel decides which part it is of.
    parts = np.asarray(canvas.parts)[fine // 2 :: fine, fine // 2 :: fine]
    return Drawing(picture=finish(canvas.picture.reduce(fine), scene.style), masks=_masks(parts, len(scene.subjects)))


def figure(kind: str, pose: str) -> Layers:
    """The layers of any kind in any of its poses, back to front."""
    if kind in ANIMALS:
        return animal(kind, pose)
    return face(pose) if kind == FACE else thing(kind)


def place_of(subject: Subject) -> Place:
    """Where a subject's figure is: on its place, or above it if the subject jumps."""
    raised = lift(subject.kind, subject.pose) * subject.size
    return Place(x=subject.x, y=subject.y - raised, size=subject.size, mirror=subject.mirror)


def _draw_subject(canvas: Canvas, subject: Subject, first: int) -> None:
    layers = figure(subject.kind, subject.pose)
    place = place_of(subject)
    _shadow(canvas, subject, layers, subject.y - place.y)
    frame = _frame(layers, place, canvas.pixels)
    look = subject.appearance
    paints = SubjectPaints(look.paint, coat(look, place, frame, canvas.pixels), frame[:2], canvas.style)
    canvas.figure(layers, place, paints, {part: first + index for index, part in enumerate(PARTS)})


def _shadow(canvas: Canvas, subject: Subject, layers: Layers, raised: float) -> None:
    wide = [shape[:, 0] for layer in layers if isinstance(layer, Layer) for shape in layer.shapes]
    left, right = min(x.min() for x in wide), max(x.max() for x in wide)
    sign = -1 if subject.mirror else 1
    reach = (right - left) / 2 * subject.size * (0.8 if raised else 1.0)
    x = subject.x + sign * (left + right) / 2 * subject.size
    strength = canvas.style.shadow * (0.75 if raised else 1.0)
    canvas.darken(x, subject.y - 0.01, reach, 0.075 * subject.size, strength)


def _frame(layers: Layers, place: Place, pixels: int) -> tuple[int, int, int, int]:
    every = np.concatenate([shape for layer in layers if isinstance(layer, Layer) for shape in layer.shapes])
    points = place.on(every, pixels)
    left, top = np.floor(points.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(points.max(axis=0)).astype(int).tolist()
    return left - 4, top - 4, right + 4, bottom + 4


def _masks(parts: np.ndarray, subjects: int) -> dict[str, np.ndarray]:
    masks = {"background": parts == 0}
    for number, name in enumerate(("subject", "second")[:subjects]):
        first = 1 + SECOND * number
        masks[name] = (parts >= first) & (parts < first + SECOND)
        for index, part in enumerate(PARTS):
            mask = parts == first + index
            if mask.any():
                masks[f"{name}/{part}"] = mask
    return masks
