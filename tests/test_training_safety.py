"""What a training must not lose or mix up: the layout of its memory, its start, its export, its scenes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from refedit.errors import EditError
from refedit.picturebook.dataset.part_masks import PartMaskStore
from refedit.picturebook.dataset.scenes import SceneStore
from refedit.picturebook.networks.checkpoint import read_checkpoint
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.training import loop
from refedit.picturebook.training import training as train
from refedit.picturebook.training import unet as train_unet
from refedit.picturebook.training.hyperparameters import StageName
from refedit.picturebook.training.loop import Trainer
from refedit.picturebook.training.optimizers import laid_out_as
from refedit.picturebook.training.start import Start
from refedit.picturebook.training.training import Training
from refedit.segment.sam_network import load_sam


def tiny(folder: Path, seconds: float, *stages: StageName) -> Training:
    device = torch.device("cpu")
    return Training(size=SIZES["tiny"], minutes=seconds / 60, folder=folder, device=device, stages=stages)


@pytest.fixture(scope="module")
def trained(trained_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which every stage was trained for a moment."""
    folder = shutil.copytree(trained_once, tmp_path_factory.mktemp("training"), dirs_exist_ok=True)
    for stage in StageName:
        if not (folder / f"{stage}.pt").exists():
            list(tiny(folder, 0.1, stage).run())
    return folder


@pytest.fixture
def trainers(monkeypatch: pytest.MonkeyPatch) -> list[Trainer]:
    """Collects what trains, which learns from one batch at a time and in the memory layout of GPUs."""
    made: list[Trainer] = []

    class Kept(Trainer):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(train, "Trainer", Kept)
    monkeypatch.setattr(train, "parts_for", lambda _: 1)
    for module in (loop, train_unet):
        monkeypatch.setattr(module, "layout", lambda _: torch.channels_last)
    return made


@pytest.mark.parametrize("stage", StageName)
def test_gradients_and_moments_lie_as_their_weights_do_where_a_gpu_goes_on(
    stage: StageName, trained: Path, tmp_path: Path, trainers: list[Trainer]
) -> None:
    folder = shutil.copytree(trained, tmp_path / "more")
    seconds = (read_checkpoint(folder / f"{stage}.pt") or {})["seconds"]
    holding = (StageName.DECODER, StageName.UNET) if stage == StageName.VAE else ()  # with them a VAE stays as it is
    for other in holding:
        (folder / f"{other}.pt").unlink()
    list(tiny(folder, seconds + 0.1, stage).run())
    ((optimizers, network),) = [(one.optimizers, one.stage.network) for one in trainers]
    states = {**optimizers.adam.state, **optimizers.muon.state}
    for name, parameter in network.named_parameters():
        beside = [value for value in states[parameter].values() if value.shape == parameter.shape]
        assert parameter.grad is not None and beside
        assert {value.stride() for value in (parameter.grad, *beside)} == {parameter.stride()}, name


def test_another_layout_has_the_same_numbers() -> None:
    value = torch.randn(2, 3, 4, 5)
    parameter = torch.empty_like(value).to(memory_format=torch.channels_last)
    moved = laid_out_as(parameter, value)
    assert torch.equal(moved, value) and moved.stride() == parameter.stride() != value.stride()
    assert laid_out_as(value, value) is value


def test_a_sam_to_begin_with_is_not_changed_before_its_first_step(
    trained: Path, tmp_path: Path, trainers: list[Trainer]
) -> None:
    shutil.copytree(trained / "scenes", tmp_path / "scenes")
    Start(tmp_path / "start").take(trained / "pipeline")
    list(tiny(tmp_path, 0, StageName.SAM).run())
    kept, (trainer,) = load_sam(trained / "pipeline/sam").state_dict(), trainers
    assert all(torch.equal(value, kept[name]) for name, value in trainer.stage.network.state_dict().items())


def test_an_export_that_failed_is_made_by_going_on(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(trained, tmp_path / "more")
    shutil.rmtree(folder / "pipeline")
    (folder / "unet.pt").unlink()

    def full(*_: Any) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr(train, "export", full)
        list(tiny(folder, 0.1, StageName.UNET).run())
    list(tiny(folder, 0.1, StageName.UNET).run())
    assert (folder / "pipeline/unet/config.json").is_file()


def test_a_plan_that_is_used_up_before_the_unet_says_so(trained: Path) -> None:
    assert tiny(trained, 9, StageName.VAE, StageName.UNET).kept.spent() > 0.01
    with pytest.raises(EditError, match=r"none are left for the UNet.* --resume and more --minutes"):
        list(tiny(trained, 0.01, StageName.VAE, StageName.UNET).run())


def test_everybody_may_read_what_is_exported(trained: Path) -> None:
    files = list((trained / "pipeline").rglob("*.safetensors"))
    assert {path.parent.name for path in files} == {"vae", "unet", "text_encoder", "clip", "sam"}
    assert all(path.stat().st_mode & 0o444 == 0o444 for path in files)


@pytest.mark.parametrize(
    ("array", "make"),
    [
        ("pictures", lambda folder: SceneStore(folder, 3, 32, 4)),
        ("marks", lambda folder: SceneStore(folder, 3, 32, 4)),
        ("owners", lambda folder: PartMaskStore(folder, 3, 32)),
    ],
)
def test_what_was_drawn_into_a_lost_array_is_drawn_again(
    array: str, make: Callable[[Path], Any], tmp_path: Path
) -> None:
    make(tmp_path).render_chunk(range(3))
    before = np.load(tmp_path / f"{array}.npy")
    (tmp_path / f"{array}.npy").unlink()
    assert list(make(tmp_path).render(workers=1)) == [0, 3]
    assert before.any() and np.array_equal(np.load(tmp_path / f"{array}.npy"), before)


def test_a_step_of_the_unet_is_told_the_marks_of_its_scenes(trained: Path, trainers: list[Trainer]) -> None:
    list(tiny(trained, 0, StageName.UNET).run())
    stage: Any = trainers[0].stage
    batch = stage.batch(0)
    fine = 2 * batch.latents.shape[-1]
    assert batch.marks.shape == (stage.rows, 2, fine, fine) and 0 < float(batch.marks[:, 0].max()) <= 1
    assert not batch.marks[:, 0][batch.marks[:, 1] == 0].any()
