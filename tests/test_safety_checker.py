"""A checkpoint's own safety checker: what it hides is not shown, and nothing else changes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from refedit.diffusion.safety_checker import SafetyChecker
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.editor import Editor
from refedit.editing.request import EditEvent, Finished, Preview, Progress
from refedit.errors import EditError
from refedit.methods import Baret
from tests.conftest import picture, request_for, save_checker

CPU = torch.device("cpu")


def loaded(folder: Path) -> SafetyChecker:
    checker = SafetyChecker.load(str(folder), CPU)
    assert checker is not None
    return checker


@pytest.mark.parametrize(("threshold", "hidden"), [(-1.5, True), (1.5, False)])
def test_a_checker_decides_by_its_own_thresholds(threshold: float, hidden: bool, tmp_path: Path) -> None:
    save_checker(tmp_path, threshold)
    assert loaded(tmp_path).hides(picture(1, (80, 50))) is hidden


def test_what_has_no_checker_hides_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    assert SafetyChecker.load(str(tiny_folder), CPU) is None
    (tmp_path / "model.safetensors").write_bytes(b"")
    assert SafetyChecker.load(str(tmp_path / "model.safetensors"), CPU) is None


@pytest.mark.parametrize("missing", ["safety_checker/model.safetensors", "feature_extractor/preprocessor_config.json"])
def test_half_a_checker_is_an_error_and_not_none(missing: str, tmp_path: Path) -> None:
    save_checker(tmp_path, 0.0)
    (tmp_path / missing).unlink()
    with pytest.raises(EditError, match="REFEDIT_SAFETY_CHECKER=0"):
        loaded(tmp_path)


def test_weights_that_are_missing_are_an_error_and_older_names_are_known(tmp_path: Path) -> None:
    save_checker(tmp_path, -1.5)
    path = tmp_path / "safety_checker" / "model.safetensors"
    older = {
        f"vision_model.{name}" if name.startswith("vision_model.") else name: value
        for name, value in load_file(path).items()
    }
    save_file(older, path, {"format": "pt"})
    assert loaded(tmp_path).hides(picture(1))
    save_file({name: value for name, value in older.items() if name != "concept_embeds_weights"}, path)
    with pytest.raises(EditError, match="lacks weights"):
        loaded(tmp_path)


def test_half_precision_alone_is_enough(tmp_path: Path) -> None:
    save_checker(tmp_path, -1.5)
    weights = tmp_path / "safety_checker"
    shutil.move(weights / "model.safetensors", weights / "model.fp16.safetensors")
    assert loaded(tmp_path).hides(picture(1))


def events(editor: Editor) -> Iterator[EditEvent]:
    return editor.edit(request_for(Baret(steps=2)))


def test_a_hidden_result_is_one_sentence_and_covers_its_previews(model: StableDiffusion) -> None:
    seen: list[EditEvent] = []
    with pytest.raises(EditError, match="safety checker"):
        for event in events(Editor(model, hides=lambda _: True)):
            seen.append(event)
    *progress, last = seen
    assert progress and all(isinstance(event, Progress) for event in progress)
    assert isinstance(last, Preview) and last.image.getextrema()[0] == (128, 128)


def test_what_is_not_hidden_is_the_same(model: StableDiffusion) -> None:
    plain, checked = (list(events(Editor(model, hides=hides))) for hides in (None, lambda _: False))
    ends = [each[-1] for each in (plain, checked)]
    assert isinstance(ends[0], Finished) and isinstance(ends[1], Finished)
    assert ends[0].image.tobytes() == ends[1].image.tobytes()
    assert any(isinstance(event, Preview) for event in checked)


def test_an_edit_after_a_hidden_one_is_done(model: StableDiffusion) -> None:
    answers = [True]
    editor = Editor(model, hides=lambda _: answers[0])
    with pytest.raises(EditError):
        list(events(editor))
    answers[0] = False
    assert isinstance(list(events(editor))[-1], Finished)
