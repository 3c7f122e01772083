"""The model's square: where it lies, and that putting it back changes nothing outside the mask."""

import numpy as np
import pytest
from PIL import Image

from refedit.imaging.squares import Square, Stretched, aligned_square, square_around
from tests.conftest import box_mask, picture


def test_without_a_box_it_is_the_largest_one_in_the_middle() -> None:
    assert square_around((100, 60), None, 16) == Square(20, 0, 60)


@pytest.mark.parametrize("box", [(0, 0, 10, 10), (90, 50, 100, 60), (30, 20, 50, 30), (0, 0, 100, 60)])
def test_it_holds_the_box_and_stays_in_the_picture_if_it_can(box: tuple[int, int, int, int]) -> None:
    square = square_around((100, 60), box, 16)
    assert square.left <= box[0] and square.left + square.side >= box[2]
    assert square.top <= box[1] and square.top + square.side >= box[3]
    if square.side <= 60:
        assert square.left >= 0 and square.top >= 0 and square.top + square.side <= 60


def test_what_was_cut_out_can_be_put_back() -> None:
    image, square = picture(1, (100, 60)), Square(20, 0, 60)
    back = square.put_back(image, square.cut(image, 60), box_mask((100, 60), (0, 0, 100, 60)))
    assert np.array_equal(np.asarray(back), np.asarray(image))


def test_outside_the_mask_nothing_changes() -> None:
    image, mask = picture(1, (100, 60)), box_mask((100, 60), (30, 10, 50, 40))
    back = np.asarray(Square(20, 0, 60).put_back(image, picture(2, (64, 64)), mask))
    same = (back == np.asarray(image)).all(-1)
    assert same[mask.values == 0].all() and not same[mask.values == 1].all()


def test_beyond_the_picture_its_edge_repeats() -> None:
    image = picture(3, (20, 20))
    cut = np.asarray(Square(-10, 0, 20).cut(image, 20))
    assert np.array_equal(cut[:, 0], cut[:, 9]) and cut.shape == (20, 20, 3)


def test_an_aligned_reference_puts_the_subject_on_the_region() -> None:
    source, region, subject = Square(0, 0, 64), (16, 16, 48, 48), (10, 20, 20, 30)
    square = aligned_square(subject, region, source)
    placed = [
        (edge - start) / square.side * 64 for edge, start in zip(subject, (square.left, square.top) * 2, strict=True)
    ]
    assert placed == pytest.approx(region)


def test_a_square_far_larger_than_the_picture_costs_nothing() -> None:
    image, square = picture(3, (300, 200)), Square(-20000, -20000, 40000)
    assert np.asarray(square.cut(image, 64)).shape == (64, 64, 3)
    assert square.cut_mask(box_mask((300, 200), (0, 0, 300, 200)), 64).values.mean() < 0.01


def test_a_stretched_picture_comes_back_whole() -> None:
    image = picture(1, (96, 48))
    whole = Stretched(96)
    assert whole.cut(image, 48).size == (48, 48)
    back = np.asarray(whole.put_back(image, whole.cut(image, 96), box_mask((96, 48), (0, 0, 96, 48))), float)
    assert np.abs(back - np.asarray(image, float)).mean() < 4
    assert whole.cut_mask(box_mask((96, 48), (0, 0, 48, 48)), 48).box == (0, 0, 24, 48)


def test_a_mask_follows_its_square() -> None:
    found = Square(20, 0, 60).cut_mask(box_mask((100, 60), (20, 0, 50, 60)), 30)
    assert found.box == (0, 0, 15, 30)


@pytest.mark.parametrize("size", [128, 512])
@pytest.mark.parametrize("extent", [(1280, 853), (853, 1280), (301, 200)])
def test_a_square_beyond_the_picture_comes_back_where_it_was(extent: tuple[int, int], size: int) -> None:
    """Centres of gravity of a dark spot before and after, to within 0.05 px of the picture."""
    wide, high = extent
    square = square_around(extent, (16, 16, wide - 16, high - 16), size)
    assert square.side > min(extent)
    ys, xs = np.mgrid[:high, :wide]
    for x, y in ((0.3 * wide, 0.2 * high), (0.7 * wide, 0.8 * high)):
        spot = np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (0.04 * min(extent)) ** 2)
        image = Image.fromarray(np.repeat((255 * spot)[..., None], 3, 2).round().astype(np.uint8))
        back = square.put_back(image, square.cut(image, size), box_mask(extent, (0, 0, wide, high)))
        found = np.asarray(back, float)[..., 0]
        centre = [(found * axis).sum() / found.sum() for axis in (xs, ys)]
        assert centre == pytest.approx([(spot * axis).sum() / spot.sum() for axis in (xs, ys)], abs=0.05)


def test_a_whole_square_fades_out_where_it_ends_inside_the_picture_only() -> None:
    mask = Square(20, 0, 64).whole((128, 64)).values
    assert not mask[:, :20].any() and not mask[:, 84:].any()
    assert (mask[:, 28:76] == 1).all() and (mask == mask[:1]).all()
    assert np.abs(np.diff(mask[0])).max() < 0.25
    assert (Square(0, 0, 64).whole((64, 64)).values == 1).all()
    assert (Square(-10, -10, 90).whole((64, 64)).values == 1).all()
