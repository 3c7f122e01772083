"""Factors: what a reader tells of the main subject and of the picture, each by one word out of a few."""

from refedit.picturebook.world.scene import (
    BACKGROUNDS,
    COLOURS,
    EXPRESSIONS,
    KINDS,
    PATTERNS,
    POSES,
    STYLES,
    Scene,
    poses_of,
)

FACTORS: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "pose": ("", *POSES, *EXPRESSIONS),
    "colour": COLOURS,
    "pattern": PATTERNS,
    "background": BACKGROUNDS,
    "style": STYLES,
}
"""The words of every factor; things have the pose ""."""

OF_THE_PICTURE: frozenset[str] = frozenset({"background", "style"})
"""Factors of the whole picture. With two subjects nothing else is read: no picture tells which is the main one."""


def factors_of(scene: Scene) -> dict[str, str]:
    """The scene's word for every factor."""
    subject = scene.subjects[0]
    return {
        "kind": subject.kind,
        "pose": subject.pose,
        "colour": subject.appearance.colour,
        "pattern": subject.appearance.pattern,
        "background": scene.backdrop.name,
        "style": scene.style,
    }


def readable(scene: Scene) -> frozenset[str]:
    """The factors that the scene's picture shows. Things have no pose; with two subjects it is OF_THE_PICTURE."""
    if len(scene.subjects) > 1:
        return OF_THE_PICTURE
    return frozenset(name for name in FACTORS if name != "pose" or poses_of(scene.subjects[0].kind) != ("",))
