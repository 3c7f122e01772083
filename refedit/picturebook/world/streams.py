"""Random streams: every use of chance in the picture book has a number of its own, so that no two draw the same.

What is drawn with a stream is decided by its number and those that follow. Numbers are never given to another use:
published cases, unseen scenes and examples are drawn with theirs.
"""

from enum import IntEnum, unique

import numpy as np


@unique
class Stream(IntEnum):
    """What chance is used for."""

    TRAIN_SCENES = 1
    TEST_SCENES = 2
    EXAMPLES = 3
    DEVELOPMENT_CASES = 11
    TEST_CASES = 12
    SCENE_ORDER = 13
    CLIP_BATCHES = 14
    FIRST_CLICKS = 15
    """Where the subjects that SAM is measured on are clicked."""
    SECOND_CLICKS = 16
    """Where wrong masks are clicked a second time."""
    SAM_BATCHES = 17
    VAE_BATCHES = 18
    UNET_BATCHES = 19


def random(stream: Stream, *numbers: int) -> np.random.Generator:
    """A generator of a stream, at a place that `numbers` name."""
    return np.random.default_rng((int(stream), *numbers))
