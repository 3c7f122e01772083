"""A result's PNG gives back everything that made it, and nothing is believed that it should not be."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from refedit.editing.editor import Editor
from refedit.editing.request import LONGEST_PROMPT, EditRequest, Finished
from refedit.editing.result import Result
from refedit.editing.result_png import KEY, LARGEST, LARGEST_TEXT, read_result, text_of, write_result
from refedit.errors import EditError
from refedit.imaging.images import write_picture
from refedit.imaging.masks import Mask
from refedit.methods import METHODS, values_of, with_values
from tests.conftest import box_mask, picture, request_for

REGION = box_mask((96, 64), (8, 8, 56, 56))


def finished(editor: Editor, request: EditRequest) -> Finished:
    last = list(editor.edit(request))[-1]
    assert isinstance(last, Finished)
    return last


def small_request(method: str) -> EditRequest:
    values = {"steps": 3, "guidance": 4.5}
    return request_for(with_values(METHODS[method](), values), REGION, (96, 64))


@pytest.fixture
def result(editor: Editor) -> Result:
    request = small_request("specref")
    return Result.of(request, finished(editor, request))


def written(text: dict[str, str], folder: Path) -> Path:
    write_picture(picture(1), folder / "result.png", text)
    return folder / "result.png"


@pytest.mark.parametrize("method", METHODS)
def test_a_result_runs_again_to_the_same_picture(method: str, editor: Editor, tmp_path: Path) -> None:
    request = small_request(method)
    first = Result.of(request, finished(editor, request))
    assert write_result(first, tmp_path / "result.png")
    read = read_result(tmp_path / "result.png")
    assert read.recipe == request.recipe and read.image.tobytes() == first.image.tobytes()
    assert read.parameters == dict(first.parameters) and read.pasted is not None
    again = finished(Editor(editor.model), read.again())
    assert again.image.tobytes() == first.image.tobytes()


def test_inputs_may_be_left_out(result: Result, tmp_path: Path) -> None:
    read = read_result(written(text_of(result, inputs=False), tmp_path))
    assert read.request is None and read.recipe == result.recipe
    with pytest.raises(EditError, match="not its pictures"):
        read.again()
    sizes = [sum(map(len, text_of(result, inputs=kept).values())) for kept in (True, False)]
    assert sizes[0] > 5 * sizes[1]


def test_masks_keep_every_level(result: Result, tmp_path: Path) -> None:
    soft = Mask(np.linspace(0, 255, 96 * 64).round().reshape(64, 96).astype(np.float32) / 255)
    assert result.request is not None
    whole = replace(result, request=replace(result.request, region=soft))
    read = read_result(written(text_of(whole), tmp_path)).request
    assert read is not None and read.region is not None and (read.region.values == soft.values).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"version": 2}, "another version"),
        ({"method": "magic"}, "does not know"),
        ({"settings": {"magic": 1}}, "no parameter 'magic'"),
        ({"settings": {"steps": 10**6}}, "has to lie between"),
        ({"settings": [1]}, "damaged"),
        ({"prompt": 5}, "damaged"),
        ({"prompt": "x" * (LONGEST_PROMPT + 1)}, "damaged"),
    ],
)
def test_what_is_wrong_in_a_recipe_is_said(change: dict[str, Any], says: str, result: Result, tmp_path: Path) -> None:
    recipe = json.loads(text_of(result, inputs=False)[KEY]) | change
    with pytest.raises(EditError, match=says):
        read_result(written({KEY: json.dumps(recipe)}, tmp_path))


def test_a_parameter_that_is_newer_than_a_result_does_what_it_did_without(result: Result, tmp_path: Path) -> None:
    recipe = json.loads(text_of(result)[KEY])
    recipe |= {"method": "baret", "settings": {"steps": 3}}
    made = read_result(written({KEY: json.dumps(recipe)}, tmp_path)).recipe.method
    assert made == with_values(METHODS["baret"](), {"steps": 3, "appearance_start": 1.0})


OLD_BARET = """{"steps": 8, "guidance": 4.0, "inner_steps": 2, "eta": 1.0, "eta_schedule": "rising", "self_steps": 0.3,
"cross_steps": 0.9, "self_grid": 0.5, "appearance_start": 1.0, "appearance_sites_start": 0.625, "final_text": "target",
"transition_layout": false, "inversion_prompt": "empty", "initial_text": "target", "rate": 0.01, "decay": 0.01,
"stop": 1e-05, "stop_growth": 2e-05, "carry_over": true}"""
OLD_SPECREF = """{"steps": 8, "guidance": 3.0, "reference_steps_start": 0.08, "reference_steps_end": 1.0,
"reference_sites_start": 0.625, "reference_sites_end": 1.0, "self_replace": 0.6, "self_replace_start": 0.0,
"cross_replace": 0.8, "cross_replace_start": 0.0, "word_cross_replace": "", "controller": "auto",
"exact_alignment": true, "reweight": "", "words": "", "masks": "both", "threshold": 0.5, "region_threshold": 0.5,
"interpolation": "bilinear", "recent_maps": 0, "combine": "painted", "blend": true, "blend_start": 0.2,
"blend_threshold": 0.3, "blend_source_words": "", "blend_words": "", "stay_source_words": "", "stay_words": "",
"stay_threshold": 0.3, "pivot_blend": true, "shared_mask": false, "unconditional": 0.5, "own_keys": true,
"reference_weight": 3.0, "reference_at": "inversion", "fresh_noise": 0.3, "seed": 0, "empty_subject": "error",
"align_reference": false, "paste": "mask", "fit": "aspect"}"""


@pytest.mark.parametrize(("method", "settings"), [("baret", OLD_BARET), ("specref", OLD_SPECREF)])
def test_a_download_of_version_0_1_0_is_restored(method: str, settings: str, tmp_path: Path) -> None:
    """The settings are as 0.1.0 wrote them, for eight steps of `rigid` and of `recommended`."""
    prompts = {"prompt": "a dog", "source_prompt": "a cat", "reference_prompt": "a fox"}
    recipe = {"version": 1, "model": "picturebook", "method": method, "settings": json.loads(settings), "seconds": 2}
    text = {"Software": "RefEdit 0.1.0", KEY: json.dumps(recipe | prompts)}
    read = read_result(written(text, tmp_path))
    assert values_of(read.recipe.method).items() >= recipe["settings"].items()
    assert {name: getattr(read.recipe, name) for name in prompts} == prompts
    assert (read.model, read.seconds) == ("picturebook", 2) and read.parameters == {"Software": "RefEdit 0.1.0"}


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"version": 1}'])
def test_rubbish_is_damaged(text: str, tmp_path: Path) -> None:
    with pytest.raises(EditError, match="damaged"):
        read_result(written({KEY: text}, tmp_path))


def test_pictures_inside_are_read_as_safely_as_others(result: Result, tmp_path: Path) -> None:
    Image.new("1", (13000, 13000)).save(tmp_path / "bomb.png")
    spelled = base64.b64encode((tmp_path / "bomb.png").read_bytes()).decode()
    for source, says in (
        (spelled, "megapixels"),
        ("no base64!", "damaged"),
        ("bm90IGEgcGljdHVyZQ==", "not a readable"),
    ):
        with pytest.raises(EditError, match=says):
            read_result(written(text_of(result) | {f"{KEY}-source": source}, tmp_path))


def test_the_pictures_of_a_result_are_counted_before_one_is_unpacked(result: Result, tmp_path: Path) -> None:
    Image.new("1", (5000, 4000)).save(tmp_path / "large.png")
    spelled = base64.b64encode((tmp_path / "large.png").read_bytes()).decode()
    large = {f"{KEY}-{name}": spelled for name in ("source", "reference", "used")}
    file = written(text_of(result, inputs=False) | large, tmp_path)
    with pytest.raises(EditError, match="60 megapixels together; the limit is 50"):
        read_result(file, most=50_000_000)


def test_a_picture_without_a_recipe_says_what_to_do(tmp_path: Path) -> None:
    for name in ("plain.png", "plain.jpg"):
        picture(1).save(tmp_path / name)
        with pytest.raises(EditError, match="carries no parameters. Choose a PNG that was downloaded from RefEdit"):
            read_result(tmp_path / name)
    (tmp_path / "large.png").write_bytes(b"")
    with open(tmp_path / "large.png", "r+b") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(EditError, match="larger than 192 MB"):
        read_result(tmp_path / "large.png")


def test_inputs_that_no_reader_would_take_are_left_out_and_that_is_told(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.png"
    assert write_result(result, path) and read_result(path).request is not None
    assert not write_result(result, path, inputs=False) and read_result(path).request is None
    monkeypatch.setattr("refedit.editing.result_png.LARGEST_TEXT", 2000)
    assert not write_result(result, path) and read_result(path).request is None
    assert LARGEST_TEXT < PngImagePlugin.MAX_TEXT_MEMORY
