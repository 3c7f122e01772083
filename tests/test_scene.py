"""Scenes are plain data: reproducible, exactly writable, and their colour names leave gaps."""

from itertools import combinations

import numpy as np
import pytest

from refedit.picturebook.world.colours import COLOURS, distance, paint_at, sample_contrast, sample_paint
from refedit.picturebook.world.scene import (
    ANIMALS,
    BACKGROUNDS,
    EXPRESSIONS,
    FACE,
    KINDS,
    PATTERNS,
    POSES,
    STYLES,
    THINGS,
    Scene,
    from_json,
    poses_of,
    sample_scene,
    to_json,
)
from tests.conftest import colour_name


def scenes(number: int, seed: int = 0, **options: object) -> list[Scene]:
    rng = np.random.default_rng(seed)
    return [sample_scene(rng, **options) for _ in range(number)]  # type: ignore[arg-type]


def test_the_world_is_as_rich_as_designed() -> None:
    assert len(KINDS) >= 12 and len(set(KINDS)) == len(KINDS)
    assert len(BACKGROUNDS) >= 9 and "studio" in BACKGROUNDS
    assert len(COLOURS) == 11 and len(PATTERNS) == 4 and len(STYLES) >= 4
    assert {"sitting", "standing", "jumping", "sleeping"} <= set(POSES)


def test_json_gives_the_scene_back_exactly() -> None:
    for scene in scenes(50):
        assert from_json(to_json(scene)) == scene


def test_a_seed_gives_the_same_scenes() -> None:
    assert scenes(20, seed=7) == scenes(20, seed=7)
    assert scenes(20, seed=7) != scenes(20, seed=8)


def test_everything_that_can_be_named_is_sampled() -> None:
    many = scenes(600)
    mains = [scene.subjects[0] for scene in many]
    assert {subject.kind for subject in mains} == set(KINDS)
    assert {subject.pose for subject in mains} == {*POSES, *EXPRESSIONS, ""}
    assert {subject.appearance.colour for subject in mains} == set(COLOURS)
    assert {subject.appearance.pattern for subject in mains} == set(PATTERNS)
    assert {scene.backdrop.name for scene in many} == set(BACKGROUNDS)
    assert {scene.style for scene in many} == set(STYLES)
    assert {len(scene.subjects) for scene in many} == {1, 2}


def test_what_is_asked_for_is_drawn() -> None:
    assert {s.kind for scene in scenes(40, kinds=("cat", "mug"), count=2) for s in scene.subjects} == {"cat", "mug"}
    assert all(len(scene.subjects) == 2 for scene in scenes(10, count=2))
    assert all(scene.backdrop.name == "studio" for scene in scenes(10, studio=True))
    assert all(scene.backdrop.name != "studio" for scene in scenes(60, studio=False))


def test_two_subjects_look_the_same_half_of_the_time() -> None:
    pairs = [scene.subjects for scene in scenes(200, count=2)]
    twins = [(one, other) for one, other in pairs if one.appearance == other.appearance]
    assert 70 < len(twins) < 130
    assert all(one.kind == other.kind for one, other in twins)
    assert any(one.pose != other.pose for one, other in twins)
    assert any(one.kind == other.kind for one, other in pairs if one.appearance != other.appearance)


def test_poses_belong_to_their_kinds() -> None:
    assert all(poses_of(kind) == POSES for kind in ANIMALS)
    assert all(poses_of(kind) == ("",) for kind in THINGS)
    assert poses_of(FACE) == EXPRESSIONS
    for scene in scenes(200):
        assert all(subject.pose in poses_of(subject.kind) for subject in scene.subjects)


@pytest.mark.parametrize("name", COLOURS)
def test_a_paint_reads_as_its_own_name(name: str) -> None:
    rng = np.random.default_rng(1)
    assert all(colour_name(sample_paint(name, rng)) == name for _ in range(200))


def test_colour_names_leave_gaps_between_them() -> None:
    rng = np.random.default_rng(2)
    samples = {name: [sample_paint(name, rng) for _ in range(20)] for name in COLOURS}
    for one, other in combinations(COLOURS, 2):
        assert min(distance(a, b) for a in samples[one] for b in samples[other]) > 0.09, (one, other)


def test_colours_are_continuous_within_a_name() -> None:
    rng = np.random.default_rng(3)
    assert len({sample_paint("green", rng) for _ in range(50)}) == 50


def test_second_paints_show_on_the_first() -> None:
    rng = np.random.default_rng(4)
    for name in COLOURS:
        paint = paint_at(name)
        assert min(distance(paint, sample_contrast(paint, rng)) for _ in range(40)) > 0.22
