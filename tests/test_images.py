"""Reading pictures safely: every odd format becomes upright RGB, everything unreadable one sentence."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from refedit.errors import EditError
from refedit.images import read_channels, read_mask, read_picture, stretch, to_image, to_tensor, write_picture
from tests.conftest import picture


def encoded(image: Image.Image, format: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def test_transparency_lies_on_white() -> None:
    assert read_picture(encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 0)))).getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bit_greys_keep_their_scale() -> None:
    ramp = Image.fromarray(np.linspace(0, 65535, 400, dtype=np.uint16).reshape(20, 20))
    levels = np.asarray(read_picture(encoded(ramp)))[..., 0]
    assert levels[0, 0] == 0 and levels[-1, -1] == 255 and abs(int(levels[10, 0]) - 128) < 3


def test_pictures_are_turned_upright_and_lose_their_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    read = read_picture(encoded(Image.new("RGB", (40, 20)), "JPEG", exif=exif))
    assert read.size == (20, 40) and not read.getexif() and not read.info


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    image = Image.new("RGB", (20, 20), "white").convert(mode)
    read = read_picture(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert read.mode == "RGB" and min(read.getpixel((5, 5))) > 250  # type: ignore[type-var, arg-type]


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    assert read_picture(encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])).getpixel((0, 0)) == (
        255,
        0,
        0,
    )


@pytest.mark.parametrize("data", [b"", b"no picture", encoded(picture(1))[:200], encoded(picture(1), "TIFF")])
def test_unreadable_files_are_named_in_one_sentence(data: bytes) -> None:
    with pytest.raises(EditError, match="not a readable PNG, JPEG or WebP"):
        read_picture(data)


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(EditError, match="megapixels"):
        read_picture(encoded(Image.new("1", (20000, 20000))))
    with pytest.raises(EditError, match="49 megapixels; the limit is 40"):
        read_picture(encoded(Image.new("1", (7000, 7000))))


def test_a_tiny_picture_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EditError, match="at least 16 a side"):
        read_picture(encoded(Image.new("RGB", (8, 8))))
    with pytest.raises(EditError, match="no file 'gone.png'"):
        read_picture(tmp_path / "gone.png")


def test_a_mask_file_is_read_as_a_mask(tmp_path: Path) -> None:
    Image.new("L", (20, 20), 255).save(tmp_path / "m.png")
    assert read_mask(tmp_path / "m.png").values.min() == 1


def test_channels_are_read_as_they_are_stored() -> None:
    assert read_channels(encoded(Image.new("RGBA", (20, 20), (9, 0, 0, 0)))).getpixel((0, 0)) == (9, 0, 0)


def test_tensors_and_pictures_are_the_same_thing() -> None:
    image = picture(4)
    assert np.array_equal(np.asarray(to_image(to_tensor(image)[0])), np.asarray(image))


def test_stretching_takes_the_nearest_pixel() -> None:
    pixels = torch.arange(64, dtype=torch.uint8).reshape(8, 8)
    image = Image.fromarray(pixels.numpy()).convert("RGB")
    assert np.asarray(stretch(image, 4))[1, 2].tolist() == [20] * 3


def test_a_written_picture_carries_its_parameters(tmp_path: Path) -> None:
    write_picture(picture(1), tmp_path / "out.png", {"prompt": "ein Bär, größer"})
    assert Image.open(tmp_path / "out.png").info["prompt"] == "ein Bär, größer"  # type: ignore[attr-defined]
    with pytest.raises(EditError, match="can't be written"):
        write_picture(picture(1), tmp_path / "no" / "out.png", {})
