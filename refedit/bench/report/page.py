"""The report as one page that needs nothing else: tables, curves and strips of pictures."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from refedit.bench.experiment.cases import CaseKind
from refedit.bench.report.chart import chart
from refedit.bench.report.strips import SIDE, Strip
from refedit.bench.report.summary import HEADLINE, about, facts_of, findings_table, rests_on, sentences, table
from refedit.bench.report.wording import LABELS, NOTE, TERMS, TITLES, cell
from refedit.bench.suites.results import Results
from refedit.reporting.document import data_uri, document, html_table, plain_table


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
    return document("RefEdit: benchmark", parts)


def _terms() -> str:
    terms = "".join(f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>" for term, meaning in TERMS)
    return f"<details><summary>What the words mean</summary><dl>{terms}</dl></details>"


def _claims(claims: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    rows = [
        [f"{claim['name']}: {escape(claim['statement'])}", _verdict(claim), escape(rests_on(claim))] for claim in claims
    ]
    yield html_table(["claim", "verdict", "it rests on"], rows)
    yield from (_claim(claim) for claim in claims)


def _verdict(claim: Mapping[str, Any]) -> str:
    look = claim["verdict"] if claim["verdict"] in ("holds", "fails") else "open"
    return f'<strong class="{look}">{claim["verdict"]}</strong>'


def _claim(claim: Mapping[str, Any]) -> str:
    facts = "".join(f"<p>{name}: {escape(text)}</p>" for name, text in facts_of(claim))
    columns, rows = findings_table(claim)
    findings = plain_table(columns, rows) if rows else ""
    curves = "".join(map(chart, claim["curves"]))
    head = f"{claim['name']}: {escape(claim['statement'])} {_verdict(claim)}"
    return f"<details><summary>{head}</summary>{facts}{findings}{curves}</details>"


def _comparison(comparison: Mapping[str, Any]) -> Iterator[str]:
    for kind in HEADLINE:
        (columns, rows), title = table(comparison, kind), escape(TITLES[kind])
        yield f"<h3>{title}: {comparison['cases']} cases</h3>"
        yield plain_table(columns, rows)
        every = list(dict.fromkeys(row["reading"] for row in comparison["rows"] if row["kind"] == kind))
        columns, rows = table(comparison, kind, every)
        shown = plain_table(columns, rows)
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
    return html_table(["methods", "reading", "mean and interval", "cases"], rows)


def _strips(strips: Sequence[Strip]) -> Iterator[str]:
    for strip in strips:
        worst = ", among the worst" if strip.worst else ""
        yield f"<h3>{escape(TITLES[strip.kind])}, case {strip.number}{worst}: {escape(strip.prompt)}</h3>"
        shown = (
            f'<div><img src="{data_uri(picture, SIDE)}" alt="{escape(label)}">{escape(label)}</div>'
            for label, picture in strip.pictures
        )
        yield f'<div class="strip">{"".join(shown)}</div>'
