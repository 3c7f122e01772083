"""The built-in SAM's training at its tiny size: data, prompts, losses, and what it leaves behind."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from refedit.errors import EditError
from refedit.picturebook.dataset.click_sampling import box_of, click_in, cover, pick, prompts
from refedit.picturebook.dataset.clutter import OUTSIDE, THIRD, clutter, collage
from refedit.picturebook.dataset.part_masks import PartMaskStore, part_masks_of, subjects_in
from refedit.picturebook.dataset.scenes import SceneStore, scene_at
from refedit.picturebook.evaluation.sam import iou, measure_sam, subjects, two_clicks
from refedit.picturebook.networks.checkpoint import read_checkpoint
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.training.hyperparameters import HYPERPARAMETERS, StageName
from refedit.picturebook.training.log import Report
from refedit.picturebook.training.sam import SamStage, aimed
from refedit.picturebook.training.sam_prompts import (
    MaskPrompts,
    best_of,
    box_prompts,
    click_prompts,
    corrected,
    decode,
    dice_loss,
    focal_loss,
    mask_losses,
    split,
)
from refedit.picturebook.training.training import Training
from refedit.picturebook.world.drawing import draw
from refedit.segment.sam_network import build_sam
from refedit.segment.segmenter import Segmenter

CPU = torch.device("cpu")
PIXELS = SIZES["tiny"].pixels


@pytest.fixture(scope="module")
def trained(trained_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a SAM was trained for a moment, on scenes that were there."""
    folder = tmp_path_factory.mktemp("training")
    shutil.copytree(trained_once / "scenes", folder / "scenes")
    list(tiny(folder, 0.5).run())
    return folder


def tiny(folder: Path, seconds: float) -> Training:
    return Training(size=SIZES["tiny"], minutes=seconds / 60, folder=folder, device=CPU, stages=(StageName.SAM,))


@pytest.fixture(scope="module")
def stage(trained: Path) -> SamStage:
    store = SceneStore(
        trained / "scenes" / str(PIXELS), HYPERPARAMETERS["tiny"].scenes, PIXELS, SIZES["tiny"].word_grid
    )
    parts = PartMaskStore(trained / "scenes" / str(PIXELS), store.count, PIXELS)
    torch.manual_seed(0)
    config = SIZES["tiny"].sam
    hyperparameters = HYPERPARAMETERS["tiny"].sam
    return SamStage(build_sam(config), config, hyperparameters, store.pictures, parts, trained, trained, rows=3)


@pytest.mark.parametrize("number", [0, 7, 9])
def test_part_masks_hold_every_mask_of_a_drawing(number: int) -> None:
    masks = draw(scene_at("test", number), 32).masks
    parts = part_masks_of(masks)
    assert np.array_equal(parts == 0, masks["background"])
    whole = [masks[name] for name in ("subject", "second") if name in masks]
    assert all(np.array_equal(made, true) for made, true in zip(subjects_in(parts), whole, strict=True))


def test_part_masks_on_disk_are_those_of_the_scenes_and_go_on_where_they_stopped(tmp_path: Path) -> None:
    store = PartMaskStore(tmp_path, 3, 32)
    assert list(store.render(workers=1)) == [0, 3]
    assert np.array_equal(store.part_masks[2], part_masks_of(draw(scene_at("train", 2), 32).masks))
    assert list(PartMaskStore(tmp_path, 3, 32).render()) == [3]
    with pytest.raises(EditError, match="another number or size"):
        list(PartMaskStore(tmp_path, 3, 64).render())


def test_clutter_is_decided_by_its_numbers_and_its_shapes_are_seen() -> None:
    pictures = np.zeros((1, 64, 64, 3), np.uint8)
    first, again = (clutter(np.random.default_rng(3), 64, pictures) for _ in range(2))
    assert np.array_equal(first.picture, again.picture) and np.array_equal(first.parts, again.parts)
    many = [clutter(np.random.default_rng(seed), 64, pictures) for seed in range(30)]
    outside = [one for one in many if (one.parts == OUTSIDE).any()]
    assert 3 < len(outside) < 20
    assert all(len(np.unique(one.picture[one.parts == OUTSIDE], axis=0)) == 1 for one in outside)
    assert np.mean([((one.parts > 0) & (one.parts < OUTSIDE)).mean() for one in many]) > 0.1


def test_a_collage_adds_one_subject_and_changes_nothing_else() -> None:
    scenes = [draw(scene_at("test", number), 64) for number in (0, 1)]
    (picture, parts), (other, others) = [(np.asarray(one.picture), part_masks_of(one.masks)) for one in scenes]
    for seed in range(8):
        made, made_parts = collage(np.random.default_rng(seed), picture, parts, other, others)
        added = made_parts >= THIRD
        assert added.any() and np.array_equal(made_parts[~added], parts[~added])
        assert np.array_equal(made[~added], picture[~added])
        assert np.array_equal(subjects_in(made_parts)[-1], added)


