"""Takes the results of a run into the project: their JSON, the summary, and README's short one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from refedit.bench.report.summary import about, comparison_tables, summary
from refedit.bench.results import CLAIMS_FILE, COMPARE_FILE, Results, read_results, write
from refedit.errors import EditError
from refedit.readme import write_part

PUBLISHED = Path(__file__).parent / "measured"
PART = "compared"
SHORT: Mapping[str, tuple[str, ...]] = {
    "reference": ("right colour pattern", "right colour", "distance", "outside", "seconds"),
    "pose": ("changed right", "identity kept", "distance", "outside", "seconds"),
    "rigid": ("changed right", "right kind pose", "distance", "outside", "seconds"),
}
"""README's columns; the summary has more."""
UNKNOWN = "Not measured yet with the model as it is now: run `bench claims`, `bench compare` and `bench publish`."


def publish(folder: Path, weights: str, readme: Path, to: Path = PUBLISHED) -> None:
    """Copies the results of a folder, with their summary, and shows them in a README; EditError for other weights."""
    results = read_results(folder)
    claims, comparison = (_of(weights, found, folder) for found in (results.claims, results.comparison))
    write(claims, to / CLAIMS_FILE)
    write(comparison, to / COMPARE_FILE)
    (to / "report.md").write_text(summary(results), encoding="utf-8")
    write_part(readme, PART, short(results))


def _of(weights: str, found: Mapping[str, Any] | None, folder: Path) -> Mapping[str, Any]:
    if found is None or found["about"]["weights"] != weights:
        raise EditError(
            f"The results in '{folder}' are not whole, or of other weights than these ({weights}). "
            "Run `bench claims` and `bench compare` anew."
        )
    return found


def withdraw(readme: Path, of: Path = PUBLISHED) -> None:
    """Takes the results out again, when the model has changed."""
    for name in (CLAIMS_FILE, COMPARE_FILE, "report.md"):
        (of / name).unlink(missing_ok=True)
    write_part(readme, PART, UNKNOWN)


def short(results: Results) -> str:
    """What README says: verdicts by name, and a table for each kind of case."""
    assert results.claims is not None and results.comparison is not None
    cases = f"{results.comparison['cases']} cases of each kind; means with 95 % intervals."
    verdicts = _verdicts(results.claims["claims"])
    return "\n\n".join([f"{about(results.comparison)} {cases}", verdicts, comparison_tables(results.comparison, SHORT)])


def _verdicts(claims: Sequence[Mapping[str, Any]]) -> str:
    found: dict[str, list[str]] = {"holds": [], "fails": [], "not decided": []}
    for claim in claims:
        found[claim["verdict"]].append(claim["name"])
    return "Claims. " + " ".join(f"{word.capitalize()}: {', '.join(names)}." for word, names in found.items() if names)
