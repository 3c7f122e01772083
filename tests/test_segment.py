"""Segment Anything's wrapper, with its real classes at tiny size: loading, coordinates, and that nothing is shared."""

import hashlib
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from refedit import models
from refedit.__main__ import main
from refedit.cli.segment import read_box
from refedit.errors import EditError
from refedit.imaging.images import read_picture
from refedit.machine.checksums import write_sums
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import sample_scene
from refedit.segment.sam_network import SamConfig, build_sam, sam_module, save_sam
from refedit.segment.segmenter import Click, Segmenter, read_click
from refedit.segment.selection import keeps_to, select
from tests.conftest import picture

CPU = torch.device("cpu")
TINY = SamConfig(
    pixels=64, patch=16, features=32, depth=2, heads=2, window=2, whole=(1,), decoder=32, decoder_heads=2
)  # fmt: skip


def tiny_sam() -> Any:
    torch.manual_seed(0)
    return build_sam(TINY)


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(tiny_sam(), CPU)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a SAM in it."""
    where = tmp_path_factory.mktemp("model")
    save_sam(tiny_sam(), TINY, where / "sam")
    write_sums(where)
    return where


@pytest.mark.parametrize("size", [(64, 64), (100, 40), (30, 90)])
def test_a_mask_has_the_pictures_size_and_is_binary(segmenter: Segmenter, size: tuple[int, int]) -> None:
    mask = segmenter.mask(segmenter.embed(picture(1, size)), [Click(10, 20)])
    assert mask.size == size and set(mask.values.flatten().tolist()) <= {0.0, 1.0}


def theirs(segmenter: Segmenter, record: dict[str, Any]) -> Any:
    """The package's own prediction for a 64 px picture."""
    pixels = torch.from_numpy(np.array(picture(2, (64, 64)))).permute(2, 0, 1).float()
    with torch.no_grad():
        return segmenter.sam([{"image": pixels, "original_size": (64, 64), **record}], multimask_output=False)[0]


def test_a_mask_is_the_packages_own_prediction(segmenter: Segmenter) -> None:
    embedded = segmenter.embed(picture(2, (64, 64)))
    clicks = [Click(10, 20), Click(40, 50, inside=False)]
    points = {
        "point_coords": torch.tensor([[[10.0, 20.0], [40.0, 50.0]]]), "point_labels": torch.tensor([[1, 0]]),
    }  # fmt: skip
    box = {"boxes": torch.tensor([[5.0, 6.0, 50.0, 60.0]])}
    first = theirs(segmenter, points)
    for found, right in (
        (segmenter.mask(embedded, clicks), first),
        (segmenter.mask(embedded, [], (5, 6, 50, 60)), theirs(segmenter, box)),
        (segmenter.mask(embedded, clicks, (5, 6, 50, 60)), theirs(segmenter, {**points, **box})),
        (
            segmenter.mask(embedded, clicks, previous=first["low_res_logits"][0, 0]),
            theirs(segmenter, {**points, "mask_inputs": first["low_res_logits"]}),
        ),
    ):
        assert torch.equal(torch.from_numpy(found.values) > 0.5, right["masks"][0, 0])


def test_one_click_has_three_answers_and_more_prompts_have_one(segmenter: Segmenter) -> None:
    embedded = segmenter.embed(picture(2))
    three = segmenter.candidates(embedded, [Click(10, 20)])
    assert len(three) == 3 and [one.quality for one in three] == sorted((c.quality for c in three), reverse=True)
    assert np.array_equal(three[0].mask.values, segmenter.mask(embedded, [Click(10, 20)]).values)
    assert three[0].logits.shape == (16, 16)
    again = segmenter.candidates(embedded, [Click(10, 20)], previous=three[0].logits)
    boxed = segmenter.candidates(embedded, [], (5, 5, 20, 20))
    two = [Click(1, 2), Click(3, 4)]
    assert len(again) == len(boxed) == len(segmenter.candidates(embedded, two)) == 1
    always = Segmenter(segmenter.sam, CPU, always_three=True)
    assert len(always.candidates(embedded, two)) == 3 and len(always.candidates(embedded, two, (1, 1, 9, 9))) == 1


def test_prompts_are_places_of_the_picture_whatever_its_size(segmenter: Segmenter) -> None:
    small = picture(3, (64, 64))
    large = small.resize((256, 256), resample=0)
    pairs = [(small, 1), (large, 4)]
    logits = [
        segmenter.candidates(
            segmenter.embed(image), [Click(9 * scale, 20 * scale)], (4 * scale, 5 * scale, 40 * scale, 50 * scale)
        )[0].logits
        for image, scale in pairs
    ]
    assert torch.allclose(logits[0], logits[1], atol=1e-3)


def test_pictures_do_not_mix(segmenter: Segmenter) -> None:
    first, second = segmenter.embed(picture(1)), segmenter.embed(picture(2))
    before = segmenter.mask(first, [Click(30, 30)]).values
    segmenter.mask(second, [Click(5, 5)])
    assert (segmenter.mask(first, [Click(30, 30)]).values == before).all()


