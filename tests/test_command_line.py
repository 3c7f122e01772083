"""The command line: files in, a picture or one sentence out."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from refedit.__main__ import main
from refedit.cli.segment import LEAST
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.editing.result_png import read_result
from refedit.methods import METHODS, parameters_of
from refedit.methods.baret_parameters import RIGID
from refedit.models import builtin_folder, load_model
from tests.conftest import box_mask, picture
from tests.serving import ROOT


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Paths of a source, a region, a reference, its subject and an output."""
    paths = {name: str(tmp_path / f"{name}.png") for name in ("source", "region", "reference", "subject", "out")}
    picture(1, (80, 64)).save(paths["source"])
    picture(2).save(paths["reference"])
    box_mask((80, 64), (10, 10, 40, 40)).to_image().save(paths["region"])
    box_mask((64, 64), (8, 8, 48, 48)).to_image().save(paths["subject"])
    return paths


def specref(files: dict[str, str], folder: Path, **changes: str) -> list[str]:
    options = {
        **{name: files[name] for name in ("source", "region", "reference", "subject", "out")},
        "source-prompt": "a cat", "prompt": "a dog", "model": str(folder), "set": "steps=3", **changes,
    }  # fmt: skip
    parts = [(f"--{name}", value) for name, value in options.items() if value]
    return ["edit", "--method", "specref", *(part for pair in parts for part in pair)]


def test_specref_writes_a_picture_with_its_parameters(
    files: dict[str, str], tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(specref(files, tiny_folder)) == 0
    assert "Editing 3/3: 100%" in capsys.readouterr().err
    written = Image.open(files["out"])
    assert written.size == (80, 64)
    text = written.text  # type: ignore[attr-defined]
    assert text["method"] == "specref" and text["steps"] == "3" and text["prompt"] == "a dog"


def test_what_it_wrote_runs_again_to_the_same_picture(files: dict[str, str], tiny_folder: Path) -> None:
    assert main(specref(files, tiny_folder, **{"reference-prompt": "a cat"})) == 0
    read = read_result(Path(files["out"]))
    assert read.recipe.reference_prompt == "a cat"
    assert read.request is not None and read.request.reference is not None
    assert read.request.reference.subject is not None
    again = list(Editor(load_model(str(tiny_folder), "cpu")).edit(read.request))[-1]
    assert isinstance(again, Finished) and again.image.tobytes() == read.image.tobytes()


def test_words_that_the_built_in_model_lacks_are_told(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["edit", "--method", "baret", "--source", files["source"], "--out", files["out"], "--set", "steps=1"]
    assert main([*arguments, "--prompt", "a cat beside a submarine"]) == 0
    assert "“submarine”" in capsys.readouterr().err


def test_baret_needs_a_source_and_a_prompt_only(files: dict[str, str], tiny_folder: Path) -> None:
    arguments = ["edit", "--method", "baret", "--source", files["source"], "--prompt", "a dog", "--out", files["out"]]
    assert main([*arguments, "--model", str(tiny_folder), "--preset", "rigid", "--set", "steps=3"]) == 0
    written = Image.open(files["out"]).text  # type: ignore[attr-defined]
    assert {name: written[name] for name in RIGID} == {name: str(value) for name, value in RIGID.items()}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "magic"}, "There is no method 'magic'"),
        ({"preset": "best"}, "SpecRef has no preset 'best'"),
        ({"set": "steps"}, "'--set steps' has no value"),
        ({"set": "steps=x"}, "'x' is no value for steps"),
        ({"set": "words=fish", "region": ""}, "'fish' is not in the prompt 'a dog'"),
        ({"source": "gone.png"}, "no file 'gone.png'"),
        ({"prompt": " "}, "target prompt is empty"),
        ({"prompt": "dog " * 50}, "Shorten"),
        ({"region": "EMPTY"}, "Nothing is painted on the source's mask"),
        ({"subject": "TEXT"}, "not a readable PNG"),
        ({"model": "EMPTY_FOLDER"}, "no pipeline folder"),
        ({"method": "baret", "preset": "rigid"}, "BARET takes no reference"),
        ({"find-region": "cat"}, "Give one of them"),
        ({"find-subject": "dog"}, "Give one of them"),
        ({"reference": ""}, "Give --reference"),
        ({"reference": "", "subject": "", "find-subject": "dog"}, "Give --reference"),
        ({"reference": "", "subject": "", "reference-prompt": "a dog"}, "Give --reference"),
        ({"reference": "", "subject": ""}, "needs a reference picture"),
        ({"out": "missing/out.png"}, "no folder 'missing'"),
        ({"out": "out.jpg"}, "'out.jpg' would be a PNG with another name"),
        ({"device": "abacus"}, "'abacus' is not available"),
    ],
)
def test_wrong_input_is_one_sentence_and_exit_code_two(
    change: dict[str, str],
    message: str,
    files: dict[str, str],
    tiny_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Image.new("L", (80, 64)).save(tmp_path / "empty.png")
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "folder").mkdir()
    places = {"EMPTY": "empty.png", "TEXT": "text.png", "EMPTY_FOLDER": "folder"}
    change = {name: str(tmp_path / places[value]) if value in places else value for name, value in change.items()}
    assert main(specref(files, tiny_folder, **change)) == 2
    printed = capsys.readouterr().err.strip().splitlines()
    assert printed[-1].startswith("refedit: ") and message in printed[-1]


