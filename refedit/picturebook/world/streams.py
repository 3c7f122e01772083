"""Random streams: every use of chance in the picture book has a number, so no two of them draw the same.

A stream's number and the place in it decide what is drawn. Published cases, unseen scenes and examples were drawn with
these numbers, so a number never changes and is never given to another use.

Trainings have one more source of chance: torch's generators for noise, seeded by the number of the batch.
"""

from enum import IntEnum, unique

import numpy as np


@unique
class Stream(IntEnum):
    """What chance is used for.

    Only this first number keeps uses apart. A longer place does not: numpy takes (11, 5) and (11, 5, 0) for the same.
    """

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
    """Where SAM's answer is wrong, and is clicked a second time."""
    SAM_BATCHES = 17
    VAE_BATCHES = 18
    UNET_BATCHES = 19
    LIKE_DRAWINGS = 20
    """What drawings of the same words differ in, which pictures are compared with."""


def random(stream: Stream, *numbers: int) -> np.random.Generator:
    """A generator of a stream, at the place that the numbers name, such as a scene's or a batch's number."""
    return np.random.default_rng((int(stream), *numbers))
