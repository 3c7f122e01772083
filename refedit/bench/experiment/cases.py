"""Edits of the drawn world whose true result is known, each decided by its set, kind and number alone."""

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from refedit.bench.experiment.painting import Painting, region_of, subject_of
from refedit.editing.request import EditRequest, Reference
from refedit.methods import Baret, Method, SpecRef
from refedit.picturebook.world.captions import describe
from refedit.picturebook.world.factors import FACTORS, factors_of
from refedit.picturebook.world.scene import (
    ANIMALS,
    BACKGROUNDS,
    COLOURS,
    FACE,
    KINDS,
    STYLES,
    Scene,
    poses_of,
    sample_scene,
)
from refedit.picturebook.world.streams import Stream, random
from refedit.picturebook.world.true_edits import (
    drawn,
    take_appearance,
    with_backdrop,
    with_colour,
    with_pose,
    with_style,
)

CASE_SETS: dict[str, Stream] = {"development": Stream.DEVELOPMENT_CASES, "test": Stream.TEST_CASES}
"""Parameters are chosen on the first; the second is only reported. Neither shares a seed with training."""


class CaseKind(StrEnum):
    """What is asked for: a reference's look, another pose, or another colour, background or style."""

    REFERENCE = "reference"
    POSE = "pose"
    RIGID = "rigid"


REFERENCE, POSE, RIGID = CaseKind


@dataclass(frozen=True, kw_only=True)
class Case:
    """A source, what it shall become, and for SpecRef the reference; `changed` names the factors that differ.

    Prompts say the factors in `mention`: of a reference case neither colour nor pattern, so that only the reference
    can tell them.
    """

    number: int
    kind: CaseKind
    source: Scene
    result: Scene
    reference: Scene | None = None
    changed: tuple[str, ...]
    mention: frozenset[str]

    def request(self, method: Method, size: int, painting: Painting = Painting.TRUE) -> EditRequest:
        """The edit to ask for, in pictures `size` wide; where the whole picture changes there is no region."""
        source, result = drawn(self.source, size), drawn(self.result, size)
        room = SpecRef.room if self.kind is REFERENCE else Baret.room
        everywhere = {"background", "style"} & set(self.changed)
        return EditRequest(
            method=method,
            source=source.picture,
            prompt=self.prompts[1],
            source_prompt=self.prompts[0],
            region=None if everywhere else region_of(painting, source, result, room),
            reference=self._reference(size, painting),
        )

    @property
    def prompts(self) -> tuple[str, str]:
        """What is said of the source and of the result."""
        source, result = (describe(scene, mention=self.mention).text for scene in (self.source, self.result))
        return source, result

    def truth(self, factor: str) -> str:
        """What the true result shows: a word, or "" for the pose of a thing."""
        return factors_of(self.result)[factor]

    def _reference(self, size: int, painting: Painting) -> Reference | None:
        if self.reference is None:
            return None
        reference = drawn(self.reference, size)
        return Reference(image=reference.picture, subject=subject_of(painting, reference))


def case_at(which: str, kind: CaseKind, number: int) -> Case:
    """The case of that number; `which` is one of CASE_SETS, `kind` the kind of it."""
    rng = random(CASE_SETS[which], [*CaseKind].index(kind), number)
    build = {REFERENCE: _reference_case, POSE: _pose_case, RIGID: _rigid_case}[kind]
    return build(rng, number)


def _scene(rng: np.random.Generator, kinds: tuple[str, ...], studio: bool) -> Scene:
    return replace(sample_scene(rng, kinds=kinds, count=1, studio=studio), style=STYLES[0])


def _reference_case(rng: np.random.Generator, number: int) -> Case:
    """Even numbers keep the kind, odd ones take another of the same family; colour and pattern always differ."""
    source = _scene(rng, KINDS, studio=False)
    kind, look = source.subjects[0].kind, source.subjects[0].appearance
    family = ANIMALS if kind in ANIMALS else tuple(name for name in KINDS if name not in (*ANIMALS, FACE))
    others = tuple(name for name in family if name != kind)
    reference = _scene(rng, others if number % 2 and kind != FACE else (kind,), studio=True)
    while _same(look, reference.subjects[0].appearance):
        reference = _scene(rng, (reference.subjects[0].kind,), studio=True)
    result = take_appearance(source, reference)
    return Case(
        number=number,
        kind=REFERENCE,
        source=source,
        result=result,
        reference=reference,
        changed=_differing(source, result),
        mention=frozenset({"pose", "background"}),
    )


def _same(first: object, second: object) -> bool:
    return any(getattr(first, name) == getattr(second, name) for name in ("colour", "pattern"))


def _pose_case(rng: np.random.Generator, number: int) -> Case:
    """Animals in another pose, and every fifth a face with another expression."""
    source = _scene(rng, (FACE,) if number % 5 == 4 else ANIMALS, studio=False)
    here = source.subjects[0]
    result = with_pose(source, str(rng.choice([pose for pose in poses_of(here.kind) if pose != here.pose])))
    mention = frozenset({"pose", "background"})
    return Case(number=number, kind=POSE, source=source, result=result, changed=("pose",), mention=mention)


def _rigid_case(rng: np.random.Generator, number: int) -> Case:
    """Colour, background and style in turn."""
    factor = ("colour", "background", "style")[number % 3]
    source = _scene(rng, KINDS, studio=False)
    now = factors_of(source)[factor]
    words = {"colour": COLOURS, "background": BACKGROUNDS[:-1], "style": STYLES}[factor]
    word = str(rng.choice([name for name in words if name != now]))
    result = {"colour": with_colour, "background": with_backdrop, "style": with_style}[factor](source, word)
    mention = frozenset({"pose", "background", factor})
    return Case(number=number, kind=RIGID, source=source, result=result, changed=(factor,), mention=mention)


def _differing(source: Scene, result: Scene) -> tuple[str, ...]:
    before, after = factors_of(source), factors_of(result)
    return tuple(name for name in FACTORS if before[name] != after[name])


_LARGEST = 0.95


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a reference's subject stands beside the source's: moved by a part of the picture's width, and scaled.

    `scale` is of the source subject's size; the subject is moved towards the farther edge, so that it stays whole.
    """

    offset: float = 0.0
    scale: float = 1.0


def placed(case: Case, place: Place) -> Case:
    """The case with its reference's subject put there; ValueError if it has no reference.

    Feet stay on the source's ground line, so a scaled subject's middle moves a little too.
    """
    if case.reference is None:
        raise ValueError(f"a case of kind '{case.kind}' has no reference to place")
    here, there = case.source.subjects[0], case.reference.subjects[0]
    side = -1 if here.x > 0.5 else 1
    size = min(here.size * place.scale, _LARGEST)
    moved = replace(there, x=here.x + side * place.offset, y=here.y, size=size)
    return replace(case, reference=replace(case.reference, subjects=(moved, *case.reference.subjects[1:])))
