"""The canvas: draws layers of outlined, shaded shapes, several times as large as wanted, and numbers their pixels.

Knows nothing about animals, things or backgrounds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from refedit.picturebook.world.colours import Paint, byte
from refedit.picturebook.world.paints import DUSK, DrawingStyle, SubjectPaints
from refedit.picturebook.world.shapes import Outline, grown


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Shapes that are outlined and filled together, so that no line runs between them.

    `role` says the fill: "coat" (the subject's paint and pattern), "light", "deep" or "pale" (tones of the paint),
    or a key of PAINTS. `outline` is the line's width in usual widths, 0 for none; `shade` the strength of the shading.
    """

    shapes: tuple[Outline, ...]
    role: str
    part: str = "body"
    outline: float = 1.0
    shade: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Stroke:
    """An open line with round ends; its width is in usual outline widths."""

    points: Outline
    role: str = "ink"
    width: float = 1.0


Layers = tuple[Layer | Stroke, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a figure stands: local (0, 1) lies on (x, y), and local 1 is `size` long (fractions of the picture)."""

    x: float
    y: float
    size: float
    mirror: bool

    def on(self, points: Outline, pixels: int) -> Outline:
        """Local points in pixels of a picture so wide."""
        sign = -1.0 if self.mirror else 1.0
        return (points * (sign * self.size, self.size) + (self.x, self.y - self.size)) * pixels


class Canvas:
    """A picture under way, `pixels` wide and high, and a plane with the number of the part that each pixel shows."""

    def __init__(self, pixels: int, style: DrawingStyle) -> None:
        self.pixels = pixels
        self.style = style
        self.picture = Image.new("RGB", (pixels, pixels))
        self.parts = Image.new("L", (pixels, pixels))
        self.pen = ImageDraw.Draw(self.picture)
        self.part_pen = ImageDraw.Draw(self.parts)

    @property
    def line(self) -> float:
        return self.style.line * self.pixels

    def polygon(self, outline: Outline, paint: Paint) -> None:
        """A flat shape without outline, in fractions of the picture; it counts as background."""
        self.pen.polygon(_flat(outline * self.pixels), fill=byte(paint))

    def darken(self, x: float, y: float, rx: float, ry: float, strength: float) -> None:
        """A soft elliptical shadow (fractions of the picture)."""
        wide, high = max(2, round(2 * rx * self.pixels)), max(2, round(2 * ry * self.pixels))
        soft = _SPOT.resize((wide, high), Image.Resampling.BILINEAR).point(lambda value: round(value * strength))
        self.picture.paste(byte(DUSK), (round(x * self.pixels) - wide // 2, round(y * self.pixels) - high // 2), soft)

    def figure(self, layers: Layers, place: Place, paints: SubjectPaints, numbers: Mapping[str, int]) -> None:
        """Draws layers in order; `numbers` are those of the parts."""
        for layer in layers:
            match layer:
                case Stroke():
                    self._stroke(layer, place, paints)
                case Layer():
                    self._layer(layer, place, paints, numbers[layer.part])

    def _stroke(self, stroke: Stroke, place: Place, paints: SubjectPaints) -> None:
        points = place.on(stroke.points, self.pixels)
        width = stroke.width * min(max(self.style.line, 0.007), 0.010) * self.pixels
        paint = byte(paints.tone(stroke.role))
        self.pen.line(_flat(points), fill=paint, width=round(width), joint="curve")
        for x, y in (points[0], points[-1]):
            self.pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=paint)

    def _layer(self, layer: Layer, place: Place, paints: SubjectPaints, number: int) -> None:
        shapes = [place.on(shape, self.pixels) for shape in layer.shapes]
        half = layer.outline * self.line / 2
        outer = [grown(shape, half) if half else shape for shape in shapes]
        for shape in outer:
            self.part_pen.polygon(_flat(shape), fill=number)
            if half:
                self.pen.polygon(_flat(shape), fill=byte(paints.tone("outline")))
        inner = [grown(shape, -half) if half else shape for shape in shapes]
        if layer.shade == 0 and layer.role != "coat":
            for shape in inner:
                self.pen.polygon(_flat(shape), fill=byte(paints.tone(layer.role)))
        else:
            self._filled(inner, layer, paints)

    def _filled(self, shapes: list[Outline], layer: Layer, paints: SubjectPaints) -> None:
        every = np.concatenate(shapes)
        left, top = np.floor(every.min(axis=0)).astype(int).tolist()
        right, bottom = (np.ceil(every.max(axis=0)).astype(int) + 1).tolist()
        mask = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(mask)
        for shape in shapes:
            pen.polygon(_flat(shape - (left, top)), fill=255)
        bright, dark = paints.pieces(layer.role, (left, top, right, bottom), layer.shade * self.style.shading)
        piece = Image.composite(bright, dark, _light(mask)) if self.style.shading and layer.shade else bright
        self.picture.paste(piece, (left, top), mask)


def _light(mask: Image.Image) -> Image.Image:
    """How much light falls on a shape: full at its top left, little along its lower right rim."""
    small = mask.resize((max(4, mask.width // 6), max(4, mask.height // 6)), Image.Resampling.BILINEAR)
    reach = max(1, round(0.13 * min(small.size)))
    room = Image.new("L", (small.width + 2 * reach, small.height + 2 * reach))
    room.paste(small, (reach, reach))
    soft = room.filter(ImageFilter.BoxBlur(reach)).filter(ImageFilter.BoxBlur(reach))
    shift = round(0.75 * reach)
    moved = soft.crop((reach + shift, reach + shift, reach + shift + small.width, reach + shift + small.height))
    tilt = _TILT.resize(small.size)
    return Image.blend(moved, tilt, 0.45).resize(mask.size, Image.Resampling.BILINEAR)


def _flat(outline: Outline) -> list[float]:
    return outline.ravel().tolist()


def _spot(size: int) -> Image.Image:
    axis = np.linspace(-1, 1, size)
    radius = np.hypot(axis[:, None], axis[None, :])
    return Image.fromarray((255 * np.clip(1.15 - 1.15 * radius, 0, 1) ** 0.8 * (radius < 1)).astype(np.uint8), "L")


def _tilt(size: int) -> Image.Image:
    axis = np.linspace(0, 1, size)
    return Image.fromarray((255 * (1 - 0.3 * axis[None, :] - 0.7 * axis[:, None])).astype(np.uint8), "L")


_SPOT = _spot(48)
_TILT = _tilt(32)
