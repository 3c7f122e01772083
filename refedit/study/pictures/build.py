"""Makes a study's pictures and pairs: every arm on every case, then checks whose better side is known.

Every picture is written from its pixels alone, as a PNG without text, under a random name: a result that RefEdit
writes for its users has method and parameters in it, and a name or a size could tell them too.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from refedit.bench.experiment.code_fingerprint import outcome_fingerprint
from refedit.bench.experiment.store import read_lines
from refedit.bench.experiment.workbench import Workbench
from refedit.errors import EditError
from refedit.imaging.images import png
from refedit.methods import Input, Method
from refedit.study.data.definition import BenchCases, Definition, MethodArm
from refedit.study.data.pairs import BUILT, PICTURES, Built, Pair, PairKind, Side
from refedit.study.pictures.arms import Made, Maker, maker_for, method_for
from refedit.study.pictures.cases import StudyCase, study_cases

LONGEST = 1024
"""Pixels of the longest side: larger pictures are shown smaller, those of all arms alike."""
MADE = BUILT / "made.jsonl"
TRUTH, SOURCE = "truth", "source"
"""What the two pictures of a check are called where arms are."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A picture that is written: what it was made from, its id, and how far a result is from the truth."""

    key: str
    picture: str
    distance: float | None = None
    whole: float | None = None


class Shelf:
    """The pictures in a study's folder by key, so that a build goes on where it was stopped."""

    def __init__(self, folder: Path) -> None:
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        self.folder, self._file = folder, folder / MADE
        text = self._file.read_text("utf-8") if self._file.exists() else ""
        # A line that was cut short is left out, and so is one whose picture is gone.
        self._kept = {row["key"]: Kept(**row) for row in read_lines(text) if self.path(row["picture"]).is_file()}
        self._gap = "" if text.endswith("\n") or not text else "\n"

    def path(self, picture: str) -> Path:
        return self.folder / PICTURES / f"{picture}.png"

    def get(self, key: str) -> Kept | None:
        return self._kept.get(key)

    def put(self, key: str, made: Made) -> Kept:
        """Writes a picture, and then that it is there."""
        kept = Kept(key=key, picture=secrets.token_hex(8), distance=made.distance, whole=made.whole)
        draft = self.path(kept.picture).with_suffix(".draft")
        draft.write_bytes(png(shown(made.picture)))
        draft.replace(self.path(kept.picture))
        with self._file.open("a", encoding="utf-8") as file:
            file.write(self._gap + json.dumps(asdict(kept)) + "\n")
        self._gap, self._kept[key] = "", kept
        return kept


def shown(picture: Image.Image) -> Image.Image:
    """The picture as people see it: its pixels and nothing else, LONGEST at most."""
    bare = Image.fromarray(np.asarray(picture))
    bare.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)  # which never enlarges
    return bare