def test_prompts_without_a_meaning_are_refused(segmenter: Segmenter) -> None:
    embedded = segmenter.embed(picture(1))
    with pytest.raises(EditError, match="No click is inside"):
        segmenter.mask(embedded, [Click(1, 1, inside=False)])
    with pytest.raises(EditError, match="The box is empty"):
        segmenter.mask(embedded, [Click(1, 1)], (10, 10, 10, 20))


def save_official(folder: Path, weights: dict[str, Any]) -> tuple[Path, str]:
    """A checkpoint named as the official ones are, and its digest."""
    torch.save(weights, folder / "unnamed.pth")
    digest = hashlib.sha256((folder / "unnamed.pth").read_bytes()).hexdigest()
    return (folder / "unnamed.pth").rename(folder / f"sam_vit_b_{digest[:6]}.pth"), digest


def test_an_official_checkpoint_is_loaded_and_its_digest_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sam_module("build_sam").sam_model_registry, "vit_b", tiny_sam)
    weights = {name: value + 1 for name, value in tiny_sam().state_dict().items()}
    checkpoint, digest = save_official(tmp_path, weights)
    loaded = Segmenter.load(checkpoint, CPU)
    assert digest in loaded.about
    assert all(torch.equal(value, weights[name]) for name, value in loaded.sam.state_dict().items())
    with pytest.raises(EditError, match=f"begins with {digest[:6]}, not 01ec64. Download it again"):
        Segmenter.load(checkpoint.rename(tmp_path / "sam_vit_b_01ec64.pth"), CPU)


def test_the_smallest_official_size_is_built_and_filled(tmp_path: Path) -> None:
    sam = sam_module("build_sam").sam_model_registry["vit_b"]()
    checkpoint, _ = save_official(tmp_path, sam.state_dict())
    loaded = Segmenter.load(checkpoint, CPU).sam.state_dict()
    assert len(loaded) == len(sam.state_dict()) and sum(value.numel() for value in loaded.values()) > 90_000_000
    assert all(torch.equal(value, loaded[name]) for name, value in sam.state_dict().items())


def test_a_sam_of_the_hub_is_taken_from_where_the_hub_keeps_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    kept = tmp_path / "models--someone--sam-tiny"
    shutil.copytree(folder / "sam", kept / "snapshots" / "abc")
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    loaded = Segmenter.load(Path("someone/sam-tiny"), CPU)
    assert loaded.about == "the SAM someone/sam-tiny" and len(loaded.sam.state_dict()) > 50
    with pytest.raises(EditError, match="'someone/sam-other' can't be had from the Hugging Face hub"):
        Segmenter.load(Path("someone/sam-other"), CPU)


def test_what_is_no_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "sam_vit_b.pth").write_bytes(pickle.dumps(print, protocol=2))
    torch.save([1, 2], tmp_path / "list_vit_b.pth")
    (tmp_path / "other.pth").touch()
    for name, says in (
        ("sam_vit_b.pth", "can't be read"),
        ("list_vit_b.pth", "can't be read"),
        ("other.pth", "is no SAM"),
        ("sam_vit_b_01ec64.pth", "There is no SAM at"),
    ):
        with pytest.raises(EditError, match=says):
            Segmenter.load(tmp_path / name, CPU)


def test_a_folder_gives_back_what_was_saved_in_half_precision(folder: Path) -> None:
    saved, loaded = tiny_sam().state_dict(), Segmenter.load(folder / "sam", CPU).sam.state_dict()
    assert all(torch.equal(value, saved[name].half().float()) for name, value in loaded.items())
    weights = folder / "sam/model.safetensors"
    assert weights.stat().st_size < 2.1 * sum(value.numel() for value in saved.values()) + 20_000


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("{", "can't be read"),
        ('{"pixels": 64}', "can't be read"),
        ('{"vision_config": {}}', "lacks"),
        (None, "weights"),
    ],
)
def test_a_damaged_folder_is_said(folder: Path, tmp_path: Path, config: str | None, says: str) -> None:
    good = (folder / "sam/config.json").read_text()
    (tmp_path / "config.json").write_text(config or good.replace('"depth": 2', '"depth": 1'))
    (tmp_path / "model.safetensors").write_bytes((folder / "sam/model.safetensors").read_bytes())
    with pytest.raises(EditError, match=says):
        Segmenter.load(tmp_path, CPU)


