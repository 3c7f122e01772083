"""Pictures: reading them safely, turning them into tensors and back, writing results with their story."""

import io
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageCms, ImageOps, ImageStat, PngImagePlugin, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

from refedit.errors import EditError
from refedit.imaging.masks import Mask, has_transparency

MEGAPIXELS = 40
"""Pictures above this many million pixels are refused before they are decoded."""
SMALLEST = 16
LABELS = 32
"""Levels of a mask below this one are labels."""
FORMATS = ("PNG", "JPEG", "WEBP")


def read_picture(source: str | Path | bytes) -> Image.Image:
    """An RGB picture from a file or its bytes, turned upright, transparency laid on white, without metadata.

    Reads PNG, JPEG and WebP, the first frame of an animation. Raises EditError for anything else, for a
    damaged file, and for a picture above 40 megapixels or below 16 pixels a side.
    """
    return _upright_rgb(_open(source, "picture"))


def read_mask(source: str | Path | bytes) -> Mask:
    """A mask from a file or its bytes, as `Mask.from_image` reads it; the same errors as `read_picture`.

    If no level reaches a half on black, the file has a habit of its own: below `LABELS` all but 0 is inside (levels 0
    and 1, or labels), else levels count by the largest one (a colour on black).
    """
    image = _upright(_open(source, "mask"))
    if image.mode.startswith("I") and np.asarray(image).max() < 256:
        image = Image.fromarray(np.asarray(image).astype(np.uint8))
    mask = Mask.from_image(_eight_bit(image))
    largest = float(mask.values.max())
    if not mask.is_empty or largest == 0 or mask.values.min() > 0 or has_transparency(image):
        return mask
    inside = mask.values > 0 if largest * 255 < LABELS else mask.values / largest
    return Mask(inside.astype(np.float32))


def read_cutout(source: str | Path | bytes) -> tuple[Image.Image, Mask | None]:
    """A picture as `read_picture` reads it, and what its own transparency leaves of it, of its size; the same errors.

    The mask is None for a picture without transparency, or of which it leaves nothing.
    """
    image = _open(source, "picture")
    return _upright_rgb(image), _cutout(_upright(image)) if has_transparency(image) else None


def _cutout(image: Image.Image) -> Mask | None:
    mask = Mask(np.asarray(image.convert("RGBA").getchannel("A"), np.float32) / 255)
    return None if mask.is_empty or mask.invert().is_empty else mask


def read_channels(source: str | Path | bytes) -> Image.Image:
    """The red, green and blue channels as they are stored, not turned and without their transparency.

    That is how SpecRef's code reads pictures and cut-outs; the same errors as `read_picture`.
    """
    image = _open(source, "picture")
    return Image.merge("RGB", image.convert("RGBA").split()[:3])


def _open(source: str | Path | bytes, what: str) -> Image.Image:
    name = "the upload" if isinstance(source, bytes) else f"'{Path(source).name}'"
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file, formats=FORMATS)
        check_size(image.size, name)
        image.load()
    except FileNotFoundError:
        raise EditError(f"There is no file {name}. Check the path.") from None
    except Image.DecompressionBombError:
        raise EditError(f"{name} is above {MEGAPIXELS} megapixels. Use a smaller {what}.") from None
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise EditError(f"{name} is not a readable PNG, JPEG or WebP {what}. Save it as one of these.") from None
    return image


def read_text(source: str | Path | bytes) -> dict[str, str]:
    """The text that a PNG carries, by its keys; nothing for other pictures; the same errors as `read_picture`."""
    return dict(getattr(_open(source, "picture"), "text", {}))


def check_size(size: tuple[int, int], name: str = "the picture") -> None:
    """Raises EditError if (width, height) is too large or too small to work with."""
    if size[0] * size[1] > MEGAPIXELS * 1_000_000:
        raise EditError(
            f"{name} has {size[0] * size[1] / 1e6:.0f} megapixels; the limit is {MEGAPIXELS}. Use a smaller picture."
        )
    if min(size) < SMALLEST:
        raise EditError(f"{name} is {size[0]}x{size[1]} pixels; at least {SMALLEST} a side are needed.")


