"""Masks as a person would paint them on drawings, from what is known of the drawings."""

import numpy as np

from refedit.imaging.masks import Mask
from refedit.picturebook.world.drawing import Drawing


def subject_mask(drawing: Drawing) -> Mask:
    """The main subject's true mask."""
    return Mask(drawing.masks["subject"].astype(np.float32))


def painted_region(before: Drawing, after: Drawing) -> Mask:
    """The subject as it is and as it shall be, a little over its edges: by a 32nd of the picture (our choice)."""
    size = before.picture.width
    return Mask.union([subject_mask(before), subject_mask(after)]).grow(size // 32)
