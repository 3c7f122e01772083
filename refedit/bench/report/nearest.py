"""Which method came nearest to the truth, kind by kind: where another than the one for it did, that is said first."""

from collections.abc import Iterator, Mapping
from typing import Any

from refedit.bench.compare import OWN
from refedit.bench.report.labels import TITLES, cell

_BOUND = "(bound)"


def nearest(found: Mapping[str, Any]) -> str:
    """The sentences as a Markdown list."""
    return "\n".join(f"- {told}" for told in sentences(found))


def sentences(found: Mapping[str, Any]) -> Iterator[str]:
    """A sentence for each kind of case in a comparison; none where no reader could tell distances."""
    for kind, own in OWN.items():
        means = {row["method"]: row["mean"] for row in found["rows"] if _counts(row, kind)}
        if len(means) > 1 and own in means and None not in means.values():
            first, second = first_and_second(means, own)
            other = second if first == own else first
            less = f"{first} comes nearest to the truth, by {_size(found, kind, other)} of distance less than"
            yield f"{TITLES[kind]}: {less} {second}, case by case."


def first_and_second(means: Mapping[str, float], own: str) -> tuple[str, str]:
    """The nearest method, and whom it is told against: the own one, or if it is that itself, the next of the others."""
    first, *rest = sorted(means, key=means.__getitem__)
    others = [name for name in rest if name.split()[0] != own.split()[0]] or rest
    return first, others[0] if first == own else own


def _counts(row: Mapping[str, Any], kind: str) -> bool:
    return (row["kind"], row["reading"]) == (kind, "distance") and _BOUND not in row["method"]


def _size(found: Mapping[str, Any], kind: str, other: str) -> str:
    """How far the distances of a kind's own method and another one lie apart, with the interval."""
    wanted = (kind, "distance", other)
    row = next(row for row in found["differences"] if (row["kind"], row["reading"], row["method"]) == wanted)
    if row["mean"] >= 0:
        return cell(row)
    low, high = (None if row[end] is None else -row[end] for end in ("high", "low"))
    return cell({"mean": -row["mean"], "low": low, "high": high})