def test_prompts_fit_their_masks() -> None:
    rng, parts = np.random.default_rng(0), part_masks_of(draw(scene_at("test", 0), 64).masks)
    masks = [pick(rng, parts, whole) for whole in (True, False) * 20]
    made = prompts(rng, masks, 16)
    places = made.clicks.astype(int)
    assert all(mask[y, x] for mask, (x, y) in zip(masks, places, strict=True))
    assert all(np.abs(box - box_of(mask)).max() <= 2.5 for mask, box in zip(masks, made.boxes, strict=True))
    assert np.allclose(made.cells.mean((1, 2)) / 255, [mask.mean() for mask in masks], atol=0.01)
    whole = parts > 0
    assert sum(np.array_equal(mask, whole) for mask in masks[::2]) > 10


def test_clicks_come_from_all_of_a_mask() -> None:
    mask = np.zeros((4, 4), bool)
    mask[1, 2] = mask[3, 0] = True
    clicks = {tuple(click_in(np.random.default_rng(seed), mask).tolist()) for seed in range(20)}
    assert clicks == {(2.0, 1.0), (0.0, 3.0)}
    assert cover(mask, 2).tolist() == [[0, 64], [64, 0]]


def test_a_batch_is_decided_by_its_number(stage: SamStage) -> None:
    first, again, other = stage.batch(4), stage.batch(4), stage.batch(5)
    assert torch.equal(first.pictures, again.pictures) and torch.equal(first.boxes, again.boxes)
    assert not torch.equal(first.pictures, other.pictures)
    assert first.cells.shape == (3, HYPERPARAMETERS["tiny"].sam.targets, 16, 16)


def test_masks_for_many_pictures_are_the_packages_own(stage: SamStage) -> None:
    batch, sam = stage.batch(0), stage.network
    with torch.no_grad():
        features = sam.image_encoder(stage.normalised(batch.pictures))
        asked = [click_prompts(batch.clicks[:, :1]), box_prompts(batch.boxes[:, -1])]
        logits, quality = decode(sam, torch.cat([features, features]), asked)
        for row in range(3):
            for start, one in ((0, asked[0]), (3, asked[1])):
                points = (one.points[row, None], one.labels[row, None]) if one.clicks else None
                box = None if one.boxes is None else one.boxes[row, None]
                theirs = sam.mask_decoder.predict_masks(
                    features[row, None], sam.prompt_encoder.get_dense_pe(), *sam.prompt_encoder(points, box, None)
                )
                assert torch.allclose(logits[start + row], theirs[0][0], atol=1e-4)
                assert torch.allclose(quality[start + row], theirs[1][0], atol=1e-4)
    assert [part[0].shape[1] for part in split((logits, quality), asked)] == [3, 1]


def test_an_aimed_sam_starts_by_looking_where_the_click_is() -> None:
    def looking(sam: Any) -> float:
        torch.manual_seed(0)
        layer = sam.mask_decoder.transformer.layers[0].cross_attn_token_to_image
        seen: list[torch.Tensor] = []
        layer.k_proj.register_forward_hook(lambda _, __, out: seen.append(out))
        layer.q_proj.register_forward_hook(lambda _, __, out: seen.append(out))
        with torch.no_grad():
            features = sam.image_encoder(torch.randn(1, 3, 128, 128))
            decode(sam, features, [click_prompts(torch.tensor([[[60.0, 84.0]]]))])
        q, k = (one.unflatten(-1, (layer.num_heads, -1)).transpose(1, 2) for one in seen)
        maps = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)[0, :, 5].unflatten(-1, (16, 16))
        return float(maps[:, 9:12, 6:9].sum((1, 2)).mean())

    fresh = []
    for _ in range(2):
        torch.manual_seed(0)
        fresh.append(build_sam(SIZES["small"].sam))
    assert looking(fresh[0]) < 0.1 < 0.25 < looking(aimed(fresh[1]))


