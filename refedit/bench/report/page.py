"""The report as one page that needs nothing else: tables, curves and strips of pictures."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from refedit.bench.experiment.cases import CaseKind
from refedit.bench.report.chart import chart
from refedit.bench.report.strips import Strip, data_uri
from refedit.bench.report.summary import HEADLINE, about, facts_of, findings_table, rests_on, sentences, table
from refedit.bench.report.wording import LABELS, NOTE, TERMS, TITLES, cell
from refedit.bench.suites.results import Results

_STYLE = """
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
    for i in range(5)
)


def page(results: Results, strips: Sequence[Strip]) -> str:
    """The whole page. Without strips it says that no pictures were made."""
    parts = ["<h1>How well the methods edit, where the true edit is known</h1>", f"<p>{escape(NOTE)}</p>", _terms()]
    if results.claims is not None:
        parts += ["<h2>Claims</h2>", f"<p>{escape(about(results.claims))}</p>", *_claims(results.claims["claims"])]
    if results.comparison is not None:
        parts += [
            "<h2>Comparison</h2>",
            f"<p>{escape(about(results.comparison))}</p>",
            "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences(results.comparison)),
            *_comparison(results.comparison),
        ]
        parts += [
            "<h2>Pictures</h2>",
            *(_strips(strips) if strips else ["<p>No pictures were made for this page.</p>"]),
        ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>RefEdit: benchmark</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _terms() -> str:
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>" for term, meaning in TERMS)
    return f"<details><summary>What the words mean</summary><dl>{terms}</dl></details>"


def _claims(claims: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        [f"{claim['name']}: {escape(claim['statement'])}", _verdict(claim), escape(rests_on(claim))] for claim in claims
    ]
    yield _table(["claim", "verdict", "it rests on"], rows)
    yield from (_claim(claim) for claim in claims)


def _verdict(claim: Mapping[str, Any]) -> str:
    look = claim["verdict"] if claim["verdict"] in ("holds", "fails") else "open"
    return f'<strong class="{look}">{claim["verdict"]}</strong>'


def _claim(claim: Mapping[str, Any]) -> str:
    facts = "".join(f"<p>{name}: {escape(text)}</p>" for name, text in facts_of(claim))
    columns, rows = findings_table(claim)
    findings = _plain_table(columns, rows) if rows else ""
    curves = "".join(map(chart, claim["curves"]))
    head = f"{claim['name']}: {escape(claim['statement'])} {_verdict(claim)}"
    return f"<details><summary>{head}</summary>{facts}{findings}{curves}</details>"


def _comparison(comparison: Mapping[str, Any]) -> Iterator[str]:
    for kind in HEADLINE:
        (columns, rows), title = table(comparison, kind), escape(TITLES[kind])
        yield f"<h3>{title}: {comparison['cases']} cases</h3>"
        yield _plain_table(columns, rows)
        every = list(dict.fromkeys(row["reading"] for row in comparison["rows"] if row["kind"] == kind))
        columns, rows = table(comparison, kind, every)
        shown = _plain_table(columns, rows)
        yield f"<details><summary>All readings: {title}</summary>{shown}</details>"
        yield f"<details><summary>Paired differences: {title}</summary>{_differences(comparison, kind)}</details>"


def _differences(comparison: Mapping[str, Any], kind: CaseKind) -> str:
    rows = []
    for row in comparison["differences"]:
        if row["kind"] == kind:
            name, unit = LABELS[row["reading"]]
            rows.append(
                [escape(f"{row['own']} less {row['method']}"), escape(name), cell(row, unit), str(row["cases"])]
            )
    return _table(["methods", "reading", "mean and interval", "cases"], rows)


def _strips(strips: Sequence[Strip]) -> Iterator[str]:
    for strip in strips:
        worst = ", among the worst" if strip.worst else ""
        yield f"<h3>{escape(TITLES[strip.kind])}, case {strip.number}{worst}: {escape(strip.prompt)}</h3>"
        shown = (
            f'<div><img src="{data_uri(picture)}" alt="{escape(label)}">{escape(label)}</div>'
            for label, picture in strip.pictures
        )
        yield f'<div class="strip">{"".join(shown)}</div>'


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are text, not HTML."""
    return _table(columns, [[escape(part) for part in row] for row in rows])


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{part}</td>" for part in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
