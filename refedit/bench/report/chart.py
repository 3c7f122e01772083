"""A line chart with bands as inline SVG; its colours come from the page."""

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from refedit.bench.report.wording import cases_text

WIDTH, HEIGHT = 460, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 14, 46
LINES = 5
"""How many lines the page has colours for; further ones begin anew."""

Span = tuple[float, float]


def chart(curve: Mapping[str, Any]) -> str:
    """A curve as `Curve.to_json` gives it; "" if it has no point that is known."""
    lines = [(line["label"], [p for p in line["points"] if p["mean"] is not None]) for line in curve["lines"]]
    points = [point for _, known in lines for point in known]
    if not points:
        return ""
    across = _span([point["x"] for point in points])
    ends = [point[name] for point in points for name in ("mean", "low", "high") if point[name] is not None]
    up = _span(ends)
    drawn = [_line(i % LINES, known, across, up) for i, (_, known) in enumerate(lines) if known]
    counts = cases_text([point["cases"] for point in points])
    legend = [_legend(i % LINES, label) for i, (label, known) in enumerate(lines) if known]
    return (
        f"<figure><figcaption>{escape(curve['title'])} ({counts})</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(curve["title"])}">'
        f"{_axes(curve, across, up)}{''.join(drawn)}</svg><p class=legend>{' '.join(legend)}</p></figure>"
    )


def ticks(span: Span, count: int = 4) -> list[float]:
    """Round numbers within a span, about `count` of them."""
    rough = (span[1] - span[0]) / count
    unit = 10 ** math.floor(math.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    first = math.ceil(span[0] / step - 1e-9)
    return [i * step for i in range(first, math.floor(span[1] / step + 1e-9) + 1)]


def _span(values: Sequence[float]) -> Span:
    low, high = min(values), max(values)
    pad = 0.05 * (high - low) or 0.5
    return low - pad, high + pad


def _place(x: float, y: float, across: Span, up: Span) -> tuple[float, float]:
    right = (x - across[0]) / (across[1] - across[0])
    above = (y - up[0]) / (up[1] - up[0])
    return _LEFT + right * (WIDTH - _LEFT - _RIGHT), HEIGHT - _BOTTOM - above * (HEIGHT - _TOP - _BOTTOM)


def _line(colour: int, points: Sequence[Mapping[str, Any]], across: Span, up: Span) -> str:
    known = [point for point in points if point["low"] is not None and point["high"] is not None]
    band = [(p["x"], p["high"]) for p in known] + [(p["x"], p["low"]) for p in reversed(known)]
    middle = [_place(p["x"], p["mean"], across, up) for p in points]
    dots = "".join(f'<circle class="dot c{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in middle)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in middle)
    area = " ".join(f"{x:.1f},{y:.1f}" for x, y in (_place(*point, across, up) for point in band))
    return f'<polygon class="band c{colour}" points="{area}"/><polyline class="line c{colour}" points="{path}"/>{dots}'


def _axes(curve: Mapping[str, Any], across: Span, up: Span) -> str:
    parts = []
    for value in ticks(up):
        _, y = _place(across[0], value, across, up)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.6g}</text>')
    for value in ticks(across):
        x, _ = _place(value, up[0], across, up)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{value:.6g}</text>')
    middle = (_LEFT + WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(curve["x"])}</text>')
    turned = f'transform="rotate(-90)" x="{-(HEIGHT - _BOTTOM + _TOP) / 2:.0f}" y="12"'
    return "".join(parts) + f'<text {turned} text-anchor="middle">{escape(curve["y"])}</text>'


def _legend(colour: int, label: str) -> str:
    return f'<span><i class="key c{colour}"></i>{escape(label)}</span>'
