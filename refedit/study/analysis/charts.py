"""Figures of a study: intervals one below the other, and preference beside distance."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from refedit.reporting.axes import Axes, span_of
from refedit.reporting.document import COLOURS, legend
from refedit.study.analysis.fits import Estimate
from refedit.study.analysis.measured import Correlation

_ROW = 40
"""Pixels from one label to the next."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A label and its estimates, one for each colour."""

    label: str
    estimates: Sequence[Estimate]


def intervals(caption: str, name: str, bars: Sequence[Bar], nothing: float, across: tuple[float, float]) -> str:
    """Points with their intervals; a line stands at `nothing`, where there is no difference."""
    axes = Axes(across=across, up=(len(bars), 0.0), height=60 + _ROW * len(bars), left=12)
    at, _ = axes.place(nothing, 0)
    bottom = axes.height - axes.bottom
    drawn = [axes.below(name, lines=True), f'<line class="zero" x1="{at:.1f}" x2="{at:.1f}" y1="4" y2="{bottom}"/>']
    for place, bar in enumerate(bars):
        _, top = axes.place(nothing, place)
        drawn.append(f'<text class="label" x="{axes.left}" y="{top + 10:.1f}">{escape(bar.label)}</text>')
        drawn += [_bar(axes, found, top + 19 + 9 * colour, colour) for colour, found in enumerate(bar.estimates)]
    return axes.figure(caption, "".join(drawn))


def _bar(axes: Axes, found: Estimate, y: float, colour: int) -> str:
    x, _ = axes.place(_within(found.value, axes.across), 0)
    dot = f'<circle class="dot c{colour}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
    if found.low is None or found.high is None:
        return dot
    ends = [axes.place(_within(end, axes.across), 0)[0] for end in (found.low, found.high)]
    return f'<line class="line c{colour}" x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>{dot}'


def _within(value: float, span: tuple[float, float]) -> float:
    return min(max(value, span[0]), span[1])


def span_with(estimates: Sequence[Estimate], nothing: float) -> tuple[float, float]:
    """A span that all intervals fit in, and the line of no difference."""
    ends = [end for found in estimates for end in (found.value, found.low, found.high) if end is not None]
    return span_of([*ends, nothing])


def beside(caption: str, found: Correlation) -> str:
    """How often the first arm was chosen on a case, over how much nearer to the truth it is there."""
    axes = Axes(across=span_of([0.0, *(point.nearer for point in found.points)]), up=(-0.05, 1.05))
    pairs = list(dict.fromkeys(point.pair for point in found.points))
    dots = []
    for point in found.points:
        x, y = axes.place(point.nearer, point.share)
        told = f"{point.case}, {' over '.join(point.pair)}: {100 * point.share:.0f} % of {point.votes}"
        colour = pairs.index(point.pair) % COLOURS
        dots.append(
            f'<circle class="dot c{colour}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{escape(told)}</title></circle>'
        )
    lines = axes.both("nearer to the truth, by distance", "share of the first arm")
    named = legend([" over ".join(pair) for pair in pairs])
    return axes.figure(caption, lines + _cross(axes, 0.0, 0.5) + "".join(dots), named)


def _cross(axes: Axes, x: float, y: float) -> str:
    """Lines through where there is no difference."""
    (left, bottom), (right, top) = axes.place(axes.across[0], axes.up[0]), axes.place(axes.across[1], axes.up[1])
    at, level = axes.place(x, y)
    return (
        f'<line class="zero" x1="{at:.1f}" x2="{at:.1f}" y1="{top:.1f}" y2="{bottom:.1f}"/>'
        f'<line class="zero" x1="{left:.1f}" x2="{right:.1f}" y1="{level:.1f}" y2="{level:.1f}"/>'
    )
