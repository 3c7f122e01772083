"""Runs: what arms make of cases, and the bounds that every result lies between."""

from dataclasses import replace

import pytest

from refedit.bench.experiment.arms import Arm, SourceUnchanged, TruthRoundTrip, round_trip
from refedit.bench.experiment.cases import POSE, REFERENCE, RIGID, Place, case_at, placed
from refedit.bench.experiment.measures import CAP
from refedit.bench.experiment.outcome import measured
from refedit.bench.experiment.painting import Painting
from refedit.bench.experiment.runs import ArmRun, run_arm
from refedit.bench.experiment.workbench import Workbench
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.machine.cache import Cache
from refedit.methods import Baret, SpecRef
from refedit.picturebook.world.drawing import draw

SIZE = 64


def test_the_source_unchanged_is_perfect_outside_and_the_truth_everywhere(workbench: Workbench) -> None:
    case = case_at("test", REFERENCE, 0)
    unchanged = measured(
        case, "", run_arm(workbench, case, Arm(name="", method=SourceUnchanged())), SIZE, workbench.reader
    )
    assert unchanged.outside == unchanged.to_source == CAP and unchanged.ssim_outside == pytest.approx(1)
    assert unchanged.inside is not None and unchanged.inside < 30
    # Nothing is wrong outside, so what is wrong weighs more inside than in the whole picture.
    assert unchanged.distance is not None and unchanged.distance_inside is not None
    assert unchanged.distance < unchanged.distance_inside and unchanged.distance_outside == 0
    picture = draw(case.result, SIZE).picture
    true = measured(case, "", ArmRun(image=picture, final=picture), SIZE, workbench.reader)
    assert true.inside == true.whole == CAP and true.ssim_inside == pytest.approx(1)
    assert true.distance == true.distance_inside == true.leak == 0
    assert all(0 <= chance <= 1 for chance in true.chance.values())


def test_the_best_latent_edit_is_the_truth_through_the_vae(workbench: Workbench) -> None:
    case = case_at("test", RIGID, 1)
    made = run_arm(workbench, case, Arm(name="", method=TruthRoundTrip()))
    assert made.image == round_trip(workbench.model, draw(case.result, SIZE).picture) and made.rows == 0
    found = measured(case, "", made, SIZE, None)
    assert found.whole is not None and found.to_source is not None and found.whole < CAP


def test_a_pasted_run_is_what_the_editor_gives(workbench: Workbench, editor: Editor) -> None:
    case, method = case_at("test", POSE, 0), Baret(steps=2)
    finished = list(editor.edit(case.request(method, SIZE)))[-1]
    assert isinstance(finished, Finished)
    made = run_arm(workbench, case, Arm(name="", method=method, paste=True, alone=True))
    assert made.final.tobytes() == finished.image.tobytes() != made.image.tobytes()
    assert made.rows == finished.rows


def test_alone_means_without_memory(workbench: Workbench) -> None:
    case, arm = case_at("test", POSE, 1), Arm(name="", method=Baret(steps=2))
    fresh = replace(workbench, cache=Cache(1 << 30))
    first, again, alone = (run_arm(fresh, case, each) for each in (arm, arm, replace(arm, alone=True)))
    assert again.rows < alone.rows == first.rows
    assert first.final.tobytes() == again.final.tobytes() == alone.final.tobytes()


def test_without_a_painted_region_the_words_decide(workbench: Workbench) -> None:
    for number in (0, 1):  # the same kind, whose prompts are equal, and another
        case = case_at("test", REFERENCE, number)
        made = run_arm(workbench, case, Arm(name="", method=SpecRef(steps=2), painting=Painting.WORDS))
        found = measured(case, "", made, SIZE, None)
        assert made.words is not None and made.words.shape == (workbench.model.word_grid,) * 2
        assert found.word_iou is not None and 0 <= found.word_iou <= 1
    assert run_arm(workbench, case, Arm(name="", method=SpecRef(steps=2))).words is None


def test_without_a_reader_nothing_is_read(blind: Workbench) -> None:
    case = case_at("test", REFERENCE, 0)
    found = measured(case, "", run_arm(blind, case, Arm(name="", method=SpecRef(steps=2))), SIZE, None)
    assert found.read == found.chance == {} and found.distance is None and found.text is None
    assert found.leak is not None and found.outside is not None and found.rows > 0


def test_a_reference_is_placed_beside_the_source() -> None:
    case = case_at("test", REFERENCE, 0)
    here = case.source.subjects[0]
    moved = placed(case, Place(offset=0.2, scale=0.5)).reference
    assert moved is not None and case.reference is not None
    there = moved.subjects[0]
    assert abs(there.x - here.x) == pytest.approx(0.2) and there.size == pytest.approx(here.size / 2)
    assert there.y == here.y and there.appearance == case.reference.subjects[0].appearance
    assert 0.1 < there.x < 0.9
    with pytest.raises(ValueError, match="has no reference to place"):
        placed(case_at("test", POSE, 0), Place())
