"""Segment Anything's wrapper, with its real classes at tiny size: loading, coordinates, and that nothing is shared."""

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from refedit import segment
from refedit.command_segment import read_click
from refedit.errors import EditError
from refedit.segment import Click, Segmenter
from tests.conftest import picture

CPU = torch.device("cpu")


def tiny_sam() -> Any:
    """A SAM of 64 px and 4x4 features, of the package's own classes."""
    modeling = segment._module("modeling")
    torch.manual_seed(0)
    encoder = modeling.ImageEncoderViT(
        img_size=64, patch_size=16, embed_dim=32, depth=2, num_heads=2, out_chans=32, window_size=2,
        global_attn_indexes=(1,), use_rel_pos=True, norm_layer=partial(nn.LayerNorm, eps=1e-6),
    )  # fmt: skip
    prompts = modeling.PromptEncoder(
        embed_dim=32, image_embedding_size=(4, 4), input_image_size=(64, 64), mask_in_chans=8
    )
    transformer = modeling.TwoWayTransformer(depth=1, embedding_dim=32, mlp_dim=32, num_heads=2)
    decoder = modeling.MaskDecoder(
        transformer_dim=32, transformer=transformer, iou_head_depth=1, iou_head_hidden_dim=32
    )
    return modeling.Sam(encoder, prompts, decoder)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(tiny_sam(), CPU)


@pytest.mark.parametrize("size", [(64, 64), (100, 40), (30, 90)])
def test_a_mask_has_the_pictures_size_and_is_binary(segmenter: Segmenter, size: tuple[int, int]) -> None:
    mask = segmenter.mask(segmenter.embed(picture(1, size)), [Click(10, 20)])
    assert mask.size == size and set(mask.values.flatten().tolist()) <= {0.0, 1.0}


def test_a_mask_is_the_packages_own_prediction(segmenter: Segmenter) -> None:
    image = picture(2, (64, 64))
    ours = segmenter.mask(segmenter.embed(image), [Click(10, 20), Click(40, 50, inside=False)])
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    record = {
        "image": pixels, "original_size": (64, 64),
        "point_coords": torch.tensor([[[10.0, 20.0], [40.0, 50.0]]]), "point_labels": torch.tensor([[1, 0]]),
    }  # fmt: skip
    with torch.no_grad():
        theirs = segmenter.sam([record], multimask_output=False)[0]["masks"][0, 0]
    assert torch.equal(torch.from_numpy(ours.values) > 0.5, theirs)


def test_pictures_do_not_mix(segmenter: Segmenter) -> None:
    first, second = segmenter.embed(picture(1)), segmenter.embed(picture(2))
    before = segmenter.mask(first, [Click(30, 30)]).values
    segmenter.mask(second, [Click(5, 5)])
    assert (segmenter.mask(first, [Click(30, 30)]).values == before).all()


def test_only_clicks_outside_are_refused(segmenter: Segmenter) -> None:
    with pytest.raises(EditError, match="No click is inside"):
        segmenter.mask(segmenter.embed(picture(1)), [Click(1, 1, inside=False)])


def test_an_official_checkpoint_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builders = segment._module("build_sam").sam_model_registry
    monkeypatch.setitem(builders, "vit_b", tiny_sam)
    weights = {name: value + 1 for name, value in tiny_sam().state_dict().items()}
    torch.save(weights, tmp_path / "sam_vit_b_01ec64.pth")
    loaded = Segmenter.load(tmp_path / "sam_vit_b_01ec64.pth", CPU).sam.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in loaded.items())


def test_what_is_no_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "sam_vit_b.pth").write_bytes(pickle.dumps(print, protocol=2))
    for name in ("sam_vit_b.pth", "missing_vit_b.pth", "other.pth"):
        with pytest.raises(EditError, match="checkpoint|can't be read"):
            Segmenter.load(tmp_path / name, CPU)


def test_a_click_is_read_from_its_spelling() -> None:
    assert read_click("3, 4.5") == Click(3, 4.5) and read_click("3,4,-") == Click(3, 4, inside=False)
    for text in ("3", "a,b", "1,2,3"):
        with pytest.raises(EditError, match="is no click"):
            read_click(text)
