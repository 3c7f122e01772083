"""Uploads on a real server: what breaks off leaves nothing, and what is refused is told why."""

import contextlib
import http.client
import json
import socket
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from refedit.ui.uploads import FIELD, FILES
from tests.conftest import picture
from tests.server.calls import encoded, post

FORM = "multipart/form-data; boundary=x"


def part(name: str = FIELD, data: bytes = b"", file: str = "a.png") -> bytes:
    return f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'.encode() + data + b"\r\n"


def stored(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file() and path.name not in ("log.txt", "wrong.png")}


@pytest.mark.parametrize("announced", [True, False])
def test_nothing_is_left_of_a_sender_who_goes_away(announced: bool, address: str, folder: Path) -> None:
    before, place = stored(folder), urlsplit(address)
    length = "Content-Length: 9000000" if announced else "Transfer-Encoding: chunked"
    half = part(data=bytes(4_000_000))
    body = half if announced else f"{len(half):x}\r\n".encode() + half
    with socket.create_connection((place.hostname, place.port)) as connection:
        head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: {FORM}\r\n{length}\r\n\r\n"
        connection.sendall(head.encode() + body)
        time.sleep(0.2)
    assert stored(folder) <= before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("gradio_api/upload", part("other", b"x") + b"--x--\r\n"),
        ("gradio_api/upload", b"--x\r\n\r\nno part\r\n--x--\r\n"),
        ("gradio_api/upload", part(data=b"x") * (FILES + 1) + b"--x--\r\n"),
        ("gradio_api/process_recording", part("video", b"x") + b"--x--\r\n"),
        ("gradio_api/component_server", part(data=b"x") + b"--x--\r\n"),
        ("login", part(data=b"x") + b"--x--\r\n"),
    ],
)
def test_what_is_no_upload_is_refused_and_leaves_nothing(path: str, body: bytes, address: str, folder: Path) -> None:
    before = stored(folder)
    code, answer = post(f"{address}/{path}", body, FORM)
    assert code >= 400 and json.loads(answer)["error"]
    assert stored(folder) <= before


def test_an_upload_without_an_end_is_cut_off(address: str, folder: Path) -> None:
    before, place = stored(folder), urlsplit(address)
    connection = http.client.HTTPConnection(place.netloc, timeout=30)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Type", FORM)
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    chunk = bytes(1 << 20)
    with contextlib.suppress(OSError, http.client.BadStatusLine):  # closed while we are still sending
        for _ in range(70):
            connection.send(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        assert connection.getresponse().status >= 400
    connection.close()
    assert stored(folder) <= before


def test_an_upload_that_is_gone_is_named_truly(address: str) -> None:
    status, answer = post(f"{address}/gradio_api/upload", part(data=encoded(picture(5), "PNG")) + b"--x--\r\n", FORM)
    (path,) = json.loads(answer)
    assert status == 200 and Path(path).is_file()
    Path(path).unlink()
    asked = json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}, "3,3"]}).encode()
    event = json.loads(post(f"{address}/gradio_api/call/segment", asked)[1])["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/segment/{event}", timeout=60) as stream:
        told = stream.read().decode()
    assert "event: error" in told and "Add it again" in told and path not in told
