"""Drawings: masks that fit the picture, the same drawing at every size, and factors that can be seen."""

from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refedit.picturebook.world.contact_sheet import backdrop_sheet, sheet
from refedit.picturebook.world.drawing import draw, place_of
from refedit.picturebook.world.patterns import mark_shares
from refedit.picturebook.world.scene import BACKGROUNDS, KINDS, PATTERNS, POSES, STYLES, Scene, poses_of, sample_scene
from refedit.picturebook.world.true_edits import with_backdrop, with_style


def scene_of(kind: str, pose: str = "") -> Scene:
    scene = sample_scene(np.random.default_rng(0), kinds=(kind,), count=1, studio=True)
    main = replace(scene.subjects[0], pose=pose or poses_of(kind)[0], x=0.5, mirror=False, size=0.62)
    return replace(scene, subjects=(main,), style="storybook")


def with_look(scene: Scene, **looks: object) -> Scene:
    main = scene.subjects[0]
    look = replace(main.appearance, **looks)  # type: ignore[arg-type]
    return replace(scene, subjects=(replace(main, appearance=look),))


def pixels(scene: Scene, size: int = 64) -> np.ndarray:
    return np.asarray(draw(scene, size).picture, float)


def test_masks_are_disjoint_and_cover_the_picture() -> None:
    rng = np.random.default_rng(0)
    for _ in range(25):
        scene = sample_scene(rng)
        masks = draw(scene, 64).masks
        whole = [key for key in masks if "/" not in key]
        assert whole == ["background", "subject", "second"][: 1 + len(scene.subjects)]
        assert np.array_equal(sum(masks[key].astype(int) for key in whole), np.ones((64, 64), int))


@pytest.mark.parametrize("kind", KINDS)
def test_parts_make_up_their_subject(kind: str) -> None:
    for pose in poses_of(kind):
        masks = draw(scene_of(kind, pose), 64).masks
        parts = [mask for key, mask in masks.items() if key.startswith("subject/")]
        assert np.array_equal(sum(part.astype(int) for part in parts), masks["subject"].astype(int))
        assert 0.06 < masks["subject"].mean() < 0.55


def test_the_second_subject_stands_behind_the_first() -> None:
    scene = sample_scene(np.random.default_rng(1), count=2)
    alone = draw(replace(scene, subjects=scene.subjects[:1]), 96).masks["subject"]
    assert np.array_equal(draw(scene, 96).masks["subject"], alone)


def test_a_drawing_is_the_same_at_every_size() -> None:
    rng = np.random.default_rng(2)
    for style in STYLES:
        scene = replace(sample_scene(rng), style=style)
        large, small = draw(scene, 256), draw(scene, 128)
        reduced = np.asarray(large.picture.reduce(2), float)
        assert np.abs(reduced - np.asarray(small.picture, float)).mean() < 3.5
        agreed = large.masks["subject"][::2, ::2] == small.masks["subject"]
        assert agreed.mean() > 0.98


def test_drawing_twice_gives_the_same_bits() -> None:
    scene = sample_scene(np.random.default_rng(3))
    assert np.array_equal(pixels(scene), pixels(scene))


@pytest.mark.parametrize("kind", ["cat", "dog", "rabbit", "bear", "fox", "bird"])
def test_poses_differ_as_silhouettes(kind: str) -> None:
    shapes = {pose: draw(scene_of(kind, pose), 64).masks["subject"] for pose in POSES}
    for one, other in combinations(POSES, 2):
        first, second = shapes[one], shapes[other]
        assert (first & second).sum() / (first | second).sum() < 0.75, (one, other)


def test_patterns_show_on_the_body() -> None:
    red, white = (0.8, 0.2, 0.2), (0.98, 0.96, 0.92)
    drawn = [pixels(with_look(scene_of("bear"), pattern=name, paint=red, second_paint=white)) for name in PATTERNS]
    for one, other in combinations(drawn, 2):
        assert (np.abs(one - other).max(axis=-1) > 40).mean() > 0.03


