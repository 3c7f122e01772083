"""Masks: what counts as inside, and what the operations promise."""

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from refedit.errors import EditError
from refedit.imaging.masks import Mask, at_grid
from tests.conftest import box_mask


def test_white_is_inside_and_so_is_opaque() -> None:
    grey = Image.fromarray(np.array([[0, 255]], np.uint8))
    assert Mask.from_image(grey).values.tolist() == [[0, 1]]
    layer = Image.new("RGBA", (2, 1))
    layer.putpixel((0, 0), (0, 0, 0, 255))
    assert Mask.from_image(layer).values.tolist() == [[1, 0]]


def test_an_opaque_colour_picture_counts_by_its_brightness() -> None:
    assert Mask.from_image(Image.new("RGBA", (1, 1), "black")).is_empty


def test_operations_are_set_operations() -> None:
    left, right = box_mask((8, 8), (0, 0, 4, 8)), box_mask((8, 8), (4, 0, 8, 8))
    assert np.array_equal(Mask.union([left, right]).values, np.ones((8, 8)))
    assert left.subtract(left).is_empty
    assert np.array_equal(left.invert().values, right.values)
    assert np.array_equal(Mask.union([left, right]).intersect(left).values, left.values)


def test_growing_and_shrinking_move_the_edge() -> None:
    mask = box_mask((16, 16), (6, 6, 10, 10))
    assert mask.grow(2).box == (4, 4, 12, 12)
    assert mask.grow(-1).box == (7, 7, 9, 9)
    assert mask.grow(0) is mask


@pytest.mark.parametrize("pixels", [-7, -3, -1, 1, 2, 6, 20])
def test_growing_is_what_a_rank_filter_does(pixels: int) -> None:
    levels = np.random.default_rng(3).integers(0, 256, (31, 47), dtype=np.uint8)
    choose = ImageFilter.MaxFilter if pixels > 0 else ImageFilter.MinFilter
    grown = Mask.from_image(Image.fromarray(levels)).grow(pixels)
    assert grown.to_image().tobytes() == Image.fromarray(levels).filter(choose(2 * abs(pixels) + 1)).tobytes()


def test_a_mask_of_a_photograph_is_grown_without_a_rank_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes as many steps as the neighbourhood has pixels: minutes here."""
    monkeypatch.setattr(ImageFilter.RankFilter, "filter", lambda *_: pytest.fail("a rank filter runs"))
    mask = box_mask((3000, 2000), (600, 600, 2000, 1500))
    assert mask.grow(60).box == (540, 540, 2060, 1560)


def test_a_feathered_mask_never_reaches_outside() -> None:
    mask = box_mask((32, 32), (8, 8, 24, 24))
    soft = mask.feather(3).values
    assert soft[mask.values == 0].max() == 0 and soft[16, 16] > 0.99
    assert 0.4 < soft[8, 16] < soft[10, 16] < 1


def test_a_thin_part_survives_feathering() -> None:
    assert box_mask((32, 32), (15, 0, 17, 32)).feather(1).values[16, 16] > 0.5


def test_an_empty_mask_has_no_box() -> None:
    with pytest.raises(EditError, match="Paint something"):
        box_mask((4, 4), (0, 0, 0, 0)).box  # noqa: B018


def test_a_picture_makes_the_same_mask_again() -> None:
    mask = box_mask((9, 7), (1, 2, 5, 6))
    assert mask.size == (9, 7)
    assert np.array_equal(Mask.from_image(mask.to_image()).values, mask.values)


def test_at_a_grid_a_mask_is_binary() -> None:
    plane = torch.zeros(16, 16)
    plane[:4, :4] = 1
    for mode in ("nearest", "bilinear", "area"):
        found = at_grid(plane, 4, mode)
        assert found[0, 0] == 1 and found.sum() == 1
