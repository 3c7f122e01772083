"""What an autoencoder loses of a picture, given back where an edit left the picture as it was."""

import numpy as np
from jaxtyping import Float
from PIL import Image, ImageFilter

SAME, OTHER = 4.0, 16.0
"""Levels (of 255) up to which a place counts as unchanged, and from which on as changed (our choice)."""
REACH = 1 / 64
"""How far a change reaches, as a part of the picture's side: what is beside it is given back partly."""


def with_detail(edited: Image.Image, redrawn: Image.Image, source: Image.Image) -> Image.Image:
    """An edited picture with what its autoencoder lost of the source, where it shows the same as the source redrawn.

    All are RGB and of one size; `redrawn` is the source after the autoencoder alone. So untouched ground has the
    source's own levels, and a mask's edge in it cannot be seen.
    """
    before, after, true = (np.asarray(image, np.float32) for image in (redrawn, edited, source))
    kept = _unchanged(np.abs(after - before).max(2))[:, :, None]
    return Image.fromarray(np.round(after + kept * (true - before)).clip(0, 255).astype(np.uint8))


def _unchanged(apart: Float[np.ndarray, "height width"]) -> Float[np.ndarray, "height width"]:
    """1 where two pictures show the same, 0 where they don't, in between beside a change."""
    reach = max(1, round(REACH * apart.shape[1]))
    plane = Image.fromarray(apart.clip(0, 255).astype(np.uint8), "L")
    widened = plane.filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.MaxFilter(2 * reach + 1))
    smooth = np.asarray(widened.filter(ImageFilter.GaussianBlur(reach)), np.float32)
    return ((OTHER - smooth) / (OTHER - SAME)).clip(0, 1)