def tiny_transformers_sam() -> Any:
    from transformers import SamConfig, SamMaskDecoderConfig, SamModel, SamPromptEncoderConfig, SamVisionConfig

    torch.manual_seed(1)
    vision = SamVisionConfig(
        hidden_size=32, output_channels=32, num_hidden_layers=2, num_attention_heads=2, image_size=64, patch_size=16,
        window_size=2, global_attn_indexes=[1], mlp_dim=128, num_pos_feats=16,
    )  # fmt: skip
    prompts = SamPromptEncoderConfig(hidden_size=32, image_size=64, patch_size=16, mask_input_channels=8)
    decoder = SamMaskDecoderConfig(hidden_size=32, mlp_dim=48, num_attention_heads=2, iou_head_hidden_dim=32)
    model = SamModel(SamConfig(vision_config=vision, prompt_encoder_config=prompts, mask_decoder_config=decoder))
    for parameter in model.parameters():
        parameter.data.add_(0.2 * torch.randn_like(parameter))
    return model.eval()


def test_a_sam_of_transformers_answers_as_there(tmp_path: Path) -> None:
    model = tiny_transformers_sam()
    model.save_pretrained(tmp_path)
    loaded = Segmenter.load(tmp_path, CPU)
    image = picture(2, (64, 64))
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()
    with torch.no_grad():
        answer = model(
            pixel_values=((pixels - loaded.sam.pixel_mean) / loaded.sam.pixel_std)[None],
            input_points=torch.tensor([[[[10.0, 20.0]]]]), input_labels=torch.tensor([[[1]]]), multimask_output=True,
        )  # fmt: skip
    ours = loaded.candidates(loaded.embed(image), [Click(10, 20)])
    order = answer.iou_scores[0, 0].argsort(descending=True)
    assert torch.allclose(torch.stack([one.logits for one in ours]), answer.pred_masks[0, 0][order], atol=1e-3)
    assert torch.allclose(torch.tensor([one.quality for one in ours]), answer.iou_scores[0, 0][order], atol=1e-4)


def test_the_built_in_one_is_found_or_missed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "builtin_folder", lambda: folder)
    assert models.builtin_segmenter(CPU).sam.image_encoder.img_size == 64
    monkeypatch.setattr(models, "builtin_folder", lambda: tmp_path)
    with pytest.raises(EditError, match="built-in SAM's weights are missing"):
        models.builtin_segmenter(CPU)


def test_the_command_writes_a_mask(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "builtin_folder", lambda: folder)
    source, out = tmp_path / "source.png", tmp_path / "out.png"
    picture(1, (80, 60)).save(source)
    command = ["segment", "--image", str(source), "--out", str(out)]
    assert main([*command, "--box", "3,4,50,40", "--click", "10,20"]) == 0
    assert read_picture(out).size == (80, 60)
    assert main([*command, "--box", "3,4,81,40"]) == main(command) == 2


def test_a_prompt_is_read_from_its_spelling() -> None:
    assert read_click("3, 4.5") == Click(3, 4.5) and read_click("3,4,-") == Click(3, 4, inside=False)
    assert read_box("1, 2.5,3,4") == (1, 2.5, 3, 4)
    for text in ("3", "a,b", "1,2,3"):
        with pytest.raises(EditError, match="is no click"):
            read_click(text)
        with pytest.raises(EditError, match="is no box"):
            read_box(text)


@pytest.mark.parametrize("seed", range(4))
def test_a_selection_keeps_to_every_click_whatever_sam_answers(segmenter: Segmenter, seed: int) -> None:
    """Random weights answer at random, so that all ways out are taken."""
    places, embedded = np.random.default_rng(seed).integers(0, 100, (5, 2)), segmenter.embed(picture(seed, (100, 100)))
    for inside in (1, 2, 4):
        clicks = [Click(float(x), float(y), number < inside) for number, (x, y) in enumerate(places)]
        assert keeps_to(select(segmenter, embedded, clicks), clicks)


def test_an_answer_of_sam_that_keeps_to_the_clicks_is_the_selection(segmenter: Segmenter) -> None:
    embedded, found = segmenter.embed(picture(2)), 0
    for click in (Click(x, y) for x in range(4, 64, 12) for y in range(4, 64, 12)):
        kept = [answer.mask for answer in segmenter.candidates(embedded, [click]) if keeps_to(answer.mask, [click])]
        found += bool(kept)
        assert not kept or np.array_equal(select(segmenter, embedded, [click]).values, kept[0].values)
    assert found


@pytest.mark.skipif(not (models.builtin_folder() / "sam").is_dir(), reason="no weights in this copy")
def test_two_clicks_on_two_things_select_both() -> None:
    drawing = draw(sample_scene(np.random.default_rng(3), count=2), 256)
    segmenter = models.builtin_segmenter(CPU)
    places, true = [], np.zeros((256, 256), bool)
    for name in ("subject", "second"):
        inside = np.asarray(drawing.masks[name]) >= 0.5
        ys, xs = np.nonzero(inside)
        places.append(Click(float(np.median(xs)), float(np.median(ys))))
        true |= inside
    found = select(segmenter, segmenter.embed(drawing.picture), places).values >= 0.5
    assert (found & true).sum() / (found | true).sum() > 0.8
