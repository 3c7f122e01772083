"""The two small files that a report is made from: verdicts and comparison, as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refedit.bench.claims.claim import place_of
from refedit.errors import EditError

CLAIMS_FILE, COMPARE_FILE = "claims.json", "compare.json"


@dataclass(frozen=True, kw_only=True)
class Results:
    """What `bench claims` and `bench compare` wrote; None for what was not run."""

    claims: Mapping[str, Any] | None
    comparison: Mapping[str, Any] | None


def read_results(folder: Path) -> Results:
    """The results in a folder; EditError if there are none."""
    claims, comparison = (_read(folder / name) for name in (CLAIMS_FILE, COMPARE_FILE))
    if claims is None and comparison is None:
        raise EditError(f"There are no results in '{folder}'. Run `bench claims` or `bench compare` with --out first.")
    return Results(claims=claims, comparison=comparison)


def merge_claims(results: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    """Writes verdicts beside those of other claims that the file has, if all that made them is the same; gives all."""
    before = _read(path)
    fresh = {claim["name"]: {**claim, "asked": results["cases"]} for claim in results["claims"]}
    kept: dict[str, Any] = {}
    if before and _made_of(before) == _made_of(results):
        kept = {claim["name"]: claim for claim in before["claims"]}
    every = sorted((kept | fresh).values(), key=lambda claim: place_of(claim["name"]))
    whole = {**results, "claims": every}
    write(whole, path)
    return whole


def _made_of(results: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        results["set"],
        *(results["about"].get(name, "") for name in ("weights", "outcome_fingerprint", "verdict_fingerprint", "name")),
    )


def write(results: Mapping[str, Any], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any] | None:
    return dict(json.loads(path.read_text("utf-8"))) if path.exists() else None
