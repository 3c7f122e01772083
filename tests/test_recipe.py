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
from refedit.methods import METHODS, with_values
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
    assert sizes[0] > 10 * sizes[1]


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
