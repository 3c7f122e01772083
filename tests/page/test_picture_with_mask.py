"""A picture with its mask: to the browser and back."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.ui.state.picture_with_mask import (
    LONGEST,
    PictureWithMask,
    file_at,
    read_canvas,
    read_spelled,
    spelled,
    to_canvas,
)
from tests.conftest import box_mask, picture
from tests.page.parts import BOX


@pytest.fixture(autouse=True)
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("mask", [None, BOX, Mask(np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64))])
def test_a_picture_and_its_mask_survive_the_way_to_the_browser_and_back(mask: Mask | None, uploads: Path) -> None:
    shown = read_canvas(to_canvas(PictureWithMask(picture=picture(1), mask=mask), uploads), "source")
    assert shown is not None and shown.picture.tobytes() == picture(1).tobytes()
    if mask is None:
        assert shown.mask is None
    else:
        assert shown.mask is not None
        np.testing.assert_array_equal(shown.mask.to_image(), mask.to_image())


def test_a_cutout_survives_too(uploads: Path) -> None:
    shown = read_canvas(to_canvas(PictureWithMask(picture=picture(1), cutout=BOX), uploads), "source")
    assert shown is not None and shown.cutout is not None
    np.testing.assert_array_equal(shown.cutout.values, BOX.values)


def test_a_mask_of_a_large_picture_is_small_and_fits_it(uploads: Path) -> None:
    size = (3 * LONGEST, LONGEST)
    mask = box_mask(size, (0, 0, size[0] // 2, size[1]))
    read = read_spelled(spelled(mask), size)
    assert read is not None and read.size == size
    assert np.abs(read.values - mask.values).mean() < 0.01


def test_a_faint_rim_is_nothing_painted() -> None:
    assert spelled(Mask(np.full((64, 64), 0.3, np.float32))) == "" and read_spelled("", (64, 64)) is None


def test_an_empty_canvas_shows_nothing() -> None:
    assert [read_canvas(value, "source") for value in (None, {}, {"picture": None, "mask": ""})] == [None] * 3


def test_only_uploads_are_read_and_by_our_own_reader(uploads: Path) -> None:
    bomb, rubbish = uploads / "bomb.png", uploads / "rubbish.png"
    Image.new("1", (13000, 13000)).save(bomb)
    rubbish.write_text("no picture")
    outside = {"path": __file__}
    for file, says in (
        (file_at(bomb), "the limit is 17"),
        (file_at(rubbish), "not a readable"),
        (outside, "no longer on the server"),
    ):
        with pytest.raises(EditError, match=says):
            read_canvas({"picture": file, "mask": ""}, "source")
    with pytest.raises(EditError, match="picture's size"):
        read_spelled(spelled(box_mask((32, 64), (0, 0, 8, 8))), (64, 64))