def _upright_rgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    image = _eight_bit(_upright(image))
    if has_transparency(image):
        rgba = image if image.mode == "RGBA" else image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    image = _in_srgb(image, profile)
    return _bare(image if image.mode == "RGB" else image.convert("RGB"))


def _bare(image: Image.Image) -> Image.Image:
    """The pixels alone; a copy only of a picture that still is its file, since large ones take much memory."""
    bare = image if type(image) is Image.Image else image.copy()
    bare.info = {}
    return bare


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, struct.error):
        return image  # damaged EXIF data says nothing


def _eight_bit(image: Image.Image) -> Image.Image:
    """Pillow clips 16-bit greys to 255 instead of scaling them."""
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray((np.asarray(image, np.uint32) >> 8).clip(0, 255).astype(np.uint8))


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The colours that the profile means, as browsers show them; telephones write Display P3, printers CMYK."""
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = "CMYK" if image.mode == "CMYK" else "RGB"
        if meant.profile.xcolor_space.strip() != space:
            return image
        shown = ImageCms.buildTransform(meant, ImageCms.createProfile("sRGB"), space, "RGB")
        return ImageCms.applyTransform(image.convert(space), shown) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # a damaged profile says nothing


def write_picture(image: Image.Image, path: str | Path, parameters: Mapping[str, str]) -> None:
    """Writes a PNG that carries the parameters as text; EditError if the path can't be written."""
    text = PngImagePlugin.PngInfo()
    for name, value in parameters.items():
        text.add_itxt(name, value)
    try:
        image.save(path, format="PNG", pnginfo=text)
    except OSError as error:
        raise EditError(f"'{path}' can't be written: {error.strerror or error}.") from None


def check_png_path(path: Path) -> None:
    """EditError, before any work is done, if a PNG cannot be written there or would have another format's name."""
    if not path.absolute().parent.is_dir():
        raise EditError(f"There is no folder '{path.parent}' to write to. Make it first.")
    if path.suffix.lower() != ".png":
        raise EditError(f"'{path}' would be a PNG with another name. Let it end in .png.")


def png(image: Image.Image) -> bytes:
    """The picture as a PNG file without any text."""
    file = io.BytesIO()
    image.save(file, format="PNG")
    return file.getvalue()


def mean_colour(image: Image.Image) -> tuple[int, ...]:
    """The mean level of every channel of an RGB picture."""
    return tuple(round(level) for level in ImageStat.Stat(image).mean)


def on_plain_ground(image: Image.Image, subject: Mask, colour: tuple[int, ...]) -> Image.Image:
    """A picture whose pixels that are less than half inside the mask have one colour: what was there is gone."""
    inside = Image.fromarray((subject.values >= 0.5).astype(np.uint8) * 255, "L")
    return Image.composite(image, Image.new("RGB", image.size, colour), inside)


def to_tensor(image: Image.Image) -> Float[Tensor, "1 3 height width"]:
    """An RGB picture as floats in [-1, 1]."""
    return torch.from_numpy(np.asarray(image, np.float32) / 127.5 - 1).permute(2, 0, 1)[None]


def to_image(picture: Float[Tensor, "3 height width"]) -> Image.Image:
    """A picture in [-1, 1] as 8-bit RGB."""
    levels = ((picture.float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return Image.fromarray(levels.permute(1, 2, 0).numpy())


def stretch(image: Image.Image, size: int) -> Image.Image:
    """The picture stretched to a square by nearest neighbour, as SpecRef's code reads pictures."""
    pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None].float()
    return to_image(functional.interpolate(pixels, (size, size))[0] / 127.5 - 1)
