"""Wrong requests: each is named in a sentence, and the server goes on."""

import contextlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image

from refedit.editing.request import LONGEST_PROMPT
from refedit.ui.uploads import LARGEST_REQUEST
from refedit.web.request_limits import JSON_LIMIT, NAMES, VALUES, refusal_of
from tests.conftest import picture
from tests.server.calls import edit, encoded, post

STATED = "not a readable PNG, JPEG or WebP"


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
        ({"source_prompt": ""}, "source prompt is empty"),
        ({"reference": None}, "needs a reference picture"),
        ({"prompt": None}, "'prompt' is no text"),
        ({"reference_prompt": None}, "'reference_prompt' is no text"),
        ({"settings": ["steps"]}, "'settings' is no object"),
    ],
)
def test_wrong_requests_are_one_sentence(changes: dict[str, Any], says: str, client: Client, folder: Path) -> None:
    with pytest.raises(Exception, match=says):
        edit(client, folder, **changes).result()


WRONG_FILES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "bomb": (lambda: encoded(Image.new("1", (13000, 13000)), "PNG"), "169 megapixels; the limit is 17"),
    "bigger": (lambda: encoded(Image.new("1", (14000, 14000)), "PNG"), "megapixels"),
    "one pixel": (lambda: encoded(Image.new("RGB", (1, 1)), "PNG"), "at least 16 a side"),
    "tiny": (lambda: encoded(Image.new("RGB", (8, 8)), "PNG"), "at least 16 a side"),
    "empty": (lambda: b"", STATED),
    "text": (lambda: b"no picture", STATED),
    "truncated": (lambda: encoded(picture(1), "JPEG")[:200], STATED),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", STATED),
    "tiff": (lambda: encoded(picture(1), "TIFF"), STATED),
    "other size": (lambda: encoded(picture(1, (32, 64)), "PNG"), "mask.*picture's size"),
    "nothing inside": (lambda: encoded(Image.new("L", (64, 64)), "PNG"), "Nothing is painted"),
}
"""What makes a file's content, which is large in some, and the error that it gets."""


@pytest.mark.parametrize("name", WRONG_FILES)
def test_wrong_files_are_named_and_the_server_goes_on(name: str, client: Client, folder: Path, address: str) -> None:
    content, says = WRONG_FILES[name]
    (folder / "wrong.png").write_bytes(content())
    place = "region" if name in ("other size", "nothing inside") else "source"
    with pytest.raises(Exception, match=says):
        edit(client, folder, **{place: handle_file(str(folder / "wrong.png"))}).result()
    with urllib.request.urlopen(f"{address}/config", timeout=10) as answer:
        assert answer.status == 200


def test_oversized_requests_are_refused(address: str) -> None:
    large = json.dumps({"data": ["x" * JSON_LIMIT]}).encode()
    for path in ("queue/join", "call/edit", "run/edit"):
        assert post(f"{address}/gradio_api/{path}", large)[0] == 413
    kind = "multipart/form-data; boundary=x"
    part = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\n"
    one = part + bytes(49 << 20) + b"\r\n--x--\r\n"
    assert post(f"{address}/gradio_api/upload", one, kind)[0] == 413
    request = urllib.request.Request(f"{address}/gradio_api/upload", b"x", {"Content-Type": kind})
    request.add_header("Content-Length", str(LARGEST_REQUEST + 1))
    with pytest.raises(urllib.error.HTTPError, match="413"):
        urllib.request.urlopen(request, timeout=10)


def test_a_thousand_files_in_one_request_are_too_much_once_they_are_large(address: str, folder: Path) -> None:
    before = stored(folder)
    part = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\n" + bytes(100_000) + b"\r\n"
    with contextlib.suppress(urllib.error.URLError):  # closed while we are still sending, or answered just in time
        assert post(f"{address}/gradio_api/upload", part * 1000, "multipart/form-data; boundary=x")[0] == 413
    assert stored(folder) - before <= LARGEST_REQUEST
    status, _ = post(f"{address}/gradio_api/call/edit", b" " * (60 << 20))
    assert status == 413


def stored(folder: Path) -> int:
    return sum(file.stat().st_size for file in (folder / "cache").rglob("*") if file.is_file())


@pytest.mark.parametrize("name", ["../../../escaped.png", "a" * 5000 + ".png", "..%2fescaped.png", "/etc/escaped.png"])
def test_a_files_name_leads_nowhere(name: str, address: str, folder: Path) -> None:
    head = f'--x\r\nContent-Disposition: form-data; name=files; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
    body = head.encode() + (folder / "source.png").read_bytes() + b"\r\n--x--\r\n"
    status, answer = post(f"{address}/gradio_api/upload", body, "multipart/form-data; boundary=x")
    if status == 200:
        assert Path(json.loads(answer)[0]).resolve().is_relative_to((folder / "cache").resolve())
    assert not list(folder.parent.glob("**/escaped.png")) or all(
        file.resolve().is_relative_to((folder / "cache").resolve()) for file in folder.parent.glob("**/escaped.png")
    )
    assert not Path("/etc/escaped.png").exists()


