"""The two endpoints as a program sees them."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image

from refedit.editing.result_png import read_result
from refedit.imaging.images import read_mask
from refedit.segment.segmenter import Click
from tests.conftest import box_mask, picture
from tests.page_server import tiny_segmenter
from tests.server.calls import edit, post


def test_programs_see_three_endpoints_and_their_parameters(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]  # type: ignore[index]
    names = {path: [item["parameter_name"] for item in about["parameters"]] for path, about in endpoints.items()}
    assert names == {
        "/edit": [
            "method", "source", "prompt", "source_prompt", "region", "reference", "subject", "preset", "settings",
            "reference_prompt",
        ],
        "/segment": ["picture", "clicks"],
        "/find": ["picture", "word", "sentence"],
    }  # fmt: skip


@pytest.mark.parametrize("method", ["specref", "baret"])
def test_an_edit_streams_and_ends_with_a_result_that_remembers(method: str, client: Client, folder: Path) -> None:
    answers = list(edit(client, folder, method=method))
    assert {what["kind"] for what, _ in answers[:-1]} == {"progress", "preview"}
    what, path = answers[-1]
    assert what["kind"] == "finished" and what["parameters"]["steps"] == "2"
    result = read_result(Path(path))
    assert result.recipe.method.name == method and result.request is not None and result.image.size == (64, 64)


def test_clicks_give_a_mask(client: Client, folder: Path) -> None:
    path = client.predict(handle_file(str(folder / "source.png")), "30,30", api_name="/segment")
    segmenter = tiny_segmenter()
    expected = segmenter.mask(segmenter.embed(picture(1)), [Click(30, 30)])
    assert (np.asarray(Image.open(path)) == expected.values * 255).all()


def test_plain_http_is_enough(address: str, folder: Path) -> None:
    boundary = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.png\r\nContent-Type: image/png\r\n\r\n"
    body = boundary + (folder / "source.png").read_bytes() + b"\r\n--x--\r\n"
    status, answer = post(f"{address}/gradio_api/upload", body, "multipart/form-data; boundary=x")
    assert status == 200
    uploaded = {"path": json.loads(answer)[0], "meta": {"_type": "gradio.FileData"}}
    status, answer = post(f"{address}/gradio_api/call/segment", json.dumps({"data": [uploaded, "30,30"]}).encode())
    event = json.loads(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/segment/{event}", timeout=60) as stream:
        lines = stream.read().decode()
    assert "event: complete" in lines and ".png" in lines


@pytest.mark.parametrize("method", ["specref", "baret"])
@pytest.mark.parametrize("box", [(0, 0, 64, 64), (30, 30, 31, 31)])
def test_the_largest_and_the_smallest_mask_are_edited_or_refused(
    box: tuple[int, int, int, int], method: str, client: Client, folder: Path
) -> None:
    box_mask((64, 64), box).to_image().save(folder / "odd.png")
    job = edit(client, folder, method=method, region=handle_file(str(folder / "odd.png")))
    if method == "specref" and box[2] - box[0] == 1:
        with pytest.raises(Exception, match="too small|vanish|larger"):
            job.result()
        return
    path = job.result()[1]
    changed = np.asarray(Image.open(path)) != np.asarray(picture(1))
    outside = np.ones((64, 64), bool)
    outside[box[1] : box[3], box[0] : box[2]] = False
    assert not changed[outside].any()


def test_a_thing_is_found_by_its_word(client: Client, folder: Path) -> None:
    asked = {"picture": handle_file(str(folder / "source.png")), "api_name": "/find"}
    mask = read_mask(client.predict(word="cat", **asked))
    assert mask.size == Image.open(folder / "source.png").size and not mask.is_empty
    with pytest.raises(Exception, match="no word to look for"):
        client.predict(word=" ", **asked)
