"""How near pictures are to each other, and how much of a reference's background shows: pure functions of pixels.

Pictures are RGB and of equal size; `where` tells which of their pixels count.
"""

import math

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from refedit.errors import EditError

Where = Bool[np.ndarray, "height width"]

CAP = 88.0
"""PSNR in dB of equal pictures: more is not told apart."""
STUDIO_HUES = (290.0, 320.0)
"""Degrees; only the background of references has them, and 0.25 % of all other pixels."""
STUDIO_CHROMA = (0.08, 0.35)
"""Largest less smallest channel, of 1: below that a hue means nothing, and the studio has 0.11 to 0.2."""
STUDIO_LIGHT = 0.65
"""Largest channel at least, of 1: darker pixels are badly drawn purple things."""


def psnr(made: Image.Image, true: Image.Image, where: Where) -> float | None:
    """Peak signal-to-noise ratio in dB, CAP at most; None if no pixel counts."""
    if not where.any():
        return None
    error = float(((_pixels(made)[where] - _pixels(true)[where]) ** 2).mean())
    return CAP if error == 0 else min(-10 * math.log10(error), CAP)


def ssim(made: Image.Image, true: Image.Image, where: Where) -> float | None:
    """Mean structural similarity (Wang et al. 2004, 7x7 windows) around the pixels that count; 1 for equal pictures."""
    if not where.any():
        return None
    return float(_similarity_map(_pixels(made), _pixels(true))[where].mean())


def _similarity_map(made: np.ndarray, true: np.ndarray) -> Float[np.ndarray, "height width"]:
    try:
        from skimage.metrics import structural_similarity
    except ImportError as error:
        raise missing("scikit-image") from error
    _, plane = structural_similarity(made, true, channel_axis=2, data_range=1.0, full=True)
    return plane.mean(-1)


def missing(package: str) -> EditError:
    """What to say where the benchmark's own requirements are not installed."""
    return EditError(
        f"The benchmark needs {package}, which is not installed. Run: pip install -r refedit/bench/requirements.txt"
    )


def studio(picture: Image.Image) -> Where:
    """The pixels that look like the studio: its hue, as light, and neither greyer nor much more vivid."""
    pixels = _pixels(picture)
    hues, chroma = hue_and_chroma(pixels)
    (low, high), (pale, vivid) = STUDIO_HUES, STUDIO_CHROMA
    return (hues >= low) & (hues <= high) & (chroma > pale) & (chroma < vivid) & (pixels.max(-1) > STUDIO_LIGHT)


def leak(made: Image.Image, source: Image.Image, true: Image.Image) -> float:
    """The part (0..1) of an edit's pixels that look like the studio, but do so in neither the source nor the truth."""
    return float((studio(made) & ~studio(source) & ~studio(true)).mean())


def hue_and_chroma(
    pixels: Float[np.ndarray, "height width 3"],
) -> tuple[Float[np.ndarray, "height width"], Float[np.ndarray, "height width"]]:
    """The HSV hue in degrees (0 for greys), and the largest less the smallest channel."""
    red, green, blue = np.moveaxis(pixels, -1, 0)
    chroma = pixels.max(-1) - pixels.min(-1)
    safe = np.where(chroma > 0, chroma, 1)
    turns = np.where(
        pixels.max(-1) == red,
        (green - blue) / safe % 6,
        np.where(pixels.max(-1) == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return 60 * np.where(chroma > 0, turns, 0), chroma


def iou(first: Where, second: Where) -> float | None:
    """Intersection over union of two masks; None if both are empty."""
    either = (first | second).sum()
    return float((first & second).sum() / either) if either else None


def _pixels(picture: Image.Image) -> Float[np.ndarray, "height width 3"]:
    return np.asarray(picture, np.float64) / 255
