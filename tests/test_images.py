"""Reading pictures safely: every odd format becomes upright RGB, everything unreadable one sentence."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms, ImageFile

from refedit.errors import EditError
from refedit.imaging.images import (
    read_channels,
    read_cutout,
    read_mask,
    read_picture,
    stretch,
    to_image,
    to_tensor,
    write_picture,
)
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
    assert np.array_equal(np.asarray(read_mask(encoded(ramp)).to_image()), levels)


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


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_an_animation_gives_its_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue", "green", "white", "black")]
    read = read_picture(encoded(frames[0], format, save_all=True, append_images=frames[1:], lossless=True))
    assert read.getpixel((0, 0)) == (255, 0, 0)


def test_a_palettes_transparency_lies_on_white() -> None:
    image = Image.new("P", (20, 20))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.paste(1, (10, 0, 20, 20))
    read = read_picture(encoded(image, "PNG", transparency=0))
    assert read.getpixel((0, 0)) == (255, 255, 255) and read.getpixel((15, 5)) == (0, 0, 255)


@pytest.mark.parametrize(("inks", "colour"), [((0, 255, 255, 0), (255, 0, 0)), ((255, 0, 0, 0), (0, 255, 255))])
def test_inks_become_the_colours_they_print(inks: tuple[int, ...], colour: tuple[int, ...]) -> None:
    read = read_picture(encoded(Image.new("CMYK", (20, 20), inks), "JPEG", quality=95))
    assert np.abs(np.subtract(read.getpixel((5, 5)), colour)).max() < 8  # type: ignore[arg-type]


def test_a_colour_profile_means_what_it_says() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert read_picture(encoded(picture(1), icc_profile=lab)).tobytes() == picture(1).tobytes()
    read = read_picture(encoded(Image.new("RGB", (20, 20), (128, 128, 128)), icc_profile=swapped_profile()))
    assert read.getpixel((0, 0)) == pytest.approx((128, 128, 128), abs=3), "grey is grey in every profile"
    red = read_picture(encoded(Image.new("RGB", (20, 20), (200, 30, 30)), icc_profile=swapped_profile()))
    assert red.getpixel((0, 0)) == pytest.approx((30, 200, 30), abs=6), (
        "the profile says that the first channel is green"
    )


def swapped_profile() -> bytes:
    """sRGB with red and green named the other way round."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return data.replace(b"rXYZ", b"?XYZ").replace(b"gXYZ", b"rXYZ").replace(b"?XYZ", b"gXYZ")


@pytest.mark.parametrize("profile", [b"rubbish", b"", bytes(128)])
def test_a_damaged_profile_changes_nothing(profile: bytes) -> None:
    assert read_picture(encoded(picture(1), icc_profile=profile)).tobytes() == picture(1).tobytes()


@pytest.mark.parametrize("exif", [b"Exif\0\0rubbish", b"Exif\0\0II*\0", b"Exif\0\0II*\0\x08\0\0\0\x01", b"Exif\0\0"])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_damaged_exif_changes_nothing(exif: bytes, format: str) -> None:
    with_it, without = (encoded(picture(1), format, **more) for more in ({"exif": exif}, {}))
    assert read_picture(with_it).tobytes() == read_picture(without).tobytes()
    assert (read_mask(with_it).values == read_mask(without).values).all()


def test_a_photographs_metadata_ends_with_it(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E], exif.get_ifd(0x8825)[2] = "at home", (52.0, 31.0, 0.0)
    write_picture(read_picture(encoded(picture(1), "JPEG", exif=exif)), tmp_path / "out.png", {})
    data = (tmp_path / "out.png").read_bytes()
    assert b"at home" not in data and b"eXIf" not in data


