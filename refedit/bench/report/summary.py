"""Results as Markdown: what was measured on, verdicts, comparison."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from refedit.bench.experiment.cases import CaseKind
from refedit.bench.experiment.readings import readings
from refedit.bench.report.wording import LABELS, NOTE, TERMS, TITLES, cases_text, cell, label
from refedit.bench.suites.compare import OWN
from refedit.bench.suites.results import Results
from refedit.reporting.document import markdown

HEADLINE: Mapping[CaseKind, tuple[str, ...]] = {
    CaseKind.REFERENCE: readings("right colour pattern", "distance", "inside", "outside", "leak", "rows", "seconds"),
    CaseKind.POSE: readings("changed right", "identity kept", "distance", "inside", "outside", "rows", "seconds"),
    CaseKind.RIGID: readings("changed right", "identity kept", "distance", "whole", "outside", "rows", "seconds"),
}
"""The columns of each kind's table; the JSON has more."""
_SAY = {"holds": "hold", "fails": "fail", "not decided": "not decided"}


def summary(results: Results) -> str:
    """The whole summary."""
    parts = ["# How well the methods edit, where the true edit is known\n"]
    if results.claims is not None:
        claims = results.claims["claims"]
        parts += [f"## Claims\n\n{about(results.claims)}\n", verdict_table(claims) + "\n", *map(_claim, claims)]
    if results.comparison is not None:
        cases = f"{results.comparison['cases']} cases of each kind."
        parts += [
            f"## Comparison\n\n{about(results.comparison)} {cases}\n",
            nearest(results.comparison) + "\n",
            comparison_tables(results.comparison) + "\n",
        ]
    return "\n".join(
        [*parts, f"## How to read it\n\n{NOTE}\n", *(f"- {term}: {meaning}" for term, meaning in TERMS), ""]
    )


def about(results: Mapping[str, Any]) -> str:
    """Model, weights, code and hardware in a sentence each."""
    on = results["about"]
    reader = "" if on["reader"] else " It has no reader, so nothing is read off pictures."
    return (
        f"Model {on['model']}, {on['pixels']} px, weights {on['weights']}.{reader} Code: RefEdit {on['code']}. "
        f"Hardware: {on['device']}, {on['name']}, {on['cores']} cores, {_threads(on['threads'])}, torch {on['torch']}. "
        f"Set: {results['set']}."
    )


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def verdict_table(claims: Sequence[Mapping[str, Any]]) -> str:
    """A row for each claim with its verdict and the first finding that decides."""
    rows = [[f"{claim['name']}: {claim['statement']}", _verdict(claim), rests_on(claim)] for claim in claims]
    return markdown(["claim", "verdict", "it rests on"], rows)


def _verdict(claim: Mapping[str, Any]) -> str:
    """The verdict, marked where its measure was changed after test cases had been seen."""
    return f"**{claim['verdict']}**{', measure changed later' if claim.get('revised') else ''}"


def _claim(claim: Mapping[str, Any]) -> str:
    facts = "\n".join(f"{name}: {fact}\n" for name, fact in facts_of(claim))
    head = f"### {claim['name']}: {claim['statement']} {claim['verdict'].capitalize()}."
    return f"{head}\n\n{facts}\n{markdown(*findings_table(claim))}\n"


