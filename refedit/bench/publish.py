"""Takes the results of a run into the project: their JSON, the summary, and the short one in the bench's README."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from refedit.bench.claims.run import CLAIMS
from refedit.bench.experiment.cases import CaseKind
from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.bench.experiment.readings import readings
from refedit.bench.report.summary import about, comparison_tables, nearest, summary, verdict_table
from refedit.bench.suites.results import CLAIMS_FILE, COMPARE_FILE, Results, read_results, write
from refedit.errors import EditError

PUBLISHED, README = (Path(__file__).parent / name for name in ("measured", "README.md"))
PART = "compared"
SHORT: Mapping[CaseKind, tuple[str, ...]] = {
    CaseKind.REFERENCE: readings("right colour pattern", "right colour", "distance", "outside", "seconds"),
    CaseKind.POSE: readings("changed right", "identity kept", "distance", "outside", "seconds"),
    CaseKind.RIGID: readings("changed right", "identity kept", "distance", "outside", "seconds"),
}
"""README's columns; the summary has more."""
OLDER = "**These results are of an earlier version, which the text below names. Edits may come out otherwise now.**"
UNKNOWN = "Not measured yet with the model as it is now: run `bench claims`, `bench compare` and `bench publish`."


def publish(folder: Path, weights: str, readme: Path = README, to: Path = PUBLISHED) -> None:
    """Copies the results of a folder, with their summary, and shows them in a README.

    EditError unless they are all claims and the comparison, on test cases, of these weights and this code.
    """
    results = read_results(folder)
    claims, comparison = (_of(weights, part, folder) for part in (results.claims, results.comparison))
    there = {claim["name"] for claim in claims["claims"]}
    missing = [claim.name for claim in CLAIMS if claim.name not in there]
    if missing:
        raise EditError(f"The results in '{folder}' lack {', '.join(missing)}. Run `bench claims` for all.")
    write(claims, to / CLAIMS_FILE)
    write(comparison, to / COMPARE_FILE)
    (to / "report.md").write_text(summary(results), encoding="utf-8")
    write_part(readme, PART, short(results))


def _of(weights: str, results: Mapping[str, Any] | None, folder: Path) -> Mapping[str, Any]:
    made_by = (weights, outcome_fingerprint(), verdict_fingerprint(), "test")
    if results is None or _made_by(results) != made_by:
        raise EditError(
            f"The results in '{folder}' are not whole, not of test cases, or of other weights than these ({weights}) "
            "or other code. Run `bench claims` and `bench compare` anew."
        )
    return results


def _made_by(results: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        *(results["about"].get(name, "") for name in ("weights", "outcome_fingerprint", "verdict_fingerprint")),
        results["set"],
    )


def is_current(weights: str, of: Path = PUBLISHED) -> bool:
    """True if what is published is of these weights and of this code."""
    results = read_results(of)
    current = (weights, outcome_fingerprint(), verdict_fingerprint(), "test")
    return all(part is not None and _made_by(part) == current for part in (results.claims, results.comparison))


def mark_older(readme: Path = README, of: Path = PUBLISHED) -> None:
    """Says of the published results that they are of an earlier version, in a README and in their summary."""
    part = re.search(rf"<!-- {PART} -->\n(.*?)\n<!-- /{PART} -->", readme.read_text("utf-8"), re.DOTALL)
    for text, write_back in (
        (part[1] if part else "", lambda told: write_part(readme, PART, told)),
        ((of / "report.md").read_text("utf-8"), lambda told: (of / "report.md").write_text(told, encoding="utf-8")),
    ):
        if OLDER not in text:
            write_back(f"{OLDER}\n\n{text}")


def withdraw(readme: Path = README, of: Path = PUBLISHED) -> None:
    """Takes the results out again, when the model has changed."""
    for name in (CLAIMS_FILE, COMPARE_FILE, "report.md"):
        (of / name).unlink(missing_ok=True)
    write_part(readme, PART, UNKNOWN)


def short(results: Results) -> str:
    """What README says: the verdicts, and a table for each kind of case."""
    assert results.claims is not None and results.comparison is not None
    cases = f"{results.comparison['cases']} cases of each kind; means with 95 % intervals."
    verdicts = verdict_table(results.claims["claims"])
    tables = comparison_tables(results.comparison, SHORT)
    return "\n\n".join([verdicts, f"{about(results.comparison)} {cases}", nearest(results.comparison), tables])


def write_part(readme: Path, name: str, text: str) -> None:
    """Puts a text into a README's part; raises as `with_part`."""
    readme.write_text(with_part(readme.read_text("utf-8"), name, text), encoding="utf-8")


def with_part(readme: str, name: str, text: str) -> str:
    """A README with another text between `<!-- name -->` and `<!-- /name -->`; EditError if it has no such marks."""
    marked = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
    if not marked.search(readme):
        raise EditError(f"The README has no '<!-- {name} -->' ... '<!-- /{name} -->' to write into. Add them.")
    return marked.sub(lambda _: text + "\n", readme)