def test_what_hides_behind_a_picture_is_not_passed_on(tmp_path: Path) -> None:
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("secret.txt", "secret")
    read = read_picture(encoded(picture(1), "JPEG") + hidden.getvalue())
    write_picture(read, tmp_path / "out.png", {})
    assert b"PK" in hidden.getvalue() and b"PK\x05\x06" not in (tmp_path / "out.png").read_bytes()


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='20' height='20'/>"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
UNREADABLE = {
    "empty": b"",
    "text": b"no picture",
    "truncated png": encoded(picture(1))[:200],
    "truncated jpeg": encoded(picture(1), "JPEG")[:200],
    "half a jpeg": encoded(picture(1, (200, 200)), "JPEG")[:-400],
    "tiff": encoded(picture(1), "TIFF"),
    "bmp": encoded(picture(1), "BMP"),
    "gif": encoded(picture(1).convert("P"), "GIF"),
    "eps": EPS,
    "svg": SVG,
    "psd": b"8BPS\0\1" + bytes(40),
    "heic": HEIC,
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_files_are_named_in_one_sentence(data: bytes) -> None:
    with pytest.raises(EditError, match="not a readable PNG, JPEG or WebP"):
        read_picture(data)


@pytest.mark.parametrize(("side", "says"), [(7000, "49 megapixels; the limit is 40"), (14000, "megapixels")])
def test_a_bomb_is_refused_before_it_is_decoded(side: int, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its few bytes are all that it costs: Pillow makes room for the pixels only as it loads them."""
    bomb, fine = encoded(Image.new("1", (side, side))), encoded(Image.new("1", (64, 64)))
    made_room: list[tuple[int, int]] = []
    prepare = ImageFile.ImageFile.load_prepare

    def recorded(image: ImageFile.ImageFile) -> None:
        made_room.append(image.size)
        prepare(image)

    monkeypatch.setattr(ImageFile.ImageFile, "load_prepare", recorded)
    with pytest.raises(EditError, match=says):
        read_picture(bomb)
    assert made_room == []
    read_picture(fine)
    assert made_room == [(64, 64)]


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (15, 4000)])
def test_the_smallest_side_counts(size: tuple[int, int]) -> None:
    with pytest.raises(EditError, match=f"{size[0]}x{size[1]} pixels; at least 16 a side"):
        read_picture(encoded(Image.new("RGB", size)))


def test_a_strip_of_a_picture_is_a_picture() -> None:
    assert read_picture(encoded(Image.new("RGB", (4000, 16)))).size == (4000, 16)


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


HALF = np.repeat([[0, 1]], 32, axis=0).repeat(32, axis=1).astype(np.uint8)
"""Inside on the right."""


@pytest.mark.parametrize(
    "data",
    [
        encoded(Image.fromarray(HALF * 255)),
        encoded(Image.fromarray(HALF)),
        encoded(Image.fromarray(HALF * 3)),
        encoded(Image.fromarray(HALF.astype(np.uint16))),
        encoded(Image.fromarray(HALF.astype(np.uint16) * 65535)),
        encoded(Image.fromarray(HALF * 255).convert("1")),
        *(encoded(Image.fromarray(HALF[..., None] * np.array(c, np.uint8))) for c in ([255, 0, 0], [0, 0, 255])),
        encoded(Image.merge("RGBA", [Image.fromarray(HALF * 7)] * 3 + [Image.fromarray(HALF * 255)])),
    ],
)
def test_masks_of_every_habit_are_read(data: bytes) -> None:
    assert np.array_equal(read_mask(data).values, HALF.astype(np.float32))


@pytest.mark.parametrize("levels", [HALF * 0, HALF * 0 + 3, HALF * 90 + 20])
def test_a_file_that_marks_nothing_for_sure_is_an_empty_mask(levels: np.ndarray) -> None:
    assert read_mask(encoded(Image.fromarray(levels))).is_empty


def test_white_on_a_colour_is_inside_and_the_colour_is_not() -> None:
    blue = np.where(HALF[..., None] > 0, 255, np.array([0, 0, 255])).astype(np.uint8)
    assert np.array_equal(read_mask(encoded(Image.fromarray(blue))).values >= 0.5, HALF > 0)


def test_a_mask_made_at_another_size_of_the_picture_fits_it_and_one_of_another_shape_does_not() -> None:
    mask = read_mask(encoded(Image.fromarray(HALF * 255).resize((2000, 1500), 0)))
    assert mask.fitted((1280, 960)).box == (640, 0, 1280, 960)
    assert mask.fitted((1281, 961)).size == (1281, 961) and mask.fitted(mask.size) is mask
    with pytest.raises(EditError, match="2000x1500 pixels, its picture 960x1280"):
        mask.fitted((960, 1280))


def test_transparency_says_what_a_cutout_shows() -> None:
    cutout = Image.new("RGBA", (64, 32), "orange")
    cutout.putalpha(Image.fromarray(HALF * 255))
    found = read_cutout(encoded(cutout))[1]
    assert found is not None and np.array_equal(found.values, HALF.astype(np.float32))
    for whole in (
        Image.new("RGB", (64, 32)),
        Image.new("RGBA", (64, 32), "red"),
        Image.new("RGBA", (64, 32), "#ff000000"),
    ):
        assert read_cutout(encoded(whole))[1] is None
    opaque = Image.merge("RGBA", [Image.fromarray(HALF * 200 + 40)] * 3 + [Image.new("L", (64, 32), 255)])
    assert read_cutout(encoded(opaque))[1] is None
