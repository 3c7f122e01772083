"""A line chart with bands; its colours come from the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from refedit.bench.report.wording import cases_text
from refedit.reporting.axes import Axes, span_of
from refedit.reporting.document import COLOURS, legend


def chart(curve: Mapping[str, Any]) -> str:
    """A curve as `Curve.to_json` gives it; "" if it has no point that is known."""
    lines = [(line["label"], [p for p in line["points"] if p["mean"] is not None]) for line in curve["lines"]]
    known = {place: (label, points) for place, (label, points) in enumerate(lines) if points}
    points = [point for _, some in known.values() for point in some]
    if not points:
        return ""
    ends = [point[name] for point in points for name in ("mean", "low", "high") if point[name] is not None]
    axes = Axes(across=span_of([point["x"] for point in points]), up=span_of(ends))
    drawn = [_line(place % COLOURS, some, axes) for place, (_, some) in known.items()]
    caption = f"{curve['title']} ({cases_text([point['cases'] for point in points])})"
    named = legend([label for label, _ in known.values()], list(known))
    return axes.figure(caption, axes.both(curve["x"], curve["y"]) + "".join(drawn), named)


def _line(colour: int, points: Sequence[Mapping[str, Any]], axes: Axes) -> str:
    known = [point for point in points if point["low"] is not None and point["high"] is not None]
    band = [(p["x"], p["high"]) for p in known] + [(p["x"], p["low"]) for p in reversed(known)]
    middle = [axes.place(p["x"], p["mean"]) for p in points]
    dots = "".join(f'<circle class="dot c{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in middle)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in middle)
    area = " ".join(f"{x:.1f},{y:.1f}" for x, y in (axes.place(*point) for point in band))
    return f'<polygon class="band c{colour}" points="{area}"/><polyline class="line c{colour}" points="{path}"/>{dots}'
