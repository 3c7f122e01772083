"""The axes of a chart as inline SVG; its colours come from the page."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

Span = tuple[float, float]


def ticks(span: Span, count: int = 4) -> list[float]:
    """Round numbers within a span, about `count` of them."""
    rough = (span[1] - span[0]) / count
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first = math.ceil(span[0] / step - 1e-9)
    return [i * step for i in range(first, math.floor(span[1] / step + 1e-9) + 1)]


def span_of(values: Sequence[float]) -> Span:
    """From the least to the greatest, with a little room."""
    low, high = min(values), max(values)
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What numbers a chart shows across and up, and its size in pixels; `left` is the room for what stands there."""

    across: Span
    up: Span
    width: int = 460
    height: int = 280
    left: int = 58
    right: int = 12
    top: int = 14
    bottom: int = 46

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where numbers lie, in pixels."""
        right = (x - self.across[0]) / (self.across[1] - self.across[0])
        above = (y - self.up[0]) / (self.up[1] - self.up[0])
        return (
            self.left + right * (self.width - self.left - self.right),
            self.height - self.bottom - above * (self.height - self.top - self.bottom),
        )

    def figure(self, caption: str, inside: str, below: str = "") -> str:
        """A figure around what is drawn; `caption` is text, the others HTML."""
        return (
            f'<figure><figcaption>{escape(caption)}</figcaption><svg viewBox="0 0 {self.width} {self.height}" '
            f'role="img" aria-label="{escape(caption)}">{inside}</svg>{below}</figure>'
        )

    def both(self, x: str, y: str) -> str:
        """Grid, numbers and names of both axes."""
        parts = []
        for value in ticks(self.up):
            _, at = self.place(self.across[0], value)
            parts.append(
                f'<line class="grid" x1="{self.left}" x2="{self.width - self.right}" y1="{at:.1f}" y2="{at:.1f}"/>'
            )
            parts.append(f'<text x="{self.left - 6}" y="{at + 4:.1f}" text-anchor="end">{value:.6g}</text>')
        turned = f'transform="rotate(-90)" x="{-(self.height - self.bottom + self.top) / 2:.0f}" y="12"'
        return "".join(parts) + self.below(x) + f'<text {turned} text-anchor="middle">{escape(y)}</text>'

    def below(self, name: str, lines: bool = False) -> str:
        """The numbers and the name of the axis across, and with `lines` its grid."""
        parts = []
        for value in ticks(self.across):
            at, bottom = self.place(value, self.up[0])
            if lines:
                parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{self.top}" y2="{bottom:.1f}"/>')
            parts.append(
                f'<text x="{at:.1f}" y="{self.height - self.bottom + 16}" text-anchor="middle">{value:.6g}</text>'
            )
        middle = (self.left + self.width - self.right) / 2
        return "".join(parts) + f'<text x="{middle}" y="{self.height - 8}" text-anchor="middle">{escape(name)}</text>'
