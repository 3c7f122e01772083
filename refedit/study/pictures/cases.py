"""The cases of a study, from the drawn world, from RefEdit's examples or from a folder: what arms get, what people see.

A folder's cases.json is a list of objects, as the examples' examples.json is: a title, a prompt, and the file of a
source; it may have the files of a region and a subject (masks, white inside), of a reference, and of the truth, a
source prompt, and whether it is only a check. Other entries of an example say which method it was drawn for.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from PIL import Image

from refedit.bench.experiment.cases import Case, CaseKind, case_at
from refedit.editing.request import EditRequest, Reference
from refedit.errors import EditError
from refedit.imaging.images import read_mask, read_picture
from refedit.imaging.masks import Mask
from refedit.methods import Input, Method
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.examples import SIZE, shipped_examples
from refedit.picturebook.world.true_edits import drawn
from refedit.study.data.definition import BenchCases, Definition, ExampleCases, FolderCases

TABLE = "cases.json"
EXAMPLES = Path(__file__).parents[3] / "examples"
"""Beside the package, in a checkout only."""
_FILES = ("source", "region", "reference", "subject", "truth")
_KNOWN = {"title", "prompt", "source_prompt", "check", *_FILES, "method", "preset", "settings", "result"}


@dataclass(frozen=True, kw_only=True)
class StudyCase:
    """A picture that all arms edit, and how it is asked; `truth` is the true result where that is known.

    `name` stands in the tables. `drawn` is the benchmark's case behind it, where there is one: then results can be
    measured. `only_check` cases are shown in checks and never as a pair.
    """

    name: str
    prompt: str
    source: Image.Image
    source_prompt: str = ""
    region: Mask | None = None
    reference: Reference | None = None
    truth: Image.Image | None = None
    drawn: Case | None = field(default=None, repr=False)
    only_check: bool = False

    def request(self, method: Method) -> EditRequest:
        """The edit to ask of a method; EditError if the case lacks what the method needs."""
        return EditRequest(
            method=method,
            source=self.source,
            prompt=self.prompt,
            source_prompt=self.source_prompt,
            region=self.region,
            reference=self.reference,
        )

    def suits(self, methods: list[Method]) -> bool:
        """True if it has what all these methods need."""
        has = {Input.SOURCE_PROMPT: bool(self.source_prompt), Input.REFERENCE: self.reference is not None}
        return all(has.get(need, True) for method in methods for need in method.needs)


def study_cases(definition: Definition, folder: Path, size: int, methods: list[Method]) -> tuple[StudyCase, ...]:
    """The cases of a definition: those to compare, and as many more as checks need; EditError if these have no truth.

    `size` is the model's, at which the drawn world is drawn; of examples that are not named only those are taken that
    all `methods` can edit.
    """
    if isinstance(definition.cases, BenchCases):
        found = list(_bench(definition.cases, definition.checks, size))
    elif isinstance(definition.cases, ExampleCases):
        found = list(_examples(definition.cases, methods))
    else:
        where = folder / cast(FolderCases, definition.cases).folder
        found = [_from_row(row, where, {}) for row in _rows(where / TABLE)]
    compared = [case for case in found if not case.only_check]
    if not compared:
        raise EditError("The study has no cases that all of its arms can edit. Look at 'cases' and 'arms'.")
    if definition.checks and not any(case.truth for case in found):
        raise EditError("Checks show the true result, but no case has a 'truth'. Add some, or set 'checks' to 0.")
    _check_names(found)
    return tuple(found)


def _check_names(found: list[StudyCase]) -> None:
    names = [case.name for case in found]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise EditError(f"Two cases are called '{twice}'. Give each a title of its own.")


def _bench(cases: BenchCases, checks: int, size: int) -> Iterator[StudyCase]:
    """The chosen numbers, then further ones for checks, so that a check tells nothing about a case to compare."""
    kind, beyond = CaseKind(cases.kind), max(cases.chosen) + 1
    for number in (*cases.chosen, *range(beyond, beyond + checks)):
        case = case_at(cases.set, kind, number)
        yield of_drawn(case, size, only_check=number >= beyond)


def of_drawn(case: Case, size: int, only_check: bool = False) -> StudyCase:
    """A case of the benchmark, with the pictures that its arms get."""
    from refedit.methods import Baret

    request = case.request(Baret(), size)
    return StudyCase(
        name=f"{case.kind}-{case.number}",
        prompt=request.prompt,
        source=request.source,
        source_prompt=request.source_prompt,
        region=request.region,
        reference=request.reference,
        truth=drawn(case.result, size).picture,
        drawn=case,
        only_check=only_check,
    )


def _examples(cases: ExampleCases, methods: list[Method]) -> Iterator[StudyCase]:
    """Those that are named, or all that the methods can edit; the world draws their truth."""
    truths = {example.title: example.result for example in shipped_examples()}
    rows = {row["title"]: row for row in _rows(EXAMPLES / "examples.json")}
    for title in cases.titles:
        if title not in rows:
            raise EditError(f"There is no example '{title}'. There are: {', '.join(rows)}.")
    for title in cases.titles or rows:
        truth = {"truth": draw(truths[title], SIZE).picture} if title in truths else {}
        case = _from_row(rows[title], EXAMPLES, truth)
        if cases.titles or case.suits(methods):
            yield case


def _rows(table: Path) -> list[dict[str, Any]]:
    if not table.is_file():
        raise EditError(f"There is no '{table}' with the study's cases. Write it there, or choose other cases.")
    try:
        rows = json.loads(table.read_text("utf-8"))
    except ValueError as error:
        raise EditError(f"'{table}' is not JSON: {error}.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise EditError(f"'{table}' has to be a list of objects, one a case.")
    for number, row in enumerate(rows, 1):
        _check_row(row, f"Case {number} of '{table.name}'")
    return rows


def _check_row(row: Mapping[str, Any], where: str) -> None:
    for key in ("title", "prompt", "source"):
        if key not in row:
            raise EditError(f"{where} lacks '{key}'.")
    for key, value in row.items():
        if key not in _KNOWN:
            raise EditError(f"{where} has the unknown entry '{key}'. Known are: {', '.join(sorted(_KNOWN))}.")
        kind = {"check": bool, "settings": dict}.get(key, str)
        if not isinstance(value, kind):
            raise EditError(f"{where}: '{key}' is {value!r}, but has to be {kind.__name__}.")


def _from_row(row: Mapping[str, Any], folder: Path, given: Mapping[str, Image.Image]) -> StudyCase:
    """The case of an entry; EditError names it and what is wrong with it."""
    try:
        return _read_row(row, folder, given)
    except EditError as error:
        raise EditError(f"The case '{row['title']}': {error}") from None


def _read_row(row: Mapping[str, Any], folder: Path, given: Mapping[str, Image.Image]) -> StudyCase:
    files = {key: folder / row[key] for key in _FILES if row.get(key)}
    pictures: dict[str, Image.Image] = dict(given)
    pictures |= {key: read_picture(files[key]) for key in ("source", "reference", "truth") if key in files}
    masks = {key: read_mask(files[key]) for key in ("region", "subject") if key in files}
    subject = masks.get("subject")
    case = StudyCase(
        name=slug(row["title"]),
        prompt=row["prompt"],
        source=pictures["source"],
        source_prompt=row.get("source_prompt", ""),
        region=masks.get("region"),
        reference=Reference(image=pictures["reference"], subject=subject) if "reference" in pictures else None,
        truth=pictures.get("truth"),
        only_check=row.get("check", False),
    )
    if case.truth is not None and case.truth.size != case.source.size:
        raise EditError("Its truth is not of its source's size. Save it at that size.")
    return case


def slug(title: str) -> str:
    """A title as it stands in tables and file names: small letters, of any script, and digits with - between."""
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", title).lower()).strip("-") or "case"