@pytest.mark.parametrize(
    "prompt", ["a dog \N{DOG FACE}\N{ZERO WIDTH JOINER}", "ein größerer Hund", "\u202ea dog", "a\ndog\t"]
)
def test_unusual_letters_are_edited(prompt: str, client: Client, folder: Path) -> None:
    what, path = edit(client, folder, method="baret", prompt=prompt).result()
    assert what["kind"] == "finished" and Image.open(path).size == (64, 64)


@pytest.mark.parametrize("path", ["http://127.0.0.1:9/a.png", "https://example.org/a.png", " HTTP://x", "//x/a.png"])
def test_nothing_is_fetched_from_elsewhere(path: str, address: str) -> None:
    body = json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}, "3,3"]}).encode()
    status, answer = post(f"{address}/gradio_api/call/segment", body)
    assert status == 400 and b"Upload the file instead" in answer


@pytest.mark.parametrize("file", ["http://127.0.0.1:9/a.png", "data:image/png;base64,AAAA", "a.png"])
def test_what_is_no_uploaded_file_is_one_sentence(file: str, client: Client) -> None:
    with pytest.raises(Exception, match="Upload it first"):
        client.predict(file, "3,3", api_name="/segment")


@pytest.mark.parametrize("clicks", ["999,5", "5,-1", "nan,5", "inf,5"])
def test_clicks_beside_the_picture_are_one_sentence(clicks: str, client: Client, folder: Path) -> None:
    with pytest.raises(Exception, match="lies outside the picture, which is 64x64 pixels"):
        client.predict(handle_file(str(folder / "source.png")), clicks, api_name="/segment")


@pytest.mark.parametrize("name", ["Content-Type", "Content-Length"])
def test_a_request_that_is_two_things_at_once_is_refused(name: str, address: str) -> None:
    """Of two headers the limits might believe the one that Gradio does not."""
    body = json.dumps({"data": [{"path": "http://127.0.0.1:9/a.png"}]}).encode()
    given = {"Content-Type": ["application/json"], "Content-Length": [str(len(body))]}
    given[name].append("multipart/form-data; boundary=x" if name == "Content-Type" else "0")
    host = address.removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(host, timeout=30)) as connection:
        connection.putrequest("POST", "/gradio_api/call/segment")
        for header, values in given.items():
            for value in values:
                connection.putheader(header, value)
        connection.endheaders(body)
        assert connection.getresponse().status == 400


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", str(Path(__file__))])
def test_no_file_of_the_server_is_read(path: str, address: str) -> None:
    body = json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}, "3,3"]}).encode()
    status, answer = post(f"{address}/gradio_api/call/segment", body)
    if status == 200:
        event = json.loads(answer)["event_id"]
        with urllib.request.urlopen(f"{address}/gradio_api/call/segment/{event}", timeout=60) as stream:
            assert "event: error" in stream.read().decode()


@pytest.mark.parametrize("data", [[], [1], [1, 2], [{}, {}], [["a"], "3,3"], [{"path": 3}, "3,3"], ["a", {"b": 1}]])
def test_values_of_another_kind_are_refused_in_a_sentence(data: list[Any], address: str) -> None:
    status, answer = post(f"{address}/gradio_api/call/segment", json.dumps({"data": data}).encode())
    if status == 200:
        event = json.loads(answer)["event_id"]
        with urllib.request.urlopen(f"{address}/gradio_api/call/segment/{event}", timeout=60) as stream:
            answer = stream.read()
    assert b'"error"' in answer and b"see the server's log" not in answer, answer


def test_what_is_fetched_is_found_at_any_depth() -> None:
    assert refusal_of(json.dumps({"a": [{"b": {"path": "https://x"}}]}).encode())
    for harmless in (b"", b"no json", json.dumps({"path": "/anywhere/a", "url": "http://127.0.0.1/a"}).encode()):
        assert refusal_of(harmless) is None


def test_bodies_of_very_many_values_or_long_names_are_refused() -> None:
    many, deep = json.dumps([[]] * VALUES), "[" * 5000 + "]" * 5000
    long = [json.dumps({name: "x" * 65}) for name in NAMES]
    for body in (many, deep, *long):
        assert refusal_of(body.encode())
    assert refusal_of(json.dumps({"session_hash": "x" * 36, "data": ["," * 2000]}).encode()) is None