@pytest.mark.parametrize("pattern", ["striped", "dotted", "checkered"])
def test_marks_are_told_where_they_are_drawn(pattern: str) -> None:
    scene = with_look(scene_of("ball"), pattern=pattern, paint=(0.8, 0.1, 0.1), second_paint=(0.1, 0.1, 0.8))
    drawn, subject = draw(scene, 128), scene.subjects[0]
    red, _, blue = np.moveaxis(np.asarray(drawn.picture, float), -1, 0)
    coat = drawn.masks["subject"] & (np.abs(red - blue) > 60)
    marks = mark_shares(subject.appearance, place_of(subject), 128) > 0.5
    assert ((blue > red) == marks)[coat].mean() > 0.9
    assert not mark_shares(replace(subject.appearance, pattern="plain"), place_of(subject), 8).any()


@pytest.mark.parametrize("factor", ["width", "angle"])
def test_unnamed_factors_change_the_coat_only(factor: str) -> None:
    value = {"width": 0.11, "angle": 5.0}[factor]
    one, other = (with_look(scene_of("mug"), pattern="striped", **{factor: value * share}) for share in (1, 1.5))
    changed = (pixels(one) != pixels(other)).any(axis=-1)
    assert changed.any() and not (changed & draw(one, 64).masks["background"]).sum() > 64


def test_backgrounds_differ_and_leave_the_masks_alone() -> None:
    scene = scene_of("fox")
    drawn = {name: draw(with_backdrop(scene, name), 64) for name in BACKGROUNDS}
    subject = drawn["studio"].masks["subject"]
    for one, other in combinations(drawn.values(), 2):
        difference = np.abs(np.asarray(one.picture, float) - np.asarray(other.picture, float)).mean(axis=-1)
        assert difference[~subject].mean() > 12
        assert np.array_equal(one.masks["subject"], subject)


def test_styles_differ() -> None:
    drawn = [pixels(with_style(scene_of("cat"), style), 96) for style in STYLES]
    for one, other in combinations(drawn, 2):
        assert np.abs(one - other).mean() > 1.5


def test_a_scene_costs_few_pixels_so_that_millions_can_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    new = Image.new

    def counted(mode: str, size: tuple[int, int], *color: Any) -> Image.Image:
        drawn.append(size[0] * size[1])
        return new(mode, size, *color)

    monkeypatch.setattr(Image, "new", counted)
    rng, scenes = np.random.default_rng(5), 30
    for _ in range(scenes):
        draw(sample_scene(rng), 128)
    # Picture and owners at three times the size; every shape only in the box that it fills.
    assert 2 <= sum(drawn) / scenes / (3 * 128) ** 2 < 5


def test_sheets_have_the_asked_size() -> None:
    assert sheet(0, 32, 3, 2).size == (3 * 36 - 4, 2 * 36 - 4)
    assert backdrop_sheet(0, 32).size == (len(BACKGROUNDS) * 36 - 4, len(STYLES) * 36 - 4)


def test_only_studios_are_orchid() -> None:
    rng = np.random.default_rng(4)
    studio, elsewhere = (
        [orchid(pixels(replace(sample_scene(rng, studio=plain), style="storybook"))) for _ in range(20)]
        for plain in (True, False)
    )
    assert min(studio) > 0.4 and max(elsewhere) < 0.03


def orchid(picture: np.ndarray) -> float:
    """The share of clearly coloured pixels whose hue lies between purple and pink."""
    red, green, blue = np.moveaxis(picture / 255, -1, 0)
    chroma = picture.max(-1) / 255 - green
    turn = np.where(
        blue >= red, 300 - 60 * (blue - red) / chroma.clip(1e-6), 300 + 60 * (red - blue) / chroma.clip(1e-6)
    )
    return float(((green < np.minimum(red, blue)) & (chroma > 0.08) & (abs(turn - 305) < 13)).mean())