def facts_of(claim: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Source, falsifier, limits and reason of a claim, each with its title; those that are empty are left out.

    What an earlier version published has no "revised".
    """
    names = {
        "Source": "source",
        "Refuted if": "falsifier",
        "Limits": "limits",
        "Changed later": "revised",
        "Reason": "reason",
    }
    return [(name, claim[key]) for name, key in names.items() if claim.get(key)]


def findings_table(claim: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The column names, and a row for each finding with the bound that decides: see `NOTE`."""
    columns = ["finding", "mean and interval", "cases", "wider interval", "bound", "says"]
    return columns, [_finding(item) for item in claim["findings"]]


def _finding(item: Mapping[str, Any]) -> list[str]:
    against = ["-", "-"]
    if "wider" in item:
        against = [cell(item["wider"]), f"{item['least']:g}"]
    return [
        item["what"],
        cell(item["interval"]),
        str(item["interval"]["cases"]),
        *against,
        item["decision"] or "reported only",
    ]


def rests_on(claim: Mapping[str, Any]) -> str:
    """Its reason, the finding that decides most, the number of cases of that, and how many findings say the same."""
    finding = deciding(claim)
    quoted = ""
    if finding:
        quoted = f"{finding['what']}: {cell(finding['interval'])}, {finding['interval']['cases']} cases"
    return "; ".join(filter(None, (claim["reason"], quoted))) + _how_many(claim)


def _how_many(claim: Mapping[str, Any]) -> str:
    """How many differences say what the verdict says: only one of them is quoted."""
    decisions = [finding["decision"] for finding in claim["findings"] if finding["decision"]]
    same = decisions.count(claim["verdict"])
    return f" ({same} of {len(decisions)} {_SAY[claim['verdict']]})" if same and len(decisions) > 1 else ""


def deciding(claim: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The finding that is quoted for a verdict: the first of the same decision, else the first that decides, or any."""
    findings: list[Mapping[str, Any]] = claim["findings"]
    same = [finding for finding in findings if finding["decision"] == claim["verdict"]]
    return next(iter(same or [finding for finding in findings if finding["decision"]] or findings), None)


def comparison_tables(comparison: Mapping[str, Any], shown: Mapping[CaseKind, Sequence[str]] = HEADLINE) -> str:
    """A table for each kind of case, with the readings that are to be shown as columns."""
    return "\n\n".join(f"### {TITLES[kind]}\n\n{markdown(*table(comparison, kind, shown[kind]))}" for kind in shown)


def table(
    comparison: Mapping[str, Any], kind: CaseKind, shown: Sequence[str] | None = None
) -> tuple[list[str], list[list[str]]]:
    """The column names and the rows, a method each, of a kind's table."""
    cells: dict[str, dict[str, str]] = {}
    counts: dict[str, set[int]] = {}
    for row in comparison["rows"]:
        if row["kind"] == kind:
            cells.setdefault(row["method"], {})[row["reading"]] = cell(row, LABELS.get(row["reading"], ("", ""))[1])
            if row["mean"] is not None:
                counts.setdefault(row["reading"], set()).add(row["cases"])
    chosen = shown or HEADLINE[kind]
    heads = [label(name) + _fewer(counts.get(name, set()), comparison["cases"]) for name in chosen]
    return ["method", *heads], [[who, *(has.get(name, "-") for name in chosen)] for who, has in cells.items()]


def _fewer(counts: Set[int], cases: int) -> str:
    """What a column's head says if it rests on other cases than all: a picture without such pixels has no reading."""
    return "" if counts <= {cases} else f", {cases_text(counts)}"


_BOUND = "(bound)"


def nearest(comparison: Mapping[str, Any]) -> str:
    """The sentences as a Markdown list."""
    return "\n".join(f"- {sentence}" for sentence in sentences(comparison))


def sentences(comparison: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each kind of case in a comparison; none where no reader could tell distances."""
    for kind, own in OWN.items():
        means = {row["method"]: row["mean"] for row in comparison["rows"] if _counts(row, kind)}
        if len(means) > 1 and own in means and None not in means.values():
            first, second = first_and_second(means, own)
            other = second if first == own else first
            less = f"{first} comes nearest to the truth, by {_size(comparison, kind, other)} of distance less than"
            yield f"{TITLES[kind]}: {less} {second}, case by case."


def first_and_second(means: Mapping[str, float], own: str) -> tuple[str, str]:
    """The nearest method, and the one to compare it with: the kind's own, or the next of the others if it is that."""
    first, *rest = sorted(means, key=means.__getitem__)
    others = [name for name in rest if name.split()[0] != own.split()[0]] or rest
    return first, others[0] if first == own else own


def _counts(row: Mapping[str, Any], kind: str) -> bool:
    return (row["kind"], row["reading"]) == (kind, "distance") and _BOUND not in row["method"]


def _size(comparison: Mapping[str, Any], kind: CaseKind, other: str) -> str:
    """How far the distances of a kind's own method and another one lie apart, with the interval."""
    wanted = (kind, "distance", other)
    row = next(row for row in comparison["differences"] if (row["kind"], row["reading"], row["method"]) == wanted)
    if row["mean"] >= 0:
        return cell(row)
    low, high = (None if row[end] is None else -row[end] for end in ("high", "low"))
    return cell({"mean": -row["mean"], "low": low, "high": high})
