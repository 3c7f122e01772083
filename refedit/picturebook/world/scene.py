"""Scenes: everything that decides a drawing, as plain values. Knows nothing about how it is drawn.

Coordinates are fractions of the picture, x to the right and y down.
"""

import json
from dataclasses import asdict, dataclass, replace

import numpy as np

from refedit.picturebook.world.colours import COLOURS, Paint, sample_contrast, sample_paint

__all__ = ["ANIMALS", "BACKGROUNDS", "COLOURS", "EXPRESSIONS", "FACE", "KINDS", "PATTERNS", "POSES", "STYLES", "THINGS"]
__all__ += ["Appearance", "Backdrop", "Scene", "Subject", "from_json", "poses_of", "sample_scene", "to_json"]

ANIMALS: tuple[str, ...] = ("cat", "dog", "rabbit", "bear", "fox", "bird")
THINGS: tuple[str, ...] = ("mug", "car", "house", "ball", "mushroom", "fish", "boat", "umbrella")
FACE: str = "face"
KINDS: tuple[str, ...] = (*ANIMALS, FACE, *THINGS)
POSES: tuple[str, ...] = ("sitting", "standing", "jumping", "sleeping")
EXPRESSIONS: tuple[str, ...] = ("smiling", "sad", "surprised", "angry", "sleepy")
PATTERNS: tuple[str, ...] = ("plain", "striped", "dotted", "checkered")
BACKGROUNDS: tuple[str, ...] = ("meadow", "beach", "night", "snow", "desert", "room", "forest", "sea", "studio")
STYLES: tuple[str, ...] = ("storybook", "flat", "paper", "watercolour", "pencil")

_DETAILS = 8
_PAIRS, _TWINS = 0.2, 0.5
_STYLE_ODDS = (0.60, 0.10, 0.10, 0.10, 0.10)


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """How a subject looks. `colour` and `pattern` are words; no word names the rest.

    `paint` is one of the paints of `colour`, `second_paint` that of the pattern (not seen if plain); `width` is the
    pattern's period in subject sizes, `angle` its direction in degrees. Both vary little: a small network learns to
    paint a pattern as a whole only where the subject's outline nearly tells where its marks are.
    """

    colour: str
    paint: Paint
    pattern: str
    second_paint: Paint
    width: float
    angle: float


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One thing in the scene, standing on (x, y), `size` of the picture high, facing left unless mirrored.

    `pose` is one of `poses_of(kind)`: a pose, an expression, or "" for things.
    """

    kind: str
    pose: str
    appearance: Appearance
    x: float
    y: float
    size: float
    mirror: bool


@dataclass(frozen=True, kw_only=True)
class Backdrop:
    """A background; every name reads its horizon (fraction of the height), tone and details (0..1) its own way."""

    name: str
    horizon: float
    tone: float
    details: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One or two subjects (the first is the main one, drawn in front) before a backdrop, in a style."""

    subjects: tuple[Subject, ...]
    backdrop: Backdrop
    style: str


def poses_of(kind: str) -> tuple[str, ...]:
    """The poses of an animal, the expressions of the face, or ("",) for a thing."""
    if kind in ANIMALS:
        return POSES
    return EXPRESSIONS if kind == FACE else ("",)


def sample_scene(
    rng: np.random.Generator,
    *,
    kinds: tuple[str, ...] | None = None,
    count: int | None = None,
    studio: bool | None = None,
) -> Scene:
    """A random scene. Its factors are independent, but half of all pairs are twins.

    Twins have the same kind and appearance, and poses of their own. From them a network can learn that one thing
    tells how another looks, which is what a reference is for. `kinds` limits the subjects, `count` (1 or 2) fixes
    their number (mostly 1), `studio` asks for the plain background or one of the others (one in eight is plain).
    """
    number = count or (2 if rng.random() < _PAIRS else 1)
    style = STYLES[int(rng.choice(len(STYLES), p=_STYLE_ODDS))]
    plain = rng.random() < 0.125 if studio is None else studio
    sides = (0.5,) if number == 1 else ((0.27, 0.73) if rng.random() < 0.5 else (0.73, 0.27))
    first, *others = [_sample_subject(rng, kinds, side, number) for side in sides]
    subjects = (first, *(_twin(rng, first, other) if rng.random() < _TWINS else other for other in others))
    return Scene(subjects=subjects, backdrop=_sample_backdrop(rng, plain), style=style)


def _sample_subject(rng: np.random.Generator, kinds: tuple[str, ...] | None, side: float, number: int) -> Subject:
    kind = str(rng.choice(kinds)) if kinds else _sample_kind(rng)
    size = rng.uniform(0.56, 0.7) if number == 1 else rng.uniform(0.41, 0.46)
    x = side + (rng.uniform(-0.08, 0.08) if number == 1 else rng.uniform(-0.02, 0.02))
    y = rng.uniform(0.84, 0.92)
    return Subject(
        kind=kind,
        pose=str(rng.choice(poses_of(kind))),
        appearance=_sample_appearance(rng),
        x=x,
        y=y,
        size=size,
        mirror=bool(rng.random() < 0.5),
    )


def _twin(rng: np.random.Generator, first: Subject, other: Subject) -> Subject:
    """`other` in the kind and the appearance of the first, with a pose of its own."""
    pose = str(rng.choice(poses_of(first.kind)))
    return replace(other, kind=first.kind, pose=pose, appearance=first.appearance)


def _sample_kind(rng: np.random.Generator) -> str:
    group = rng.random()
    if group < 0.6:
        return str(rng.choice(ANIMALS))
    return FACE if group < 0.69 else str(rng.choice(THINGS))


def _sample_appearance(rng: np.random.Generator) -> Appearance:
    colour = str(rng.choice(COLOURS))
    paint = sample_paint(colour, rng)
    return Appearance(
        colour=colour,
        paint=paint,
        pattern=str(rng.choice(PATTERNS)),
        second_paint=sample_contrast(paint, rng),
        width=rng.uniform(0.175, 0.21),
        angle=rng.uniform(-12, 12),
    )


def _sample_backdrop(rng: np.random.Generator, studio: bool) -> Backdrop:
    names = [name for name in BACKGROUNDS if (name == "studio") == studio]
    details = tuple(float(value) for value in rng.random(_DETAILS))
    return Backdrop(name=str(rng.choice(names)), horizon=rng.uniform(0.5, 0.64), tone=rng.random(), details=details)


def to_json(scene: Scene) -> str:
    """The scene as one line of JSON, every number exact."""
    return json.dumps(asdict(scene))


def from_json(text: str) -> Scene:
    """The scene that `to_json` wrote; KeyError or TypeError if it is none."""
    data = json.loads(text)
    subjects = tuple(_read_subject(item) for item in data["subjects"])
    backdrop = Backdrop(**{**data["backdrop"], "details": tuple(data["backdrop"]["details"])})
    return Scene(subjects=subjects, backdrop=backdrop, style=data["style"])


def _read_subject(data: dict) -> Subject:
    look = data["appearance"]
    paints = {name: tuple(look[name]) for name in ("paint", "second_paint")}
    return Subject(**{**data, "appearance": Appearance(**{**look, **paints})})
