"""What the UNet's training is told beside the noise: where subjects are, and where the marks of their coats."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from refedit.picturebook.dataset.scenes import mark_cells
from refedit.picturebook.networks.supervision import MarkHead, mark_targets
from refedit.picturebook.training.unet import emphasis
from refedit.picturebook.world.scene import sample_scene


def test_errors_count_more_where_a_subject_is_and_as_much_in_all() -> None:
    subjects = torch.zeros(2, 2, 2)
    subjects[0, 0, 0] = 1
    weights = emphasis(subjects, 2.0, 4)
    assert weights.shape == (2, 4, 4) and float(weights.mean()) == pytest.approx(1)
    assert torch.allclose(weights[0, :2, :2], 3 * weights[1, :2, :2])
    assert torch.equal(emphasis(subjects, 0.0, 4), torch.ones(2, 4, 4))


@torch.no_grad()
def test_a_head_that_knows_the_marks_has_no_loss_where_subjects_are() -> None:
    scene = sample_scene(np.random.default_rng(3), kinds=("ball",), count=1)
    look = replace(scene.subjects[0].appearance, pattern="striped")
    scene = replace(scene, subjects=(replace(scene.subjects[0], appearance=look),))
    cover = np.zeros((1, 2, 4, 4), np.float32)
    cover[0, 0, 1:3, 1:3] = 1
    marks = mark_cells(scene, np.concatenate([cover[0], 1 - cover[0, :1]]).astype(np.uint8) * 255)
    targets = mark_targets(torch.from_numpy(marks[None]), torch.from_numpy(cover))
    assert targets.shape == (1, 2, 16, 16) and float(targets[0, 1].sum()) == 64 and 0.2 < targets[0, 0].max() <= 1
    head = MarkHead(4)
    head.read.weight.copy_(torch.eye(4))
    head.read.bias.zero_()
    sure = torch.ones(1)
    knowing = functional.pixel_unshuffle(targets[:, :1].logit(eps=1e-6), 2).flatten(2).transpose(1, 2)
    least = functional.binary_cross_entropy(targets[:, 0], targets[:, 0], reduction="none")[targets[:, 1] > 0].mean()
    assert float(head.loss(knowing, targets, sure)) == pytest.approx(float(least), abs=1e-3)
    assert float(head.loss(-knowing, targets, sure)) > float(least) + 0.5
    elsewhere = torch.where(functional.pixel_unshuffle(targets[:, 1:], 2).flatten(2).transpose(1, 2) > 0, knowing, 9.0)
    assert torch.equal(head.loss(elsewhere, targets, sure), head.loss(knowing, targets, sure))
