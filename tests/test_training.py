"""The training of the built-in model, at its tiny size: what is learnt, kept, resumed and measured."""

import argparse
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from refedit.cli.ship import WORLD_README
from refedit.diffusion.attention import Site, attend
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.errors import EditError
from refedit.machine.version import code_version
from refedit.models import builtin_folder
from refedit.picturebook.commands import add_commands
from refedit.picturebook.evaluation import diffusion as evaluation
from refedit.picturebook.evaluation.figures import read_figures, table
from refedit.picturebook.networks.checkpoint import AveragedWeights, read_checkpoint
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.networks.supervision import WordTargets, WordWatcher
from refedit.picturebook.training import training as train
from refedit.picturebook.training.hyperparameters import StageName
from refedit.picturebook.training.log import Report
from refedit.picturebook.training.loop import Trainer
from refedit.picturebook.training.model_card import card
from refedit.picturebook.training.optimizers import Muon, orthogonalised
from refedit.picturebook.training.plan import has_fast_bf16, rate_factor
from refedit.picturebook.training.provenance import read_provenance
from refedit.picturebook.training.start import Start
from refedit.picturebook.training.training import Training
from refedit.picturebook.training.unet import TextAndUnet, export, word_targets, word_tokens
from refedit.picturebook.training.vae import sharpness_loss
from refedit.picturebook.world.captions import Caption

SAID = Caption(
    text="a red cat sitting and a red ball in the snow",
    words=(("red", "subject"), ("cat", "subject"), ("red", "second"), ("ball", "second"), ("snow", "background")),
)


def tiny(folder: Path, seconds: float) -> Training:
    return Training(size=SIZES["tiny"], minutes=seconds / 60, folder=folder, device=torch.device("cpu"))


