"""A report as one page that needs nothing else: its tables, as HTML and as Markdown, and its pictures as text."""

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape

from PIL import Image

COLOURS = 5
"""How many colours the page has, `c0` to `c4`; further lines and groups begin anew."""
STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; --c0: #2563c9; --c1: #c2410c; --c2: #15803d;
  --c3: #9333ea; --c4: #0e7490; --holds: #15803d; --fails: #b91c1c; --open: #6b7280 }
@media (prefers-color-scheme: dark) { :root { --c0: #7fb0ff; --c1: #ffa06b; --c2: #6fd68c; --c3: #cf9bff; --c4: #5fd0e6;
  --holds: #6fd68c; --fails: #ff8a80; --open: #a3aab5 } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums } .wide { overflow-x: auto }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: left; vertical-align: top }
.holds { color: var(--holds) } .fails { color: var(--fails) } .open { color: var(--open) }
figure { display: inline-block; margin: .5rem 1rem .5rem 0; max-width: 30rem; width: 100% }
figcaption { font-weight: 600 } svg { width: 100% } svg text { fill: currentColor; font-size: 11px }
.grid { stroke: var(--soft) } .line { fill: none; stroke-width: 2 } .band { opacity: .18; stroke: none }
.legend { margin: 0 } .legend span { margin-right: 1rem; white-space: nowrap; font-size: .85rem }
.key { display: inline-block; width: .8em; height: .8em; margin-right: .3em; border-radius: 2px }
.strip { display: flex; flex-wrap: wrap; gap: .5rem } .strip div { width: 8rem; font-size: .8rem }
.strip img { width: 8rem; height: 8rem; display: block }
""" + "".join(
    f".line.c{i} {{ stroke: var(--c{i}) }} .band.c{i}, .dot.c{i} {{ fill: var(--c{i}) }}"
    f" .key.c{i} {{ background: var(--c{i}) }}\n"
    for i in range(COLOURS)
)


def document(title: str, parts: Iterable[str], style: str = "") -> str:
    """The whole page of parts in HTML; `style` comes after the common one."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}{style}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are text, not HTML."""
    return html_table(columns, [[escape(part) for part in row] for row in rows])


def html_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells in HTML; the columns' names are text."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{part}</td>" for part in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def legend(labels: Sequence[str], colours: Sequence[int] | None = None) -> str:
    """What each colour is."""
    keys = colours or range(len(labels))
    spans = [
        f'<span><i class="key c{colour % COLOURS}"></i>{escape(label)}</span>'
        for colour, label in zip(keys, labels, strict=True)
    ]
    return f'<p class="legend">{" ".join(spans)}</p>'


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (columns, ["---"] * len(columns), *rows))


def data_uri(picture: Image.Image, side: int) -> str:
    """A picture as WebP, `side` pixels at most."""
    small, file = picture.copy(), io.BytesIO()
    small.thumbnail((side, side))
    small.save(file, "WEBP", quality=88)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")
