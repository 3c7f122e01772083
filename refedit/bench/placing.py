"""Cases whose reference subject is moved away from the edited one, or shown larger or smaller than it."""

from dataclasses import dataclass, replace

from refedit.bench.cases import Case

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
