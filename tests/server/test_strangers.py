"""A server among strangers: what every answer carries, who is answered, and that every failure is told."""

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]

from refedit.web.answers import HEADERS
from refedit.web.patience import IDLE
from tests.server.calls import edit, post

FORM = "multipart/form-data; boundary=x"
UPLOAD = b"--x\r\nContent-Disposition: form-data; name=files; filename=a.png\r\n\r\nx\r\n--x--\r\n"
JSON = "application/json"


def ask(
    address: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request(method, path, body or None, dict(headers))
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/nosuch", {}),
        ("DELETE", "/config", {}),
        ("GET", "/gradio_api/file=/etc/passwd", {}),
        ("GET", "/", {"Host": "evil.org"}),
        ("OPTIONS", "/gradio_api/upload", {"Origin": "http://evil.org", "Access-Control-Request-Method": "POST"}),
        ("POST", "/gradio_api/call/segment", {"Content-Type": JSON}),
    ],
)
def test_every_answer_has_the_headers(method: str, path: str, headers: Mapping[str, str], address: str) -> None:
    _, told, _ = ask(address, method, path, headers)
    assert told.keys() >= HEADERS.keys()


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("route", ["file=", "file/", "proxy=", "stream/", "file=%20", "file=/"])
def test_no_route_fetches(method: str, route: str, address: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as elsewhere:
        elsewhere.settimeout(0.0)
        status, _, _ = ask(address, method, f"/gradio_api/{route}http://127.0.0.1:{elsewhere.getsockname()[1]}/a", {})
        assert status >= 400
        with pytest.raises(OSError):
            elsewhere.accept()


def test_only_its_own_names_and_pages_are_answered(address: str) -> None:
    own = urlsplit(address).netloc
    local = own.replace("127.0.0.1", "localhost")
    assert ask(address, "GET", "/robots.txt", {"Host": local})[0] == 200
    for host in ("evil.org", f"{own.split(':')[0]}.evil.org"):
        assert ask(address, "GET", "/robots.txt", {"Host": host})[0] == 421
    sent = {"Content-Type": FORM}
    assert ask(address, "POST", "/gradio_api/upload", sent | {"Origin": f"http://{local}"}, UPLOAD)[0] == 200
    foreign: tuple[dict[str, str], ...] = (
        {"Origin": "http://evil.org"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
    )
    for headers in foreign:
        assert ask(address, "POST", "/gradio_api/upload", sent | headers, UPLOAD)[0] == 403
    _, told, _ = ask(address, "GET", "/robots.txt", {"Origin": "http://evil.org"})
    assert "access-control-allow-origin" not in told


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("call/segment", b'{"data": ['),
        ("call/nosuch", b'{"data": []}'),
        ("call/v2/segment", b'{"data": []}'),
        ("queue/join", b'{"data": [], "fn_index": 9999, "session_hash": "x"}'),
        ("component_server", b'{"data": 1, "component_id": 9999, "session_hash": "x", "fn_name": "cut"}'),
        ("run/edit", b'{"data": []}'),
        ("upload", b"abc"),
    ],
)
def test_what_no_address_takes_is_told_and_is_not_unexpected(path: str, body: bytes, address: str) -> None:
    status, answer = post(f"{address}/gradio_api/{path}", body)
    told = json.loads(answer)["error"]
    assert 400 <= status < 500 and told.endswith(".") and "number" not in told


def test_a_head_without_an_end_is_cut_off_and_what_is_no_request_has_the_headers(address: str) -> None:
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises(OSError):
            for _ in range(200):
                connection.sendall(bytes(b"a" * (1 << 16)))
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(b"no request\r\n\r\n")
        answer = connection.recv(1 << 16).decode().lower()
    assert answer.startswith("http/1.1 400") and all(f"\r\n{name}: " in answer for name in HEADERS)


def test_connections_that_say_nothing_keep_nobody_else_out(address: str) -> None:
    place = urlsplit(address)
    silent = [socket.create_connection((place.hostname, place.port)) for _ in range(IDLE + 50)]
    try:
        assert ask(address, "GET", "/robots.txt", {})[0] == 200
        silent[0].settimeout(10)
        assert silent[0].recv(1) == b"", "the one that was silent the longest"
    finally:
        for connection in silent:
            connection.close()


def test_nobody_is_told_by_which_name_another_came(address: str) -> None:
    own = urlsplit(address).netloc
    for path in ("/gradio_api/info", "/gradio_api/openapi.json", "/config", "/"):
        ask(address, "GET", path, {"X-Forwarded-Host": "evil.org"})
        assert b"evil.org" not in ask(address, "GET", path, {"Host": own})[2]


def test_no_name_that_a_stranger_invents_is_remembered_at_length(address: str) -> None:
    long = "x" * 1000
    for path in (f"heartbeat/{long}", f"queue/data?session_hash={long}", f"upload_progress?upload_id={long}"):
        assert ask(address, "GET", f"/gradio_api/{path}", {})[0] == 404
    asked = json.dumps({"data": [], "fn_index": 0, "session_hash": long}).encode()
    assert post(f"{address}/gradio_api/queue/join", asked)[0] == 400


def test_what_is_said_and_shown_here_is_not_logged(address: str, client: Client, folder: Path) -> None:
    secret = "marmalade"
    (folder / f"{secret}.png").write_bytes((folder / "source.png").read_bytes())
    named = {"prompt": f"a {secret} dog", "source": handle_file(str(folder / f"{secret}.png"))}
    edit(client, folder, **named).result()
    for wrong in ({"prompt": f"{secret} " * 300}, {"preset": secret}, {"settings": {secret: 1}}):
        with pytest.raises(Exception, match="."):
            edit(client, folder, **named | wrong).result()
    for body in (f'{{"data": ["{secret}"', f'{{"data": ["{secret}"]}}'):
        post(f"{address}/gradio_api/call/edit", body.encode())
    assert ask(address, "GET", f"/gradio_api/file=/{secret}?prompt={secret}", {})[0] >= 400
    assert secret not in (folder / "log.txt").read_text()
