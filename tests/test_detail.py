"""What an autoencoder loses comes back where an edit left the picture alone, and nowhere else."""

import numpy as np
from PIL import Image, ImageFilter

from refedit.imaging.detail import with_detail
from refedit.imaging.images import mean_colour, on_plain_ground
from refedit.imaging.masks import Mask
from tests.conftest import box_mask, picture

SIZE = (128, 128)
SOURCE = picture(3, SIZE)
REDRAWN = SOURCE.filter(ImageFilter.GaussianBlur(2))


def changed(box: tuple[int, int, int, int]) -> Image.Image:
    edited = REDRAWN.copy()
    edited.paste((255, 0, 200), box)
    return edited


def test_an_edit_that_changed_nothing_is_the_source_itself() -> None:
    assert with_detail(REDRAWN, REDRAWN, SOURCE) == SOURCE


def test_a_change_stays_as_it_was_drawn_and_what_is_far_from_it_is_the_source() -> None:
    box = (40, 40, 80, 80)
    found = np.asarray(with_detail(changed(box), REDRAWN, SOURCE))
    assert np.array_equal(found[41:79, 41:79], np.asarray(changed(box))[41:79, 41:79])
    far = np.ones(SIZE, bool)
    far[24:96, 24:96] = False
    assert np.array_equal(found[far], np.asarray(SOURCE)[far])


def test_a_plain_ground_has_one_colour_and_the_subject_keeps_its_own() -> None:
    subject = box_mask(SIZE, (10, 20, 50, 90))
    found = np.asarray(on_plain_ground(SOURCE, subject, mean_colour(SOURCE)))
    inside = subject.values >= 0.5
    assert np.array_equal(found[inside], np.asarray(SOURCE)[inside])
    assert len(np.unique(found[~inside], axis=0)) == 1
    assert np.abs(found[~inside][0] - np.asarray(SOURCE).mean((0, 1))).max() <= 0.5
    whole = Mask(np.ones(SIZE, np.float32))
    assert on_plain_ground(SOURCE, whole, (0, 0, 0)) == SOURCE
