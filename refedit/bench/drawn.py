"""Drawings of a case's scenes, each made once however often it is looked at."""

from functools import lru_cache

import numpy as np
from jaxtyping import Bool

from refedit.picturebook.drawing import Drawing, draw
from refedit.picturebook.scene import Scene


@lru_cache(maxsize=32)
def drawn(scene: Scene, size: int) -> Drawing:
    """The drawing of a scene; not to be written into."""
    return draw(scene, size)


def changed_region(source: Scene, result: Scene, size: int) -> Bool[np.ndarray, "size size"]:
    """Where two scenes' drawings differ."""
    before, after = (np.asarray(drawn(scene, size).picture) for scene in (source, result))
    return np.any(before != after, axis=-1)
