"""What the click tool shows: a picture with its mask laid over it and the clicks marked."""

from PIL import Image, ImageDraw

from refedit.segment.segmenter import Click
from refedit.ui.state.mask_document import MaskDocument
from refedit.ui.state.picture_with_mask import BRUSH, OPACITY

SIDE = 768
"""The longest side of what is shown: small enough to be sent quickly, large enough for clear marks."""
MARK = 12
INSIDE, OUTSIDE = "#0a7d4f", "#b3261e"


def overlay(document: MaskDocument) -> Image.Image:
    """The document as a picture of `SIDE` pixels; `place` turns its pixels into those of the document's picture."""
    size = _shown_size(document)
    shown = document.picture.resize(size, Image.Resampling.LANCZOS)
    if (mask := document.mask) is not None:
        tint = mask.to_image().resize(size, Image.Resampling.BILINEAR).point(lambda level: level * OPACITY)
        shown.paste(Image.new("RGB", size, BRUSH), mask=tint)
    for click in document.now.clicks:
        _mark(ImageDraw.Draw(shown), click, size[0] / document.picture.width)
    return shown


def place(document: MaskDocument, at: tuple[float, float], inside: bool) -> Click:
    """The click on the document's picture that a click on its overlay means."""
    width, height = _shown_size(document)
    x = min((at[0] + 0.5) * document.picture.width / width, document.picture.width - 0.5)
    y = min((at[1] + 0.5) * document.picture.height / height, document.picture.height - 0.5)
    return Click(x, y, inside=inside)


def _shown_size(document: MaskDocument) -> tuple[int, int]:
    scale = SIDE / max(document.picture.size)
    return max(1, round(document.picture.width * scale)), max(1, round(document.picture.height * scale))


def _mark(draw: ImageDraw.ImageDraw, click: Click, scale: float) -> None:
    """A plus or a minus in a disc: they differ in shape, not only in colour."""
    x, y, reach = click.x * scale, click.y * scale, MARK // 2
    colour = INSIDE if click.inside else OUTSIDE
    draw.ellipse((x - MARK, y - MARK, x + MARK, y + MARK), fill=colour, outline="white", width=3)
    draw.line((x - reach, y, x + reach, y), fill="white", width=3)
    if click.inside:
        draw.line((x, y - reach, x, y + reach), fill="white", width=3)
