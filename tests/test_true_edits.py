"""True edits: what must change does, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from refedit.picturebook.world.colours import COLOURS, distance
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import POSES, Scene, sample_scene
from refedit.picturebook.world.true_edits import (
    changed_region,
    take_appearance,
    with_backdrop,
    with_colour,
    with_pose,
    with_style,
)
from tests.conftest import colour_name


def scene_of(kind: str, seed: int = 0, count: int = 1, style: str = "storybook") -> Scene:
    return replace(sample_scene(np.random.default_rng(seed), kinds=(kind,), count=count, studio=False), style=style)


def test_the_same_kind_takes_the_appearance_and_nothing_else() -> None:
    source, reference = scene_of("cat", 1, count=2), scene_of("cat", 2)
    result = take_appearance(source, reference)
    expected = replace(source.subjects[0], appearance=reference.subjects[0].appearance)
    assert result == replace(source, subjects=(expected, source.subjects[1]))


def test_another_kind_comes_along_but_place_and_pose_stay() -> None:
    source, reference = with_pose(scene_of("cat", 1), "jumping"), with_pose(scene_of("bear", 2), "sleeping")
    here, there, result = source.subjects[0], reference.subjects[0], take_appearance(source, reference).subjects[0]
    assert (result.kind, result.appearance) == (there.kind, there.appearance)
    assert (result.x, result.y, result.size, result.mirror) == (here.x, here.y, here.size, here.mirror)
    assert result.pose == "jumping"


def test_a_pose_that_the_new_kind_lacks_comes_from_the_reference() -> None:
    cat, mug, face = scene_of("cat"), scene_of("mug"), scene_of("face")
    assert take_appearance(cat, mug).subjects[0].pose == ""
    assert take_appearance(mug, cat).subjects[0].pose == cat.subjects[0].pose
    assert take_appearance(cat, face).subjects[0].pose == face.subjects[0].pose


def test_taking_the_own_appearance_changes_nothing() -> None:
    scene = scene_of("fox", 3, count=2)
    assert take_appearance(scene, scene) == scene
    assert not changed_region(scene, scene, 48).any()


@pytest.mark.parametrize("name", COLOURS)
def test_a_new_colour_keeps_the_pattern_visible(name: str) -> None:
    for seed in range(5):
        look = with_colour(scene_of("dog", seed), name).subjects[0].appearance
        assert look.colour == colour_name(look.paint) == name
        assert distance(look.paint, look.second_paint) > 0.2


@pytest.mark.parametrize("style", ["storybook", "flat", "paper"])
def test_outside_the_subjects_an_appearance_edit_changes_almost_nothing(style: str) -> None:
    source, reference = scene_of("bear", 4, style=style), scene_of("bear", 5)
    result = take_appearance(source, reference)
    region = changed_region(source, result, 96)
    outside = ~draw(source, 96).masks["subject"]
    # Antialiased rims belong to both sides of a mask's edge.
    assert region.any() and (region & outside).sum() < 0.1 * region.sum()


def test_a_pose_edit_changes_both_silhouettes_and_keeps_the_rest() -> None:
    source = with_pose(scene_of("rabbit", 6), "sitting")
    for pose in POSES[1:]:
        region = changed_region(source, with_pose(source, pose), 96)
        before, after = (draw(item, 96).masks["subject"] for item in (source, with_pose(source, pose)))
        assert (region & (before ^ after)).sum() > 0.9 * (before ^ after).sum()
        assert not region[: 96 // 20].any()


def test_a_backdrop_edit_leaves_the_subject() -> None:
    source = replace(scene_of("car", 7), style="storybook")
    other = "beach" if source.backdrop.name != "beach" else "snow"
    inside = draw(source, 96).masks["subject"]
    region = changed_region(source, with_backdrop(source, other), 96)
    assert (region & inside).sum() < 0.12 * inside.sum() and region[~inside].mean() > 0.8


def test_a_style_edit_keeps_every_mask() -> None:
    source = scene_of("boat", 8)
    assert changed_region(source, with_style(source, "pencil"), 64).mean() > 0.9
    before, after = (draw(item, 64).masks["subject"] for item in (source, with_style(source, "pencil")))
    assert np.array_equal(before, after)


def test_unknown_names_are_refused_with_what_is_known() -> None:
    scene = scene_of("mug")
    with pytest.raises(ValueError, match="'sitting' is no pose of a mug"):
        with_pose(scene, "sitting")
    with pytest.raises(ValueError, match="'teal' is no colour; known: red, orange"):
        with_colour(scene, "teal")
    with pytest.raises(ValueError, match="'moon' is no background"):
        with_backdrop(scene, "moon")
    with pytest.raises(ValueError, match="'oil' is no style"):
        with_style(scene, "oil")
