"""A picture with the mask that was painted on it, and how a canvas in the browser carries both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from refedit.errors import EditError
from refedit.imaging.images import FORMATS, read_cutout
from refedit.imaging.masks import Mask

BRUSH = "#e815b8"
OPACITY = 0.6
"""The opacity of a stroke; an alpha that reaches it is fully inside the mask."""

Canvas = dict[str, Any]
"""What a canvas holds: the file of its background, None while it is empty, and the files of its layers."""


@dataclass(frozen=True, kw_only=True)
class PictureWithMask:
    """A picture and its mask; the mask is None if nothing is inside.

    `cutout` is what the picture's own transparency leaves of it, None if it has none.
    """

    picture: Image.Image
    mask: Mask | None = None
    cutout: Mask | None = None


def read_canvas(canvas: Canvas | None, name: str) -> PictureWithMask | None:
    """The picture and the mask of a canvas, None if it is empty; `name` is what the page calls the picture.

    The mask is the union of the alphas of all layers. Raises EditError for a file that cannot be read, or a mask that
    is not of the picture's size.
    """
    if not canvas or canvas.get("background") is None:
        return None
    picture, cutout = read_cutout(canvas["background"])
    return PictureWithMask(
        picture=picture,
        mask=_painted(canvas.get("layers") or [], picture.size, name),
        cutout=cutout,
    )


def missing(name: str) -> EditError:
    """The error where a picture is needed and its canvas is empty."""
    return EditError(f"There is no {name} picture. Upload one, or click an example.")


def _painted(layers: Sequence[str], size: tuple[int, int], name: str) -> Mask | None:
    masks = [_alpha(layer, size, name) for layer in layers]
    mask = Mask.union(masks) if masks else None
    # An erased stroke leaves a faint rim, which is nothing painted.
    return None if mask is None or mask.is_empty else mask


def _alpha(layer: str, size: tuple[int, int], name: str) -> Mask:
    try:
        with Image.open(layer, formats=FORMATS) as image:
            if image.size != size:  # known before anything is decoded
                raise EditError(
                    f"The mask of the {name} is {image.width}x{image.height} pixels, its picture {size[0]}x{size[1]}. "
                    "Use a mask of the picture's size."
                )
            alpha = np.asarray(image.convert("RGBA").getchannel("A"))
    except (UnidentifiedImageError, OSError):
        raise EditError(f"The mask of the {name} cannot be read. Clear it and paint it again.") from None
    return paintable(Mask(np.minimum(alpha / np.float32(255 * OPACITY), 1)))


def paintable(mask: Mask) -> Mask:
    """The mask in the levels that a layer of the brush's opacity can carry, so that it comes back as it went.

    They are levels of an 8-bit picture too, so that a mask file keeps them as well.
    """
    layer = np.round(mask.values * (255 * OPACITY))
    return Mask(np.round(layer / OPACITY).astype(np.float32) / 255)


def to_canvas(shown: PictureWithMask) -> Canvas:
    """The value of a canvas that shows a picture with its mask painted on it."""
    layers = [] if shown.mask is None else [_stroke(shown.mask)]
    # With a composite the editor would take that for the background.
    return {"background": shown.picture, "layers": layers, "composite": None}


def _stroke(mask: Mask) -> Image.Image:
    layer = Image.new("RGBA", mask.size, BRUSH)
    layer.putalpha(mask.to_image().point([round(level * OPACITY) for level in range(256)]))
    return layer