def test_models_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    assert "picturebook" in capsys.readouterr().out


def test_methods_are_listed_with_presets_and_parameters(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    told = capsys.readouterr().out
    for name, method in METHODS.items():
        assert f"{name}\n" in told and ", ".join(method.presets()) in told
        assert all(f"--set {item.name}={item.default}\n" in told for item in parameters_of(method))


def test_trace_writes_the_names_of_the_public_code(files: dict[str, str], tiny_folder: Path, tmp_path: Path) -> None:
    config = {
        "method": "specref", "pipeline": str(tiny_folder), "source": files["source"], "reference": files["reference"],
        "subject": files["subject"], "source_prompt": "a cat", "target_prompt": "a dog", "target_words": ["dog"],
        "blend_word": [["cat"], ["dog"]], "num_steps": 5, "speckv_step": [1, 5], "th": [0.3, 0.3],
        "eq_params": {"words": ["dog"], "values": [2]}, "cross_replace_steps": {"default_": 0.8, "dog": [0.0, 0.4]},
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["trace", str(tmp_path / "config.json"), str(tmp_path / "out.safetensors")]) == 0
    arrays = load_file(tmp_path / "out.safetensors")
    assert arrays["edit_out"].shape == (5, 2, 4, 8, 8) and arrays["inv_latents"].shape == (6, 2, 4, 8, 8)
    assert arrays["mask_t"].shape == (4, 4, 4) and arrays["blend_mask"].shape == (4, 2, 8, 8)


@pytest.mark.skipif(not (builtin_folder() / "sam" / "config.json").is_file(), reason="no SAM in this copy")
def test_a_mask_of_almost_nothing_is_said_to_be_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    jump, out = str(ROOT / "examples" / "jump.png"), tmp_path / "mask.png"
    for asked in (["--box", "9,9,90,80"], ["--click", "64,80"], ["--click", "128,160"]):
        assert main(["segment", "--image", jump, *asked, "--out", str(out)]) == 0
        little = np.asarray(Image.open(out)).mean() / 255 < LEAST
        assert ("almost nothing" in capsys.readouterr().err) == little
    for wrong, says in (
        (["--click", "9,9", "--out", "mask.txt"], "Let it end in .png"),
        (["--click", "9,9", "--word", "dog", "--out", str(out)], "Give one or the other"),
    ):
        assert main(["segment", "--image", jump, *wrong]) == 2
        assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"method": "null_text", "pipeline": "p", "source": "s"}, "lacks prompt, num_steps, inner_steps, guidance"),
        ({"method": "specref", "pipeline": "p", "source": "s"}, "lacks reference."),
        ({"method": "baret", "source": "s"}, "lacks pipeline."),
        ({"method": "other"}, "names no method to trace"),
        ([], "names no method to trace"),
        ({"method": "specref", "specref": False, "pipeline": "p", "source": "s"}, "no folder"),
    ],
)
def test_what_a_trace_lacks_is_said_before_it_runs(
    config: Any, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert main(["trace", str(tmp_path / "config.json"), str(tmp_path / "none" / "out.safetensors")]) == 2
    assert says in capsys.readouterr().err


def test_it_starts_as_a_module_and_says_how_to_use_it() -> None:
    done = subprocess.run([sys.executable, "-m", "refedit", "--help"], capture_output=True, text=True, check=True)
    assert all(command in done.stdout for command in ("edit", "trace", "models", "picturebook", "space"))


def test_trace_writes_the_inversion_that_baret_edits_from(
    files: dict[str, str], tiny_folder: Path, tmp_path: Path
) -> None:
    config = {"method": "baret", "pipeline": str(tiny_folder), "source": files["source"], "prompt": "a dog"}
    found = []
    for text in ({}, {"inversion_prompt": "empty"}, {"inversion_prompt": "target"}):
        settings = {"steps": 2, "inner_steps": 0, **text}
        (tmp_path / "config.json").write_text(json.dumps(config | {"settings": settings}))
        assert main(["trace", str(tmp_path / "config.json"), str(tmp_path / "out.safetensors")]) == 0
        found.append(load_file(tmp_path / "out.safetensors")["inv_latents"])
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
