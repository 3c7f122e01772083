"""Finding a thing by its word: where the model attends, whether it is there, and what SAM makes of it."""

import numpy as np
import pytest
import torch
from PIL import Image

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.editor import Editor
from refedit.editing.locate import locate
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.models import BUILTIN, builtin_folder, builtin_segmenter, load_model
from refedit.picturebook.dataset.scenes import scene_at
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import KINDS
from refedit.segment.heat import agreement, cut_out
from refedit.segment.sam_network import build_sam
from refedit.segment.segmenter import Segmenter
from tests.conftest import box_mask, picture
from tests.test_segment import TINY

CPU = torch.device("cpu")
HERE = pytest.mark.skipif(not (builtin_folder() / "sam").is_dir(), reason="no weights in this copy")


@pytest.mark.parametrize("size", [(64, 64), (96, 48), (30, 90)])
def test_a_heat_has_the_pictures_size_and_reaches_one(model: StableDiffusion, size: tuple[int, int]) -> None:
    """With any backbone, also one of another vocabulary."""
    located = locate(model, picture(1, size), "dog", "a red dog")
    assert located.heat.size == size
    assert 0 <= located.heat.values.min() and located.heat.values.max() > 0.5


def test_the_same_is_found_whatever_was_edited_before(model: StableDiffusion) -> None:
    editor = Editor(model)
    assert isinstance(editor, EditingService)
    first, second = (editor.locate(picture(1), "dog") for _ in range(2))
    assert np.array_equal(first.heat.values, second.heat.values) and first.there == second.there


def test_what_cannot_be_asked_for_is_said(model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="no word to look for"):
        locate(model, picture(1), " ")


def test_of_all_answers_the_one_that_agrees_with_the_heat_is_chosen() -> None:
    torch.manual_seed(0)
    segmenter = Segmenter(build_sam(TINY), CPU)
    embedded, heat = segmenter.embed(picture(2)), box_mask((64, 64), (8, 8, 40, 40))
    chosen = agreement(cut_out(segmenter, embedded, heat), heat)

    box = segmenter.candidates(embedded, [], (8.0, 8.0, 40.0, 40.0))
    assert chosen >= max(agreement(answer.mask, heat) for answer in box)
    with pytest.raises(EditError, match="Nothing in the picture stands out"):
        cut_out(segmenter, embedded, Mask(np.zeros((64, 64), np.float32)))


@HERE
@pytest.mark.long
def test_the_built_in_model_finds_what_is_there_and_doubts_what_is_not() -> None:
    model, segmenter, found, doubted = load_model(BUILTIN, "cpu"), builtin_segmenter(CPU), [], []
    for number in range(3):
        scene = scene_at("test", number)
        drawing, kinds = draw(scene, 256), {subject.kind for subject in scene.subjects}
        located = locate(model, drawing.picture, scene.subjects[0].kind)
        mask = cut_out(segmenter, segmenter.embed(drawing.picture), located.heat).values >= 0.5
        true = np.asarray(drawing.masks["subject"])
        found.append(located.there and (mask & true).sum() / (mask | true).sum())
        absent = next(kind for kind in KINDS[number:] if kind not in kinds)
        doubted.append(not locate(model, drawing.picture, absent).there)
    assert np.mean(found) > 0.8 and sum(doubted) >= 2


@HERE
def test_a_word_that_the_built_in_model_lacks_is_named_with_a_nearer_one() -> None:
    with pytest.raises(EditError, match="Did you mean 'rabbit'"):
        locate(load_model(BUILTIN, "cpu"), Image.new("RGB", (64, 64)), "rabit")


@HERE
@pytest.mark.parametrize("word", ["desert", "blue", "sleeping", "watercolour"])
def test_what_is_no_thing_is_not_looked_for(word: str) -> None:
    with pytest.raises(EditError, match=f"'{word}'"):
        locate(load_model(BUILTIN, "cpu"), Image.new("RGB", (64, 64)), word)


@HERE
def test_of_several_words_the_unknown_one_is_named() -> None:
    with pytest.raises(EditError, match="does not know 'sun'"):
        locate(load_model(BUILTIN, "cpu"), Image.new("RGB", (64, 64)), "cat and sun")