@pytest.fixture(scope="module")
def trained(trained_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both stages were trained for a moment, one after the other."""
    return shutil.copytree(trained_once, tmp_path_factory.mktemp("training"), dirs_exist_ok=True)


def reports_of(training: Training) -> list[Report]:
    return [event for event in training.run() if isinstance(event, Report)]


def with_scenes(folder: Path, trained: Path) -> Path:
    """A folder for another training, which finds its scenes drawn."""
    shutil.copytree(trained / "scenes", folder / "scenes")
    return folder


def test_a_training_leaves_a_pipeline_that_draws(trained: Path) -> None:
    model = StableDiffusion.load(str(trained / "pipeline"), torch.device("cpu"))
    pictures = model.decode(torch.zeros(1, 4, 8, 8))
    assert pictures.shape == (1, 3, 64, 64) and bool(pictures.isfinite().all())
    unknown, piece = model.tokens("&")[0], model.tokens("q")[0]
    rows = model.text_encoder.get_input_embeddings().weight
    assert torch.equal(rows[unknown], rows[piece])


def test_the_latents_have_unit_variance_in_the_pipelines_scale(trained: Path) -> None:
    kept = read_checkpoint(trained / "latents.pt")
    assert kept is not None and float(kept["latents"].float().std()) == pytest.approx(1, abs=0.01)
    config = json.loads((trained / "pipeline/vae/config.json").read_text())
    assert config["scaling_factor"] == pytest.approx(kept["scale"])


@pytest.mark.long
def test_a_resumed_training_goes_on_and_a_finished_one_does_nothing(trained: Path) -> None:
    kept = read_checkpoint(trained / "unet.pt") or {}
    before, longer = kept["step"], kept["seconds"] + 0.1
    assert not reports_of(replace(tiny(trained, 0.1), stages=(StageName.UNET,)))
    reports = reports_of(replace(tiny(trained, longer), stages=(StageName.UNET,)))
    assert reports[-1].step == (read_checkpoint(trained / "unet.pt") or {})["step"] > before
    lines = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["step"] == reports[-1].step and lines[0]["stage"] == "vae"


def test_other_scenes_get_latents_of_their_own_at_the_scale_that_the_unet_knows(trained: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained, tmp_path / "more")
    before = read_checkpoint(folder / "latents.pt") or {}
    list(replace(tiny(folder, 0), stages=(StageName.UNET,)).run())
    assert (folder / "latents.pt").read_bytes() == (trained / "latents.pt").read_bytes()
    others = replace(tiny(folder, 0), stages=(StageName.UNET,), scenes=4, scenes_folder=tmp_path / "others")
    list(others.run())
    after = read_checkpoint(folder / "latents.pt") or {}
    assert len(after["latents"]) == 4 and after["scale"] == before["scale"]


def test_a_decoder_alone_learns_whole_pictures_and_leaves_everything_else(trained: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained, tmp_path / "more")
    before = load_file(folder / "pipeline/vae/diffusion_pytorch_model.safetensors")
    kept = {path: path.read_bytes() for path in (folder / "pipeline/unet").iterdir()}
    reports = reports_of(replace(tiny(folder, 3), stages=(StageName.DECODER,)))
    after = load_file(folder / "pipeline/vae/diffusion_pytorch_model.safetensors")
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert reports[-1].stage == "decoder" and changed == {"decoder", "post_quant_conv"}
    assert all(path.read_bytes() == content for path, content in kept.items())
    list(replace(tiny(folder, 60), stages=(StageName.VAE,)).run())
    assert (folder / "vae.pt").read_bytes() == (trained / "vae.pt").read_bytes()
    origins = [read_provenance([place], "") for place in (trained, folder)]
    assert [part.stage for part in origins[1].parts] == ["vae", "decoder", "unet"]
    assert ["decoder alone" in card(origin, 64, "") for origin in origins] == [False, True]


def weights(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.safetensors")}


def begun(folder: Path, model: Path, trained: Path, *stages: StageName) -> Path:
    """A training that begins with a model, before its first step."""
    with_scenes(folder, trained)
    Start(folder / "start").take(model)
    list(replace(tiny(folder, 0), stages=stages).run())
    return folder


@pytest.mark.long
def test_a_training_begins_with_the_weights_of_a_model_whose_checkpoints_are_lost(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained / "pipeline"
    trainers: list[Trainer] = []

    class Kept(Trainer):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            trainers.append(self)

    with monkeypatch.context() as patched:
        patched.setattr(train, "Trainer", Kept)
        folder = begun(tmp_path, model, trained, StageName.VAE, StageName.UNET)
    assert not (folder / "vae.pt").exists()
    training, network = tiny(folder, 0.1), trainers[-1].stage.network
    assert isinstance(network, TextAndUnet)
    export(training.kept, training.size, network, training.kept.tokenizer(), 0)
    assert weights(folder / "pipeline") == weights(model)
    reports = reports_of(replace(training, stages=(StageName.UNET,)))
    assert reports[-1].step > 0 and weights(folder / "pipeline/vae") == weights(model / "vae")
    assert weights(folder / "pipeline/unet") != weights(model / "unet")


def test_the_card_of_a_training_tells_what_the_one_before_it_was(trained: Path, tmp_path: Path) -> None:
    model = shutil.copytree(trained / "pipeline", tmp_path / "model")
    (model / "README.md").write_text(card(read_provenance([trained], "an abacus"), 64, ""))
    folder = begun(tmp_path / "training", model, trained, StageName.UNET)
    text = card(read_provenance([folder], "two abacuses"), 64, "")
    assert "Hardware: two abacuses" in text and "> Hardware: an abacus" in text
    assert "\n> | VAE |" in text and "\n| VAE |" not in text


def test_a_training_begins_with_nothing_that_does_not_fit(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(EditError, match="no model in .*nowhere"):
        Start(tmp_path / "start").take(tmp_path / "nowhere")
    with pytest.raises(EditError, match="has begun"):
        Start(trained / "start").take(trained / "pipeline")
    with pytest.raises(EditError, match="'unet' to begin with has another shape"):
        Start(with_scenes(tmp_path, trained) / "start").take(trained / "pipeline")
        list(replace(tiny(tmp_path, 1), size=replace(SIZES["tiny"], unet=(32, 64, 64)), stages=(StageName.UNET,)).run())


def test_a_unet_needs_a_vae_first(trained: Path, tmp_path: Path) -> None:
    with_scenes(tmp_path, trained)
    with pytest.raises(EditError, match="no trained VAE"):
        list(replace(tiny(tmp_path, 1), stages=(StageName.UNET,)).run())


def test_the_command_does_not_overwrite_a_training(trained: Path) -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    options = parser.parse_args(["picturebook", "train", "--size", "tiny", "--minutes", "1", "--out", str(trained)])
    with pytest.raises(EditError, match="training of vae and unet .* Add --resume"):
        options.run(options)


def test_the_model_is_measured_and_its_card_says_so(trained: Path, tmp_path: Path) -> None:
    model = StableDiffusion.load(str(trained / "pipeline"), torch.device("cpu"))
    measured = evaluation.measure(model, evaluation.unseen(2, model.size), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"rows.png", "samples.png"}
    assert 0 <= measured.word_iou <= 1
    origin = read_provenance([trained], "two CPU cores")
    assert [part.stage for part in origin.parts] == ["vae", "unet"] and all(part.steps > 0 for part in origin.parts)
    text = card(origin, model.size, table(measured.figures()))
    assert "two CPU cores" in text and f"{measured.vae:.2f} dB" in text and code_version() in text


def test_the_picture_books_readme_shows_the_table_of_the_card() -> None:
    readmes = [path.read_text("utf-8") for path in (WORLD_README, builtin_folder() / "README.md")]
    tables = [re.search("(?<=<!-- measured -->\n).*(?=<!-- /measured -->)", text, re.DOTALL) for text in readmes]
    assert tables[0] and tables[1] and tables[0][0] == tables[1][0]


def test_the_learning_rate_rises_and_ends_low_whatever_the_speed() -> None:
    assert rate_factor(0, 0.0) < 0.02 < 0.9 < rate_factor(100, 0.05)
    assert rate_factor(100, 1.0) == rate_factor(10**6, 2.0) == pytest.approx(0.01)


@pytest.mark.parametrize("shape", [(2, 6, 20), (2, 20, 6), (2, 6, 6)])
def test_orthogonalised_matrices_have_singular_values_near_one_and_keep_their_directions(
    shape: tuple[int, int, int],
) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    made = orthogonalised(matrices)
    values = torch.linalg.svdvals(made)
    assert 0.5 < float(values.min()) and float(values.max()) < 1.3
    assert bool(((made * matrices).sum((1, 2)) > 0).all())


def test_muon_goes_downhill_in_convolutions_and_matrices_alike() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = [nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((4, 6), (4, 3, 3, 3), (4, 6))]
    optimizer = Muon(weights, lr=0.1)
    for _ in range(200):
        optimizer.zero_grad()
        sum(weight.square().sum() for weight in weights).backward()  # type: ignore[union-attr]
        optimizer.step()
    assert max(float(weight.detach().abs().mean()) for weight in weights) < 0.2


def test_muon_in_threads_is_muon() -> None:
    generator = torch.Generator().manual_seed(0)
    start = [torch.randn(shape, generator=generator) for shape in ((4, 6), (4, 3, 3, 3), (6, 4), (4, 6))]
    alone, shared = ([nn.Parameter(one.clone()) for one in start] for _ in range(2))
    for weights in (alone, shared):
        for weight in weights:
            weight.grad = weight.detach().sin()
    with ThreadPoolExecutor(2) as pool:
        Muon(alone, lr=0.1).step()
        Muon(shared, lr=0.1).step(pool=pool)
    assert all(torch.equal(one, other) for one, other in zip(alone, shared, strict=True))
    assert not any(torch.equal(one, other) for one, other in zip(alone, start, strict=True))


def test_averaged_weights_forget_the_start_even_after_few_steps() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    averaged = AveragedWeights(network, 0.9999)
    nn.init.ones_(network.weight)
    for step in range(1, 100):
        averaged.update(network, step)
    averaged.copy_to(network)
    assert float(network.weight.detach()) > 0.99


def test_words_are_found_where_they_stand_even_if_said_twice() -> None:
    assert word_tokens(SAID) == [(2, "subject"), (3, "subject"), (7, "second"), (8, "second"), (11, "background")]
    masks = np.zeros((1, 3, 2, 2), np.uint8)
    masks[0, 1, 0, 0] = 255
    targets = word_targets([SAID], masks)
    assert targets.masks[2:4].tolist() == [[1, 0, 0, 0]] * 2 and not targets.masks[:2].any()
    assert len(word_targets([Caption(text="", words=())], masks).rows) == 0


def test_watching_words_changes_nothing_and_rewards_the_true_place() -> None:
    q, k, v = (torch.randn(1, 1, 4, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
    watcher = WordWatcher(2)
    assert torch.allclose(watcher(Site("cross", 0), q, k, v), attend(q, k, v), atol=1e-6)
    targets = WordTargets(torch.tensor([0]), torch.tensor([1]), torch.tensor([[1.0, 1.0, 0.0, 0.0]]))
    there, elsewhere = WordWatcher(2), WordWatcher(2)
    there.maps.append(torch.eye(4)[None, [1, 1, 0, 0]])
    elsewhere.maps.append(torch.eye(4)[None, [0, 0, 1, 1]])
    certainty = torch.ones(1)
    assert float(there.loss(targets, certainty)) == pytest.approx(0, abs=1e-5)
    assert float(elsewhere.loss(targets, certainty)) > 5


def test_sharpness_ignores_a_shift_of_brightness_only() -> None:
    picture = torch.rand(1, 3, 8, 8)
    assert float(sharpness_loss(picture + 0.5, picture)) == pytest.approx(0, abs=1e-6)
    assert float(sharpness_loss(picture.flip(-1), picture)) > 0.01


def test_half_precision_needs_the_instructions() -> None:
    capable = "avx512_bf16" in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else None
    assert capable is None or not has_fast_bf16(torch.device("cpu")) or capable


@pytest.mark.long
def test_the_command_measures_the_sam_that_lies_beside_the_pipeline(trained: Path, tmp_path: Path) -> None:
    list(replace(tiny(trained, 0.1), stages=(StageName.SAM,)).run())
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    command = ["picturebook", "evaluate", "--model", str(trained / "pipeline"), "--out", str(tmp_path)]
    options = parser.parse_args([*command, "--scenes", "1", "--card", str(trained)])
    options.run(options)
    measured = {figure.what: figure.value for figure in read_figures(tmp_path / "model.json")}
    assert 0 <= measured["SAM, one random click inside a subject: mean IoU"] <= 1 and (tmp_path / "sam.png").is_file()
    assert "| SAM, one random click" in (trained / "pipeline/README.md").read_text()
