"""Whether two checkouts came to the same outcomes: how a change of form proves that it changed no picture.

Run `bench claims --cases 2` and `bench compare --cases 2` before and after, each into a folder of its own.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.bench.experiment.store import WHOLE
from refedit.bench.publish import PUBLISHED
from refedit.bench.suites.results import CLAIMS_FILE, COMPARE_FILE, write
from refedit.errors import EditError

TIMED = ("seconds",)
"""Readings that no two runs share."""
APART = ("key", "about", *TIMED)
"""What may differ: the key holds the code's fingerprint, which is what is to be proved."""


def differences(before: Path, after: Path) -> Iterator[str]:
    """What two folders of results disagree about, a line each; EditError if one of them lacks a file of the other."""
    yield from _outcomes_apart(before, after)
    for name in (CLAIMS_FILE, COMPARE_FILE):
        files = [folder / name for folder in (before, after)]
        if not any(file.exists() for file in files):
            continue
        first, second = (_without_times(json.loads(_text(file))) for file in files)
        yield from _apart(name, first, second)


def stamp(folder: Path = PUBLISHED) -> None:
    """Writes this code's fingerprints into published results, which it is proved to come to as well."""
    prints = {"outcome_fingerprint": outcome_fingerprint(), "verdict_fingerprint": verdict_fingerprint()}
    for name in (CLAIMS_FILE, COMPARE_FILE):
        results = json.loads(_text(folder / name))
        write({**results, "about": {**results["about"], **prints}}, folder / name)


def _outcomes_apart(before: Path, after: Path) -> Iterator[str]:
    first, second = (sorted(_outcomes(folder), key=json.dumps) for folder in (before, after))
    if len(first) != len(second):
        yield f"there are {len(first)} outcomes before and {len(second)} after"
    for one, other in zip(first, second, strict=False):
        yield from _apart(f"outcome of {one['kind']} {one['number']}, {one['method']}", one, other)


def _outcomes(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob(f"{WHOLE.file}*.jsonl")):
        for line in _text(path).splitlines():
            yield {name: value for name, value in json.loads(line).items() if name not in APART}


def _apart(where: str, first: Any, second: Any) -> Iterator[str]:
    if isinstance(first, Mapping) and isinstance(second, Mapping) and first.keys() == second.keys():
        for name in first:
            yield from _apart(f"{where}: {name}", first[name], second[name])
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for place, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _apart(f"{where} {place}", one, other)
    elif first != second:
        yield f"{where} was {json.dumps(first)[:200]} and is {json.dumps(second)[:200]}"


def _without_times(part: Any) -> Any:
    """Results without what was measured in seconds."""
    if isinstance(part, list):
        return [_without_times(item) for item in part if not _is_time(item)]
    if isinstance(part, Mapping):
        return {name: _without_times(value) for name, value in part.items() if name not in APART}
    return part


def _is_time(item: Any) -> bool:
    told = item.get("reading", item.get("what", "")) if isinstance(item, Mapping) else ""
    return any(word in told for word in TIMED)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise EditError(f"There is no '{path}'. Run `bench claims` and `bench compare` into both folders.") from None
