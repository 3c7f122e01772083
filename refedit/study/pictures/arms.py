"""What each arm of a study makes of a case: a method's edit, a comparison method's, or a picture made elsewhere."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from PIL import Image

from refedit.bench.baselines.base import ComparisonMethod, PlainDdim
from refedit.bench.baselines.imagic import Imagic
from refedit.bench.baselines.masactrl import MasaCtrl
from refedit.bench.baselines.null_text_editing import NullTextEditing
from refedit.bench.experiment.arms import Arm as BenchRun
from refedit.bench.experiment.outcome import measured
from refedit.bench.experiment.runs import ArmRun, run_arm
from refedit.bench.experiment.workbench import Workbench
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.errors import EditError
from refedit.imaging.images import read_picture
from refedit.methods import Method, SpecRef, method_of, with_values
from refedit.study.data.definition import Arm, BenchArm, MethodArm
from refedit.study.pictures.cases import StudyCase

COMPARED: Mapping[str, Method] = {
    "null-text": NullTextEditing(),
    "masactrl": MasaCtrl(),
    "imagic": Imagic(),
    "plain-ddim": PlainDdim(),
}
"""The benchmark's methods with their authors' values, by the names of `BenchArm`."""
WORDS_WITHOUT_REFERENCE = SpecRef(reference_steps_start=1.0, fresh_noise=0.0)
WORDS_ALONE = NullTextEditing(inner_steps=0)
"""What `prompt-to-prompt` is: where the cases have references SpecRef's own machinery without them, as in the
benchmark's headline table; else DDIM inversion and prompt-to-prompt."""
_ENDINGS = ("png", "jpg", "jpeg", "webp")


@dataclass(frozen=True, kw_only=True)
class Made:
    """A result, and how far it is from the truth where that was measured (see `Outcome`)."""

    picture: Image.Image
    distance: float | None = None
    whole: float | None = None


@runtime_checkable
class Maker(Protocol):
    """Makes an arm's results."""

    def key(self, case: StudyCase) -> str:
        """Equal where the result is, for all cases that are equal."""

    def check(self, case: StudyCase) -> None:
        """EditError, before anything is run, if the case cannot be done."""

    def make(self, case: StudyCase) -> Made:
        """The result; EditError if the edit cannot be done."""


@dataclass(frozen=True, kw_only=True)
class MethodMaker:
    """A method, run by the benchmark on its own cases and by an editor on others; pasted back as a user gets it."""

    method: Method
    workbench: Workbench

    @cached_property
    def _editor(self) -> Editor:
        return Editor(self.workbench.model)

    def key(self, case: StudyCase) -> str:
        return repr(self.method)

    def check(self, case: StudyCase) -> None:
        case.request(self.method)

    def make(self, case: StudyCase) -> Made:
        if case.drawn is not None:
            arm = BenchRun(name="", method=self.method, paste=True)
            return _measured(case, run_arm(self.workbench, case.drawn, arm), self.workbench)
        for event in self._editor.edit(case.request(self.method)):
            if isinstance(event, Finished):
                return Made(picture=event.image)
        raise AssertionError("an edit ends with Finished")


@dataclass(frozen=True, kw_only=True)
class SourceMaker:
    """No edit at all."""

    workbench: Workbench

    def key(self, case: StudyCase) -> str:
        return "source"

    def check(self, case: StudyCase) -> None:
        pass

    def make(self, case: StudyCase) -> Made:
        return _measured(case, ArmRun(image=case.source, final=case.source), self.workbench)


@dataclass(frozen=True, kw_only=True)
class FolderMaker:
    """Pictures that were made elsewhere, one for each case, by the case's name."""

    folder: Path
    workbench: Workbench

    def key(self, case: StudyCase) -> str:
        return hashlib.sha256(np.asarray(self._read(case)).tobytes()).hexdigest()

    def check(self, case: StudyCase) -> None:
        self._read(case)

    def make(self, case: StudyCase) -> Made:
        picture = self._read(case)
        return _measured(case, ArmRun(image=picture, final=picture), self.workbench)

    def _read(self, case: StudyCase) -> Image.Image:
        files = [file for ending in _ENDINGS if (file := self.folder / f"{case.name}.{ending}").is_file()]
        if not files:
            raise EditError(f"There is no picture '{case.name}.png' in '{self.folder}'. Add one for every case.")
        picture = read_picture(files[0])
        if picture.size != case.source.size:
            sizes = [f"{width}x{height}" for width, height in (picture.size, case.source.size)]
            raise EditError(
                f"'{files[0].name}' is {sizes[0]} pixels, its source {sizes[1]}. People would tell the arm by that: "
                "save it at its source's size."
            )
        return picture


def method_for(arm: Arm, with_references: bool) -> Method | None:
    """The method of an arm; None of pictures that no method makes. EditError names what is unknown."""
    if isinstance(arm, MethodArm):
        return method_of(arm.method, arm.preset, arm.settings)
    if not isinstance(arm, BenchArm) or arm.bench == "source":
        return None
    if arm.bench == "prompt-to-prompt":
        alone: Method = WORDS_WITHOUT_REFERENCE if with_references else WORDS_ALONE
        return _changed(alone, arm.settings)
    return _changed(COMPARED[arm.bench], arm.settings)


def _changed(method: Method, settings: Mapping[str, Any]) -> Method:
    """With some of its fields changed; those of comparison methods have a type and no ranges."""
    if not isinstance(method, ComparisonMethod):
        return with_values(method, settings)
    known = {item.name: type(getattr(method, item.name)) for item in fields(method)}
    for name, value in settings.items():
        if name not in known:
            raise EditError(f"{type(method).__name__} has no parameter '{name}'. It has: {', '.join(known)}.")
        if type(value) is not known[name] and not (known[name] is float and type(value) is int):
            raise EditError(f"{name} is {value!r}, but has to be {known[name].__name__}.")
    return replace(method, **settings)


def maker_for(arm: Arm, method: Method | None, folder: Path, workbench: Workbench) -> Maker:
    """What makes an arm's results; `method` is that of `method_for`, `folder` the study's."""
    if method is not None:
        return MethodMaker(method=method, workbench=workbench)
    if isinstance(arm, BenchArm):
        return SourceMaker(workbench=workbench)
    return FolderMaker(folder=folder / arm.folder, workbench=workbench)  # type: ignore[union-attr]


def _measured(case: StudyCase, made: ArmRun, workbench: Workbench) -> Made:
    if case.drawn is None:
        return Made(picture=made.final)
    outcome = measured(case.drawn, "", made, workbench.model.size, workbench.reader)
    return Made(picture=made.final, distance=outcome.distance, whole=outcome.whole)