def test_a_step_needs_every_weight_and_nothing_but_its_numbers(stage: SamStage) -> None:
    batch = stage.batch(1)

    def gradients(seed: int) -> list[torch.Tensor]:
        loss = stage.losses(batch, torch.Generator().manual_seed(seed))["loss"]
        return list(torch.autograd.grad(loss, list(stage.network.parameters())))  # fails for a weight that is not used

    alone = [gradients(seed) for seed in (1, 2)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(gradients, (1, 2)))
    assert all(
        torch.allclose(a, b, atol=1e-5)
        for one, two in zip(alone, together, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    assert not all(torch.equal(a, b) for a, b in zip(*alone, strict=True))


def test_a_correction_lies_where_the_mask_is_wrong_and_says_what_is_there() -> None:
    rng = torch.Generator().manual_seed(0)
    targets = torch.zeros(40, 8, 8)
    targets[:, 2:6, 2:6] = 1
    made = torch.where(targets > 0, 5.0, -5.0)
    made[:20, 2, 2], made[20:, 0, 7] = -5.0, 5.0
    asked = corrected(MaskPrompts(torch.zeros(40, 1, 2), torch.ones(40, 1).long()), made, targets, 64, rng, True)
    assert torch.equal(asked.points[:20, 1], torch.tensor([19.5, 19.5]).expand(20, 2))
    assert torch.equal(asked.points[20:, 1], torch.tensor([59.5, 3.5]).expand(20, 2))
    assert asked.labels[:, 1].tolist() == [1] * 20 + [0] * 20
    assert asked.previous is not None and asked.previous.shape == (40, 1, 8, 8)


def test_losses_vanish_for_the_true_mask_and_count_the_best_only() -> None:
    targets = (torch.rand(2, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    right, wrong = 30 * (2 * targets - 1), 30 * (1 - 2 * targets)
    logits, quality = torch.stack([wrong, right, wrong], 1), torch.tensor([[0.0, 1.0, 0.0]] * 2)
    losses = mask_losses(logits, quality, targets)
    assert float(mask_losses(logits, quality, targets, every=0.3)["dice"]) == pytest.approx(0.2, abs=1e-2)
    assert all(float(losses[name]) == pytest.approx(0, abs=1e-3) for name in ("focal", "dice", "quality"))
    assert float(losses["iou"]) == 1 and torch.equal(best_of(logits, quality), right)
    assert float(mask_losses(logits, quality.flip(0) * 0, targets)["quality"]) == pytest.approx(1 / 3)


def test_soft_losses_are_the_usual_ones_for_hard_masks_and_lowest_at_the_cover() -> None:
    logits = torch.randn(1, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    hard = (logits > 0.3).float()
    p = torch.where(hard > 0, logits.sigmoid(), 1 - logits.sigmoid())
    assert torch.allclose(focal_loss(logits, hard), (-((1 - p) ** 2) * p.log()).mean((2, 3)))
    cover = torch.full((1, 1, 4, 4), 0.25)
    for loss in (focal_loss, dice_loss):
        at, below, above = (float(loss(torch.full((1, 1, 4, 4), x).logit(), cover)) for x in (0.25, 0.15, 0.4))
        assert at < min(below, above)


def test_a_training_leaves_a_sam_beside_whatever_else_is_there_and_goes_on(trained: Path) -> None:
    segmenter = Segmenter.load(trained / "pipeline/sam", CPU)
    assert segmenter.sam.image_encoder.img_size == PIXELS
    assert list((trained / "looks").glob("sam-*.png"))
    kept = read_checkpoint(trained / "sam.pt") or {}
    before, longer = kept["step"], kept["seconds"] + 0.1
    (trained / "pipeline/other").mkdir()
    reports = [event for event in tiny(trained, longer).run() if isinstance(event, Report)]
    assert reports[-1].step > before and (trained / "pipeline/other").is_dir()
    assert not [event for event in tiny(trained, 0.1).run() if isinstance(event, Report)]


def test_it_is_measured_on_every_subject_of_unseen_scenes(trained: Path, tmp_path: Path) -> None:
    asked = subjects(12, PIXELS)
    assert len(asked) >= 12 and all(one.mask[int(one.click.y), int(one.click.x)] for one in asked)
    measured = measure_sam(Segmenter.load(trained / "pipeline/sam", CPU), asked, tmp_path)
    assert 0 <= measured.sam_iou <= measured.sam_best_iou <= 1 and measured.sam_click_ms > 0
    assert (tmp_path / "sam.png").is_file() and measured.figures()[0].value == measured.sam_iou
    assert iou(asked[0].mask.astype(np.float32), asked[0].mask) == 1


def test_a_second_click_says_what_is_where_the_mask_is_wrong() -> None:
    (subject,) = subjects(1, PIXELS)[:1]
    rng, true = np.random.default_rng(0), subject.mask.astype(np.float32)
    assert two_clicks(rng, subject, true) == [subject.click]
    for made, inside in ((np.zeros_like(true), True), (np.ones_like(true), False)):
        first, second = two_clicks(rng, subject, made)
        assert first == subject.click and second.inside == inside == subject.mask[int(second.y), int(second.x)]
