"""Whether two checkouts came to the same outcomes: how a change of form proves that it changed no picture.

Run `bench claims --cases 2` and `bench compare --cases 2` before and after, each into a folder of its own.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

from refedit.bench.claims.run import CLAIMS
from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.bench.experiment.store import WHOLE, read_lines
from refedit.bench.suites.results import CLAIMS_FILE, COMPARE_FILE, Results, read_results, write
from refedit.errors import EditError

TIMED = ("seconds",)
"""Readings that no two runs share."""
APART = ("key", "about", *TIMED)
"""What may differ. The key and `about` hold the code's fingerprints, and those are what is to be proved."""
RENAMED = {"word": "decision"}
"""Names in the JSON of version 0.1, and what they are called now."""


def differences(before: Path, after: Path) -> Iterator[str]:
    """What two folders of results disagree about, a line each: first outcomes, then verdicts and the comparison.

    Raises EditError for a folder without results, and if only one of them has verdicts, or a comparison.
    """
    first, second = read_results(before), read_results(after)
    yield from _outcomes_apart(before, after)
    for name, one, other in (
        (CLAIMS_FILE, first.claims, second.claims),
        (COMPARE_FILE, first.comparison, second.comparison),
    ):
        if (one is None) != (other is None):
            raise EditError(f"Only one of the folders has '{name}'. Run the same commands into both.")
        yield from _apart(name, _comparable(one), _comparable(other))


def stamp(after: Path, published: Path) -> None:
    """Writes this code's fingerprints into the results in a folder, the published ones.

    Call it when nothing differs between `after` and the results of the code that made the published ones. Raises
    EditError unless `after` has all claims and the comparison, and this code made them.
    """
    prints = {"outcome_fingerprint": outcome_fingerprint(), "verdict_fingerprint": verdict_fingerprint()}
    if not _proves(read_results(after), prints):
        raise EditError(
            f"The results in '{after}' are not of all claims and the comparison, or not of this code. Run "
            "`bench claims` and `bench compare` with this code before you stamp."
        )
    results = read_results(published)
    for name, part in ((CLAIMS_FILE, results.claims), (COMPARE_FILE, results.comparison)):
        if part is not None:
            write({**part, "about": {**part["about"], **prints}}, published / name)


def _proves(results: Results, prints: Mapping[str, str]) -> bool:
    """Whether results are complete and carry these fingerprints."""
    if results.claims is None or results.comparison is None:
        return False
    complete = {claim["name"] for claim in results.claims["claims"]} == {claim.name for claim in CLAIMS}
    return complete and all(prints.items() <= part["about"].items() for part in (results.claims, results.comparison))


def _outcomes_apart(before: Path, after: Path) -> Iterator[str]:
    """Compares the outcomes of every arm on every case; several arms may have one name."""
    first, second = _outcomes(before), _outcomes(after)
    for name in sorted({*first, *second}):
        gone, new = (sorted(counts.elements()) for counts in (first[name] - second[name], second[name] - first[name]))
        for one, other in zip_longest(gone, new):
            if one is None or other is None:
                yield f"{name} is only in '{after if one is None else before}'"
            else:
                yield from _apart(name, json.loads(one), json.loads(other))


def _outcomes(folder: Path) -> defaultdict[str, Counter[str]]:
    """By case and arm: how often each outcome was written, as JSON without what may differ."""
    outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for path in sorted(folder.glob(f"{WHOLE.file}*.jsonl")):
        for data in read_lines(path.read_text("utf-8")):
            outcome = _comparable(data)
            name = f"outcome of {outcome['kind']} {outcome['number']}, {outcome['method']}"
            outcomes[name][json.dumps(outcome, sort_keys=True)] += 1
    return outcomes


def _comparable(part: Any) -> Any:
    """Results without what may differ, by today's names."""
    if isinstance(part, list):
        return [_comparable(item) for item in part if not _is_timed(item)]
    if isinstance(part, Mapping):
        return {RENAMED.get(name, name): _comparable(value) for name, value in part.items() if name not in APART}
    return part


def _is_timed(item: Any) -> bool:
    """Whether this is a finding or a row about seconds."""
    subject = item.get("reading", item.get("what", "")) if isinstance(item, Mapping) else ""
    return any(name in subject for name in TIMED)


def _apart(where: str, first: Any, second: Any) -> Iterator[str]:
    if isinstance(first, Mapping) and isinstance(second, Mapping) and first.keys() == second.keys():
        for name in first:
            yield from _apart(f"{where}: {name}", first[name], second[name])
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for place, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _apart(f"{where} {_label(one, place)}", one, other)
    elif first != second:
        yield f"{where} was {json.dumps(first)[:200]} and is {json.dumps(second)[:200]}"


def _label(item: Any, place: int) -> str:
    """What tells an entry of a list from the others: a claim's name, what a finding is about, or its place."""
    named = item if isinstance(item, Mapping) else {}
    parts = [str(named[key]) for key in ("name", "what", "kind", "method", "reading", "label") if key in named]
    return ", ".join(parts) or str(place)
