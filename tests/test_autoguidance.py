"""Autoguidance learnt by a UNet: what its teacher says, and what a training of it changes, at tiny size."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from refedit.errors import EditError
from refedit.picturebook.networks.diffusion import build_scheduler, build_text_encoder, build_unet
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.training.autoguidance import Teacher, begin_beyond
from refedit.picturebook.training.hyperparameters import HYPERPARAMETERS, StageName
from refedit.picturebook.training.log import Report
from refedit.picturebook.training.optimizers import Optimizers
from refedit.picturebook.training.training import Training
from refedit.picturebook.training.training_folder import TrainingFolder
from refedit.picturebook.training.unet import TextAndUnet
from refedit.picturebook.training.unet_batches import UnetBatch, UnetBatches, noised

SIZE = SIZES["tiny"]


def training(folder: Path, seconds: float) -> Training:
    stages = (StageName.AUTOGUIDANCE,)
    return Training(size=SIZE, minutes=seconds / 60, folder=folder, device=torch.device("cpu"), stages=stages)


@pytest.fixture
def batch(trained_once: Path) -> UnetBatch:
    """Eight samples, some of which have the empty caption."""
    drawn, tokenizer = training(trained_once, 0).store, TrainingFolder(trained_once).tokenizer()
    latents = torch.randn(drawn.count, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    batches = UnetBatches(tokenizer, drawn, latents, 1000, 0.0, 8)
    return next(batch for batch in map(batches.batch, range(99)) if 0 < int(batch.says_something.sum()) < 8)


@pytest.fixture
def teacher(trained_once: Path) -> Teacher:
    """Two networks with random weights in every place."""
    return Teacher(better=random_network(trained_once, 0), worse=random_network(trained_once, 1))


def random_network(trained: Path, seed: int) -> TextAndUnet:
    torch.manual_seed(seed)
    network = TextAndUnet(build_text_encoder(SIZE, TrainingFolder(trained).tokenizer()), build_unet(SIZE))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    return network


def test_the_teacher_moves_sentences_away_from_the_worse_network_and_nothing_else(
    batch: UnetBatch, teacher: Teacher
) -> None:
    alpha = build_scheduler().alphas_cumprod[batch.timesteps]
    noisy, _ = noised(batch, alpha, torch.Generator().manual_seed(0))
    alone, doubled, tripled = (teacher.noise(noisy, batch, scale) for scale in (0, 1, 2))
    swapped = Teacher(better=teacher.worse, worse=teacher.better).noise(noisy, batch, 0)
    said = batch.says_something
    assert torch.equal(doubled[~said], alone[~said]) and torch.equal(alone, teacher.noise(noisy, batch, 0))
    torch.testing.assert_close(doubled[said], (2 * alone - swapped)[said])
    torch.testing.assert_close(tripled[said], (3 * alone - 2 * swapped)[said])


def test_weights_begin_beyond_the_better_ones(teacher: Teacher) -> None:
    unet = build_unet(SIZE)
    begin_beyond(unet, teacher, 0.5)
    name = "conv_in.weight"
    made, better, worse = (n.get_parameter(name) for n in (unet, teacher.better.unet, teacher.worse.unet))
    torch.testing.assert_close(made, better + 0.5 * (better - worse))


@pytest.fixture
def begun(trained_once: Path, tmp_path: Path) -> Callable[..., Path]:
    """Makes the folder of a training that begins with the trained pipeline, and with the same one as the worse."""

    def begin(worse: bool = True) -> Path:
        folder = tmp_path / "autoguidance"
        shutil.copytree(trained_once / "scenes", folder / "scenes")
        kept = TrainingFolder(folder)
        for start in (kept.start, kept.worse) if worse else (kept.start,):
            start.take(trained_once / "pipeline")
        return folder

    return begin


def weights(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.safetensors")}


def test_only_the_unet_learns_and_a_resumed_training_goes_on(trained_once: Path, begun: Callable[..., Path]) -> None:
    folder = begun()
    reports = [event for event in training(folder, 0.1).run() if isinstance(event, Report)]
    assert reports[-1].stage == StageName.AUTOGUIDANCE and reports[-1].step > 0
    before, after = (weights(place / "pipeline") for place in (trained_once, folder))
    changed = {Path(name).parts[0] for name in before if before[name] != after[name]}
    assert before.keys() == after.keys() and changed == {"unet"}
    longer = [event for event in training(folder, reports[-1].seconds + 0.1).run() if isinstance(event, Report)]
    assert longer[-1].step > reports[-1].step


def test_there_is_nothing_to_learn_from_a_worse_network_that_is_no_worse(begun: Callable[..., Path]) -> None:
    reports = [event for event in training(begun(), 0.1).run() if isinstance(event, Report)]
    assert reports[0].losses["learnt"] < 1e-5


def test_without_a_worse_model_there_is_no_autoguidance(begun: Callable[..., Path]) -> None:
    with pytest.raises(EditError, match="--worse"):
        list(training(begun(worse=False), 1).run())


def test_adamw_moves_matrices_where_muon_has_no_rate() -> None:
    how = replace(HYPERPARAMETERS["tiny"].autoguidance, peak_rate=0.5)
    layer = torch.nn.Sequential(torch.nn.Linear(2, 2))
    optimizers = Optimizers(layer, how.peak_rate, how.matrix_rate)
    moved = {id(p) for state in optimizers.adam.param_groups for p in state["params"]}
    assert moved == {id(p) for p in layer.parameters()} and optimizers.muon is None
