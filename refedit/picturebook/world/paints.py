"""The paints of a drawing: those that all share, those of one subject, and what a style decides about both."""

from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from refedit.picturebook.world.colours import Paint, byte, mix

INK: Paint = (0.20, 0.14, 0.19)
GLOW: Paint = (1.0, 0.97, 0.88)
DUSK: Paint = (0.16, 0.10, 0.26)
CREAM: Paint = (1.0, 0.95, 0.86)

PAINTS: Mapping[str, Paint] = {
    "ink": INK,
    "eye": (1.0, 1.0, 0.98),
    "pupil": (0.13, 0.10, 0.13),
    "cream": CREAM,
    "nose": (0.27, 0.17, 0.20),
    "rose": (0.95, 0.55, 0.58),
    "tongue": (0.93, 0.45, 0.48),
    "beak": (0.98, 0.70, 0.22),
    "tyre": (0.25, 0.24, 0.28),
    "metal": (0.80, 0.82, 0.86),
    "glass": (0.72, 0.88, 0.95),
    "wood": (0.62, 0.43, 0.29),
    "lamp": (1.0, 0.90, 0.55),
    "mouth": (0.45, 0.14, 0.20),
    "straw": (0.80, 0.66, 0.42),
    "tea": (0.50, 0.30, 0.18),
}


@dataclass(frozen=True, kw_only=True)
class DrawingStyle:
    """What a style decides while drawing.

    `line` is the width of lines as a share of the picture, `ink` how much ink covers the subject's paint in outlines;
    `outline` is another paint for them. `shading` and `shadow` are strengths.
    """

    line: float = 0.010
    ink: float = 0.82
    outline: Paint | None = None
    shading: float = 1.0
    shadow: float = 0.42


class SubjectPaints:
    """The paints of one subject on one canvas: tones by role, and its coat with the pattern, in light and in shade."""

    def __init__(self, paint: Paint, coat: Image.Image, corner: tuple[int, int], style: DrawingStyle) -> None:
        self._paint = paint
        self._corner = corner
        self._style = style
        self._lit = coat
        self._shaded: dict[float, tuple[Image.Image, Image.Image]] = {}

    def tone(self, role: str) -> Paint:
        """The plain paint of a role."""
        match role:
            case "outline":
                return self._style.outline or mix(self._paint, INK, self._style.ink)
            case "ink":
                return mix(self._paint, INK, max(self._style.ink, 0.82))
            case "coat":
                return self._paint
            case "light":
                return mix(self._paint, CREAM, 0.62)
            case "pale":
                return mix(self._paint, CREAM, 0.85)
            case "soft":
                return mix(self._paint, CREAM, 0.45)
            case "deep":
                return mix(self._paint, DUSK, 0.34)
            case "blush":
                return mix(self._paint, PAINTS["rose"], 0.6)
            case "shine":
                return mix(self._paint, GLOW, 0.75)
        return PAINTS[role]

    def pieces(self, role: str, frame: tuple[int, int, int, int], strength: float) -> tuple[Image.Image, Image.Image]:
        """The fill of a frame (left, top, right, bottom; pixels) in full light and in full shade."""
        left, top, right, bottom = frame
        if role != "coat":
            paint = self.tone(role)
            size = (right - left, bottom - top)
            lit, dark = mix(paint, GLOW, 0.22 * strength), mix(paint, DUSK, 0.30 * strength)
            return Image.new("RGB", size, byte(lit)), Image.new("RGB", size, byte(dark))
        if strength not in self._shaded:
            self._shaded[strength] = self._blended(GLOW, 0.20 * strength), self._blended(DUSK, 0.32 * strength)
        x, y = self._corner
        bright, shaded = self._shaded[strength]
        inside = (left - x, top - y, right - x, bottom - y)
        return bright.crop(inside), shaded.crop(inside)

    def _blended(self, paint: Paint, share: float) -> Image.Image:
        return Image.blend(self._lit, Image.new("RGB", self._lit.size, byte(paint)), share)
