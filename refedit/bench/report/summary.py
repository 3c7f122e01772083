"""Results as Markdown: what was measured on, verdicts, comparison."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from refedit.bench.report.labels import LABELS, cases_text, cell, label
from refedit.bench.results import Results

HEADLINE: Mapping[str, tuple[str, ...]] = {
    "reference": ("right colour pattern", "distance", "inside", "outside", "leak", "rows", "seconds"),
    "pose": ("changed right", "identity kept", "distance", "inside", "outside", "rows", "seconds"),
    "rigid": ("changed right", "right kind pose", "distance", "whole", "outside", "rows", "seconds"),
}
"""The columns of each kind's table; the JSON has more."""

TITLES: Mapping[str, str] = {
    "reference": "Replace by a reference",
    "pose": "New pose or expression",
    "rigid": "New colour, background or style",
}

NOTE = (
    "Intervals are 95 % intervals of the mean over cases, by bootstrap; for shares Wilson's. "
    "In the comparison, readings inside and distances are of the result as pasted into the painted region, readings "
    "outside of the edit before that; claims are judged on edits that are not pasted. "
    "SpecRef and the prompt-to-prompt methods keep what is outside the painted region by blending, BARET, MasaCtrl and "
    "plain DDIM do not. "
    "The presets were chosen on development cases, which share nothing with the test cases."
)


def summary(results: Results) -> str:
    """The whole summary."""
    parts = ["# How well the methods edit, where the true edit is known\n"]
    if results.claims is not None:
        parts += [f"## Claims\n\n{about(results.claims)}\n", verdict_table(results.claims["claims"]) + "\n"]
    if results.comparison is not None:
        cases = f"{results.comparison['cases']} cases of each kind."
        parts += [
            f"## Comparison\n\n{about(results.comparison)} {cases}\n",
            comparison_tables(results.comparison) + "\n",
        ]
    return "\n".join([*parts, NOTE, ""])


def about(found: Mapping[str, Any]) -> str:
    """Model, weights, code and hardware in a sentence each."""
    on = found["about"]
    reader = "" if on["reader"] else " It has no reader, so nothing is read off pictures."
    return (
        f"Model {on['model']}, {on['pixels']} px, weights {on['weights']}.{reader} Code: RefEdit {on['code']}. "
        f"Hardware: {on['device']}, {on['name']}, {on['cores']} cores, {_threads(on['threads'])}, torch {on['torch']}. "
        f"Set: {found['set']}."
    )


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def verdict_table(claims: Sequence[Mapping[str, Any]]) -> str:
    """A row for each claim with its verdict and the first finding that decides."""
    rows = ["| claim | verdict | it rests on |", "|---|---|---|"]
    rows += [
        f"| {claim['name']}: {claim['statement']} | **{claim['verdict']}** | {rests_on(claim)} |" for claim in claims
    ]
    return "\n".join(rows)


def rests_on(claim: Mapping[str, Any]) -> str:
    """Its reason, the finding that decides most, and the number of cases of that."""
    found = deciding(claim)
    told = [f"{found['what']}: {cell(found['interval'])}, {found['interval']['cases']} cases"] if found else []
    return "; ".join(filter(None, (claim["reason"], *told)))


def deciding(claim: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The finding that the verdict follows from: the first of that word, else the first that decides or is told."""
    findings: list[Mapping[str, Any]] = claim["findings"]
    same = [finding for finding in findings if finding["word"] == claim["verdict"]]
    return next(iter(same or [finding for finding in findings if finding["word"]] or findings), None)


def comparison_tables(found: Mapping[str, Any], shown: Mapping[str, Sequence[str]] = HEADLINE) -> str:
    """A table for each kind of case, with the readings that are to be shown as columns."""
    return "\n\n".join(f"### {TITLES[kind]}\n\n" + "\n".join(_table(found, kind, shown[kind])) for kind in shown)


def _table(found: Mapping[str, Any], kind: str, readings: Sequence[str]) -> Iterator[str]:
    columns, rows = table(found, kind, readings)
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    yield from (f"| {' | '.join(row)} |" for row in rows)


def table(
    found: Mapping[str, Any], kind: str, readings: Sequence[str] | None = None
) -> tuple[list[str], list[list[str]]]:
    """The column names and the rows, a method each, of a kind's table."""
    cells: dict[str, dict[str, str]] = {}
    counts: dict[str, set[int]] = {}
    for row in found["rows"]:
        if row["kind"] == kind:
            cells.setdefault(row["method"], {})[row["reading"]] = cell(row, LABELS.get(row["reading"], ("", ""))[1])
            if row["mean"] is not None:
                counts.setdefault(row["reading"], set()).add(row["cases"])
    chosen = readings or HEADLINE[kind]
    heads = [label(name) + _fewer(counts.get(name, set()), found["cases"]) for name in chosen]
    return ["method", *heads], [[who, *(has.get(name, "-") for name in chosen)] for who, has in cells.items()]


def _fewer(counts: Set[int], cases: int) -> str:
    """What a column's head says if it rests on other cases than all: a picture without such pixels has no reading."""
    return "" if counts <= {cases} else f", {cases_text(counts)}"
