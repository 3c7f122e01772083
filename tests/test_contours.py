"""How alike contours are, and how well a model draws by them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.imaging.contours import Box, contours, likeness
from refedit.models import builtin_segmenter
from refedit.picturebook.evaluation.drawn_well import contours_of, drawings_like, found, measure_drawn_well, nearest
from refedit.picturebook.evaluation.reader import Asked, one_subject_scenes
from refedit.picturebook.networks.diffusion import build_pipeline, build_text_encoder, build_unet, build_vae
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.networks.vocabulary import build_tokenizer
from refedit.picturebook.world import captions
from refedit.picturebook.world.drawing import draw


def disc(box: Box, colour: str = "red", ground: str = "white") -> Image.Image:
    picture = Image.new("RGB", (256, 256), ground)
    ImageDraw.Draw(picture).ellipse(box, fill=colour)
    return picture


SMALL, LARGE = (20, 30, 100, 110), (60, 60, 220, 220)


def test_the_same_shape_is_alike_wherever_it_stands_and_whatever_its_colour() -> None:
    first, second = contours(disc(SMALL), SMALL), contours(disc(LARGE, "blue", "yellow"), LARGE)
    assert likeness(first, first) == pytest.approx(1)
    assert likeness(first, second) == likeness(second, first) > 0.8


def cross(box: Box) -> Image.Image:
    picture = Image.new("RGB", (256, 256), "white")
    left, top, right, bottom = box
    pen = ImageDraw.Draw(picture)
    pen.line((left, top, right, bottom), "red", 9)
    pen.line((left, bottom, right, top), "red", 9)
    return picture


def wobbly(box: Box) -> Image.Image:
    left, top, right, bottom = box
    turns = np.linspace(0, 2 * np.pi, 200)
    reach = 1 - 0.12 * (1 + np.sin(9 * turns))
    x = (left + right) / 2 + (right - left) / 2 * reach * np.cos(turns)
    y = (top + bottom) / 2 + (bottom - top) / 2 * reach * np.sin(turns)
    picture = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(picture).polygon([*zip(x.tolist(), y.tolist(), strict=True)], "red")
    return picture


@pytest.mark.parametrize("worse", [cross, wobbly])
def test_another_shape_or_a_bad_drawing_is_less_alike(worse: Callable[[Box], Image.Image]) -> None:
    good = contours(disc(LARGE), LARGE)
    assert likeness(good, contours(worse(LARGE), LARGE)) < 0.7 < likeness(good, contours(disc(SMALL), SMALL))


def test_nothing_has_no_contours_to_be_like() -> None:
    assert likeness(contours(Image.new("RGB", (256, 256)), SMALL), contours(disc(SMALL), SMALL)) == 0


def test_drawings_of_the_same_words_show_the_same_thing_elsewhere() -> None:
    scene = one_subject_scenes(1)[0]
    drawings = drawings_like(scene, 64, 4)
    assert len({drawing.picture.tobytes() for drawing in drawings}) == 4
    again = drawings_like(scene, 64, 4)
    assert [one.picture.tobytes() for one in drawings] == [one.picture.tobytes() for one in again]


def test_a_drawing_is_nearer_to_those_of_its_own_words() -> None:
    cat, other = (next(s for s in one_subject_scenes(60) if s.subjects[0].kind == kind) for kind in ("cat", "umbrella"))
    plain = replace(cat.subjects[0], appearance=replace(cat.subjects[0].appearance, pattern="plain"))
    own = contours_of(draw(replace(cat, subjects=(plain,)), 128))
    cats, others = ([contours_of(each) for each in drawings_like(scene, 128, 8)] for scene in (cat, other))
    assert nearest(own, [own]) == pytest.approx(1)
    assert nearest(own, cats) > nearest(own, others)


@pytest.mark.long
def test_a_model_is_measured_beside_drawings_themselves() -> None:
    torch.manual_seed(0)
    size, tokenizer = SIZES["tiny"], build_tokenizer(captions.words())
    parts = build_vae(size), build_unet(size), build_text_encoder(size, tokenizer)
    model = StableDiffusion(build_pipeline(*parts, tokenizer), "tiny")
    asked, segmenter = Asked.of(model, 2), builtin_segmenter(torch.device("cpu"))
    for left, top, right, bottom in found(model, segmenter, asked):
        assert 0 <= left < right <= model.size and 0 <= top < bottom <= model.size
    made, bound = measure_drawn_well(model, segmenter, asked)
    assert made.cases == bound.cases == 2 and made.value < bound.value <= 1
