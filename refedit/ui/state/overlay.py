"""What the click tool shows: a picture with its mask laid over it and the clicks marked."""

from PIL import Image, ImageDraw

from refedit.segment.segmenter import Click
from refedit.ui.state.mask_document import Board
from refedit.ui.view.mask_editor import BRUSH, OPACITY

SIDE = 768
"""The longest side of what is shown: small enough to be sent quickly, large enough for clear marks."""
MARK = 12
INSIDE, OUTSIDE = "#0a7d4f", "#b3261e"


def overlay(board: Board) -> Image.Image:
    """The board as a picture of `SIDE` pixels; `place` turns its pixels into those of the board's picture."""
    size = _shown_size(board)
    shown = board.picture.resize(size, Image.Resampling.LANCZOS)
    if (mask := board.mask) is not None:
        tint = mask.to_image().resize(size, Image.Resampling.BILINEAR).point(lambda level: level * OPACITY)
        shown.paste(Image.new("RGB", size, BRUSH), mask=tint)
    for click in board.now.clicks:
        _mark(ImageDraw.Draw(shown), click, size[0] / board.picture.width)
    return shown


def place(board: Board, at: tuple[float, float], inside: bool) -> Click:
    """The click on the board's picture that a click on its overlay means."""
    width, height = _shown_size(board)
    x = min((at[0] + 0.5) * board.picture.width / width, board.picture.width - 0.5)
    y = min((at[1] + 0.5) * board.picture.height / height, board.picture.height - 0.5)
    return Click(x, y, inside=inside)


def _shown_size(board: Board) -> tuple[int, int]:
    scale = SIDE / max(board.picture.size)
    return max(1, round(board.picture.width * scale)), max(1, round(board.picture.height * scale))


def _mark(draw: ImageDraw.ImageDraw, click: Click, scale: float) -> None:
    """A plus or a minus in a disc: told apart by shape, not only by colour."""
    x, y, reach = click.x * scale, click.y * scale, MARK // 2
    colour = INSIDE if click.inside else OUTSIDE
    draw.ellipse((x - MARK, y - MARK, x + MARK, y + MARK), fill=colour, outline="white", width=3)
    draw.line((x - reach, y, x + reach, y), fill="white", width=3)
    if click.inside:
        draw.line((x, y - reach, x, y + reach), fill="white", width=3)
