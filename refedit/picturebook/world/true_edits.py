"""True edits: the scene that an edit should lead to, where its drawing differs, and the mask one would paint."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool

from refedit.imaging.masks import Mask
from refedit.picturebook.world.colours import distance, paint_at
from refedit.picturebook.world.drawing import Drawing, draw
from refedit.picturebook.world.scene import BACKGROUNDS, COLOURS, STYLES, Appearance, Scene, Subject, poses_of

# Contrast below which a pattern could not be seen (the sampler keeps more).
_CONTRAST = 0.22


def take_appearance(source: Scene, reference: Scene) -> Scene:
    """The source with the look of the reference's main subject.

    Another kind is taken over too; position, size and mirror stay, and so does the pose if that kind has it.
    """
    here, there = source.subjects[0], reference.subjects[0]
    pose = here.pose if here.pose in poses_of(there.kind) else there.pose
    return _with_main(source, replace(here, kind=there.kind, pose=pose, appearance=there.appearance))


def with_pose(scene: Scene, pose: str) -> Scene:
    """The main subject in another pose or expression; ValueError if its kind does not have it."""
    subject = scene.subjects[0]
    _check(pose, poses_of(subject.kind), f"pose of a {subject.kind}")
    return _with_main(scene, replace(subject, pose=pose))


def with_colour(scene: Scene, colour: str) -> Scene:
    """The main subject in the middle paint of another colour; its pattern stays, recoloured where it would vanish."""
    _check(colour, COLOURS, "colour")
    subject = scene.subjects[0]
    return _with_main(scene, replace(subject, appearance=_recoloured(subject.appearance, colour)))


def with_backdrop(scene: Scene, name: str) -> Scene:
    """The scene before another background, with the same continuous parameters."""
    _check(name, BACKGROUNDS, "background")
    return replace(scene, backdrop=replace(scene.backdrop, name=name))


def with_style(scene: Scene, style: str) -> Scene:
    """The scene drawn in another style."""
    _check(style, STYLES, "style")
    return replace(scene, style=style)


@lru_cache(maxsize=32)
def drawn(scene: Scene, size: int) -> Drawing:
    """The drawing of a scene. It is kept for the next time, so nobody may write into it."""
    return draw(scene, size)


def changed_region(source: Scene, result: Scene, size: int) -> Bool[np.ndarray, "size size"]:
    """Where the drawings of two scenes differ: outside it they are equal to the last bit."""
    before, after = (np.asarray(drawn(scene, size).picture) for scene in (source, result))
    return np.any(before != after, axis=-1)


def subject_mask(drawing: Drawing) -> Mask:
    """The main subject's true mask."""
    return Mask(drawing.masks["subject"].astype(np.float32))


def painted_region(before: Drawing, after: Drawing) -> Mask:
    """What one would paint: the subject before and after, and a 32nd of the picture around it (our choice)."""
    size = before.picture.width
    return Mask.union([subject_mask(before), subject_mask(after)]).grow(size // 32)


def _recoloured(look: Appearance, colour: str) -> Appearance:
    paint = paint_at(colour)
    second = look.second_paint
    if distance(paint, second) < _CONTRAST:
        second = paint_at("white") if distance(paint, paint_at("white")) > 2 * _CONTRAST else paint_at("black")
    return replace(look, colour=colour, paint=paint, second_paint=second)


def _with_main(scene: Scene, subject: Subject) -> Scene:
    return replace(scene, subjects=(subject, *scene.subjects[1:]))


def _check(name: str, known: tuple[str, ...], what: str) -> None:
    if name not in known:
        raise ValueError(f"'{name}' is no {what}; known: {', '.join(known)}")
