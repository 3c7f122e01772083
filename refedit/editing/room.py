"""The room that an edit needs round the thing it changes."""

from refedit.imaging.masks import Mask

ROOM = 0.04
"""As a part of the picture's longer side."""


def with_room(thing: Mask, room: float = ROOM) -> Mask:
    """The mask of a thing, grown to the region that an edit of it needs."""
    return thing.grow(round(room * max(thing.size)))