class StudyBuild:
    """A study's pictures and pairs in the making; EditError, before anything is run, for what cannot be done."""

    def __init__(self, definition: Definition, folder: Path, workbench: Workbench) -> None:
        if definition.kind == "live":
            raise EditError("A live study has nothing to build: people bring their own pictures. Serve it.")
        self.definition, self.workbench, self.shelf = definition, workbench, Shelf(folder)
        methods = _methods(definition)
        wanted = [method for method in methods.values() if method]
        self.cases = study_cases(definition, folder, workbench.model.size, wanted)
        self.makers: Mapping[str, Maker] = {
            name: maker_for(arm, methods[name], folder, workbench) for name, arm in definition.arms.items()
        }
        for case in self.compared:
            for name, maker in self.makers.items():
                with _editing(case, name):
                    maker.check(case)

    @cached_property
    def compared(self) -> tuple[StudyCase, ...]:
        return tuple(case for case in self.cases if not case.only_check)

    @cached_property
    def checked(self) -> tuple[StudyCase, ...]:
        """The cases of checks: those that are for nothing else first, and no more than are asked."""
        known = sorted((case for case in self.cases if case.truth), key=lambda case: not case.only_check)
        return tuple(known[: self.definition.checks])

    def __len__(self) -> int:
        """How many results there are to make."""
        return len(self.compared) * len(self.makers)

    def run(self) -> Iterator[Kept]:
        """Makes what is not there yet, case by case so that arms share what memory has of its pictures."""
        for case in self.compared:
            for name in self.makers:
                yield self.result(case, name)

    def result(self, case: StudyCase, arm: str) -> Kept:
        """An arm's result on a case."""
        maker = self.makers[arm]
        # The arm's name is in the key: two arms that do the same have pictures of their own.
        key = _key("result", arm, self._run_by(), case_key(case), maker.key(case))
        with _editing(case, arm):
            return self.shelf.get(key) or self.shelf.put(key, maker.make(case))

    def built(self) -> Built:
        """All pairs of results, and the checks."""
        pairs = (*self._pairs(), *self._checks())
        return Built(sha256=self.definition.sha256, model=self.workbench.model.name, pairs=pairs)

    def measured(self) -> dict[str, dict[str, dict[str, float]]]:
        """By case and arm: the distance to the truth, and the PSNR of the whole picture, where they are known."""
        found: dict[str, dict[str, dict[str, float]]] = {}
        for case in self.compared:
            for arm in self.makers:
                kept = self.result(case, arm)
                known = {name: x for name in ("distance", "whole") if (x := getattr(kept, name)) is not None}
                found.setdefault(case.name, {}).update({arm: known} if known else {})
        return {case: arms for case, arms in found.items() if arms}

    def _pairs(self) -> Iterator[Pair]:
        for case in self.compared:
            results = {arm: self.result(case, arm).picture for arm in self.makers}
            for first, second in combinations(results, 2):
                yield self._pair(PairKind.PAIR, case, {first: results[first], second: results[second]})

    def _checks(self) -> Iterator[Pair]:
        for case in self.checked:
            assert case.truth is not None
            truth = self._given(case, "truth of a check", case.truth)
            source = self._given(case, "source as a result", case.source)
            yield self._pair(PairKind.CHECK, case, {TRUTH: truth, SOURCE: source}, expected=Side.FIRST)

    def _pair(self, kind: PairKind, case: StudyCase, results: Mapping[str, str], expected: Side | None = None) -> Pair:
        (first_arm, first), (second_arm, second) = results.items()
        reference = self._given(case, "reference", case.reference.image) if case.reference else None
        mask = self._given(case, "mask", case.region.to_image()) if case.region else None
        return Pair(
            id=_key(kind, first, second)[:16],  # of random names, so it tells nothing
            kind=kind,
            case=case.name,
            prompt=case.prompt,
            first_arm=first_arm,
            second_arm=second_arm,
            first=first,
            second=second,
            source=self._given(case, "source", case.source),
            reference=reference,
            mask=mask,
            expected=expected,
        )

    def _given(self, case: StudyCase, what: str, picture: Image.Image) -> str:
        """The id of a picture that no arm made; the same picture in another role has another one."""
        key = _key(what, case.name, *_plane(picture))
        return (self.shelf.get(key) or self.shelf.put(key, Made(picture=picture))).picture

    def _run_by(self) -> str:
        """Model and code: what results depend on besides case and arm."""
        model = self.workbench.model
        return f"{model.device.type} {model.dtype} {self.workbench.checksum} {outcome_fingerprint()}"


@contextmanager
def _editing(case: StudyCase, arm: str) -> Iterator[None]:
    """Puts before an EditError which arm cannot edit which case."""
    try:
        yield
    except EditError as error:
        raise EditError(f"The arm '{arm}' cannot edit the case '{case.name}': {error}") from None


def case_key(case: StudyCase) -> str:
    """Of all that an arm is given of a case, and of its truth; the same in every process."""
    # Not repr(case.drawn): it holds a frozenset, whose order is another one in every process.
    told: list[str | bytes] = [case.name, case.prompt, case.source_prompt]
    told += [*_plane(case.source), *_plane(case.truth), *_plane(case.region and case.region.values)]
    if case.reference:
        subject = case.reference.subject
        told += [case.reference.prompt, *_plane(case.reference.image), *_plane(subject and subject.values)]
    return _key(*told)


def _plane(pixels: Any) -> tuple[str, bytes]:
    """The shape and the bytes of a picture or a mask; of None too."""
    plane = np.zeros(0) if pixels is None else np.asarray(pixels)
    return str(plane.shape), plane.tobytes()


def _methods(definition: Definition) -> dict[str, Method | None]:
    """The arms' methods. Words alone do without a reference where the other arms have one."""
    referenced = isinstance(definition.cases, BenchCases) and definition.cases.kind == "reference"
    plain = {name: method_for(arm, referenced) for name, arm in definition.arms.items() if isinstance(arm, MethodArm)}
    referenced = referenced or any(method and Input.REFERENCE in method.needs for method in plain.values())
    return {name: method_for(arm, referenced) for name, arm in definition.arms.items()}


def _key(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        told = part if isinstance(part, bytes) else part.encode()
        digest.update(len(told).to_bytes(8, "big") + told)
    return digest.hexdigest()[:32]
