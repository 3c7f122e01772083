"""The page's server as a program sees it: the two endpoints, and what wrong inputs meet."""

import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image

from refedit.edit import LONGEST_PROMPT
from refedit.recipe import read_result
from refedit.segment import Click
from refedit.ui.guard import JSON_LIMIT, UPLOAD_LIMIT, fetches
from tests.conftest import box_mask, picture
from tests.page_server import serving, tiny_segmenter

STATED = "not a readable PNG, JPEG or WebP"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    picture(1).save(folder / "source.png")
    picture(2).save(folder / "reference.png")
    box_mask((64, 64), (8, 8, 40, 48)).to_image().save(folder / "mask.png")
    return folder


@pytest.fixture(scope="module")
def address(tiny_folder: Path, folder: Path) -> Iterator[str]:
    # A server of its own: here, the checks of types would wrap generators so that Gradio does not see what they are.
    with serving(["-m", "tests.page_server"], folder, {"REFEDIT_MODEL": str(tiny_folder)}) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str, folder: Path) -> Iterator[Client]:
    client = Client(address, verbose=False, download_files=str(folder / "got"))
    yield client
    client.close()


def edit(client: Client, folder: Path, **changes: Any) -> Any:
    values = {
        "method": "specref",
        "source": handle_file(str(folder / "source.png")),
        "prompt": "a dog",
        "source_prompt": "a cat",
        "reference": handle_file(str(folder / "reference.png")),
        "region": handle_file(str(folder / "mask.png")),
        "settings": {"steps": 2},
    }
    return client.submit(**values | changes, api_name="/edit")


def post(url: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_programs_see_two_endpoints_and_their_parameters(client: Client) -> None:
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]  # type: ignore[index]
    names = {path: [item["parameter_name"] for item in about["parameters"]] for path, about in endpoints.items()}
    assert names == {
        "/edit": [
            "method", "source", "prompt", "source_prompt", "region", "reference", "subject", "preset", "settings",
        ],
        "/segment": ["picture", "clicks"],
    }  # fmt: skip


@pytest.mark.parametrize("method", ["specref", "baret"])
def test_an_edit_streams_and_ends_with_a_result_that_remembers(method: str, client: Client, folder: Path) -> None:
    answers = list(edit(client, folder, method=method))
    assert {what["kind"] for what, _ in answers[:-1]} == {"progress", "preview"}
    what, path = answers[-1]
    assert what["kind"] == "finished" and what["parameters"]["steps"] == "2"
    result = read_result(Path(path))
    assert result.method.name == method and result.inputs is not None and result.image.size == (64, 64)


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


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"method": "magic"}, "no method 'magic'. Choose one of specref, baret"),
        ({"preset": "magic"}, "no preset 'magic'"),
        ({"settings": {"steps": 0}}, "steps is 0"),
        ({"settings": {"magic": 1}}, "no parameter 'magic'"),
        ({"prompt": " "}, "target prompt is empty"),
        ({"prompt": "x" * (LONGEST_PROMPT + 1)}, "longer than 2000 characters"),
        ({"prompt": "dog " * 200}, "too long|tokens"),
        ({"reference": None}, "needs a reference picture"),
    ],
)
def test_wrong_requests_are_one_sentence(changes: dict[str, Any], says: str, client: Client, folder: Path) -> None:
    with pytest.raises(Exception, match=says):
        edit(client, folder, **changes).result()


def encoded(image: Image.Image, format: str) -> bytes:
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()


def wrong_files() -> dict[str, tuple[bytes, str]]:
    """File contents and what is said of them."""
    return {
        "bomb": (encoded(Image.new("1", (13000, 13000)), "PNG"), "169 megapixels; the limit is 40"),
        "bigger": (encoded(Image.new("1", (20000, 20000)), "PNG"), "megapixels"),
        "tiny": (encoded(Image.new("RGB", (8, 8)), "PNG"), "at least 16 a side"),
        "empty": (b"", STATED),
        "text": (b"no picture", STATED),
        "truncated": (encoded(picture(1), "JPEG")[:200], STATED),
        "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", STATED),
        "tiff": (encoded(picture(1), "TIFF"), STATED),
        "other size": (encoded(picture(1, (32, 64)), "PNG"), "mask.*picture's size"),
        "nothing inside": (encoded(Image.new("L", (64, 64)), "PNG"), "Nothing is painted"),
    }


@pytest.mark.parametrize("name", wrong_files())
def test_wrong_files_are_named_quickly_and_the_server_goes_on(
    name: str, client: Client, folder: Path, address: str
) -> None:
    data, says = wrong_files()[name]
    (folder / "wrong.png").write_bytes(data)
    place = "region" if name in ("other size", "nothing inside") else "source"
    started = time.monotonic()
    with pytest.raises(Exception, match=says):
        edit(client, folder, **{place: handle_file(str(folder / "wrong.png"))}).result()
    assert time.monotonic() - started < 10
    with urllib.request.urlopen(f"{address}/config", timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("box", [(0, 0, 64, 64), (30, 30, 31, 31)])
def test_the_largest_and_the_smallest_mask_are_edited(
    box: tuple[int, int, int, int], client: Client, folder: Path
) -> None:
    box_mask((64, 64), box).to_image().save(folder / "odd.png")
    path = edit(client, folder, method="baret", region=handle_file(str(folder / "odd.png"))).result()[1]
    changed = np.asarray(Image.open(path)) != np.asarray(picture(1))
    outside = np.ones((64, 64), bool)
    outside[box[1] : box[3], box[0] : box[2]] = False
    assert not changed[outside].any()


def test_oversized_requests_are_refused(address: str) -> None:
    large = json.dumps({"data": ["x" * JSON_LIMIT]}).encode()
    for path in ("queue/join", "call/edit", "run/edit"):
        assert post(f"{address}/gradio_api/{path}", large)[0] == 413
    kind = "multipart/form-data; boundary=x"
    part = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\n"
    one = part + bytes(49 << 20) + b"\r\n--x--\r\n"
    assert post(f"{address}/gradio_api/upload", one, kind)[0] == 413
    request = urllib.request.Request(f"{address}/gradio_api/upload", b"x", {"Content-Type": kind})
    request.add_header("Content-Length", str(UPLOAD_LIMIT + 1))
    with pytest.raises(urllib.error.HTTPError, match="413"):
        urllib.request.urlopen(request, timeout=10)


@pytest.mark.parametrize("path", ["http://127.0.0.1:9/a.png", "https://example.org/a.png", " HTTP://x", "//x/a.png"])
def test_nothing_is_fetched_from_elsewhere(path: str, address: str) -> None:
    body = json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}, "3,3"]}).encode()
    status, answer = post(f"{address}/gradio_api/call/segment", body)
    assert status == 400 and b"Upload the file instead" in answer


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", str(Path(__file__))])
def test_no_file_of_the_server_is_read(path: str, address: str) -> None:
    body = json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}, "3,3"]}).encode()
    status, answer = post(f"{address}/gradio_api/call/segment", body)
    if status == 200:
        event = json.loads(answer)["event_id"]
        with urllib.request.urlopen(f"{address}/gradio_api/call/segment/{event}", timeout=60) as stream:
            assert "event: error" in stream.read().decode()


def test_what_is_fetched_is_found_at_any_depth() -> None:
    assert fetches(json.dumps({"a": [{"b": {"path": "https://x"}}]}).encode())
    assert fetches(b"[" * 100_000 + b"]" * 100_000)
    for harmless in (b"", b"no json", json.dumps({"path": "/anywhere/a", "url": "http://127.0.0.1/a"}).encode()):
        assert not fetches(harmless)
