"""Trials of single requests: what every answer carries, what is never fetched, who is answered, what is said."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import UPLOAD, edit, edited, noise, told, upload

REQUIRED = ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy")
PAGES = (
    *("/", "/config", "/theme.css", "/robots.txt", "/manifest.json", "/nosuch", "/static/nosuch", "/%2e%2e/x"),
    *("/gradio_api/info", "/gradio_api/file=/etc/passwd", "/gradio_api/file=https://example.org/"),
    "/gradio_api/call/edit",
)
FORM = {"files": ("a.png", b"x", "image/png")}
HALF_SECONDS = 45.0
WRONG = (
    ("call/segment", '{"data": [1, 2'),
    ("call/segment", '{"data": [1]}'),
    ("call/nosuch", '{"data": []}'),
    ("call/v2/segment", '{"data": []}'),
    ("queue/join", '{"data": []}'),
    ("queue/join", '{"data": [], "fn_index": 9999, "session_hash": "x"}'),
    ("component_server", '{"data": 1}'),
    ("component_server", '{"data": 1, "component_id": 9999, "session_hash": "x", "fn_name": "cut"}'),
    ("run/edit", '{"data": []}'),
    ("cancel", "{}"),
    ("upload", "abc"),
    ("call/edit", " " * (2 << 20)),
)


def _headers(site: Site, quick: bool) -> Found:
    """Pages, files, errors, refusals and an upload."""
    with site.client() as client:
        answers = [client.get(page) for page in PAGES]
        answers += [
            client.delete("/config"),
            client.post(UPLOAD, files=FORM),
            client.get("/", headers={"Host": "x.org"}),
        ]
        answers += [client.post("/gradio_api/call/segment", content=b"{"), client.options("/", headers=_from("x.org"))]
    lacking = [answer.request.url.path for answer in answers if any(name not in answer.headers for name in REQUIRED)]
    return Found(measured=f"{len(answers) - len(lacking)} of {len(answers)} answers have all", held=not lacking)


def _fetches(site: Site, quick: bool) -> Found:
    """Addresses of a listening socket in every place where a file's path or address may stand."""
    with _listening() as (port, calls), site.client() as client:
        address = f"http://127.0.0.1:{port}/a.png"
        file = {"path": address, "meta": {"_type": "gradio.FileData"}}
        mine = upload(client, noise(1)) | {"url": address}
        for method in ("GET", "HEAD", "POST", "PUT", "OPTIONS"):
            for route in ("file=", "file/", "proxy=", "stream/", "file=%20", "file=//"):
                client.request(method, f"/gradio_api/{route}{address}")
        for body in (file, {"path": address}, {"path": f" {address}"}, {"path": address.upper()}, mine):
            for route in ("call/segment", "call/v2/segment", "run/segment", "api/segment"):
                client.post(f"/gradio_api/{route}", json={"data": [body, "3,3"], "picture": body, "clicks": "3,3"})
            joined = {"data": [body, "3,3"], "session_hash": "x", "api_name": "segment", "fn_index": 0}
            client.post("/gradio_api/queue/join", json=joined)
            client.post("/gradio_api/component_server", json={"data": body, "component_id": 1, "session_hash": "x"})
        client.post(UPLOAD, json=[address])
        client.post(UPLOAD, data={"files": address, "url": address})
        time.sleep(3.0)
    return Found(measured=f"{len(calls)} connections", held=not calls)


def _names(site: Site, quick: bool) -> Found:
    """Foreign names of the server, and foreign sites that post to it; its own are answered."""
    own = site.address.removeprefix("http://")
    with site.client() as client:
        hosts = ("evil.org", "127.0.0.1.evil.org", "evil.org:80", "localhost.evil.org", "")
        refused = [client.get("/config", headers={"Host": host}).status_code >= 400 for host in hosts]
        for origin in ("http://evil.org", "null", "http://127.0.0.1:1", "https://127.0.0.1.evil.org"):
            refused.append(client.post(UPLOAD, files=FORM, headers={"Origin": origin}).status_code == 403)
        crossed = {"Sec-Fetch-Site": "cross-site"}
        refused.append(client.post(UPLOAD, files=FORM, headers=crossed).status_code == 403)
        served = [client.get("/config", headers={"Host": own.replace("127.0.0.1", "localhost")}).status_code == 200]
        served.append(client.post(UPLOAD, files=FORM, headers=_from(own)).status_code == 200)
    measured = f"{sum(refused)} of {len(refused)} foreign refused, {sum(served)} of {len(served)} own answered"
    return Found(measured=measured, held=all(refused) and all(served))


def _halves(site: Site, quick: bool) -> Found:
    """Half of a first line, of headers, of a JSON body, of an upload; and one byte every few seconds."""
    head = f"Host: 127.0.0.1:{site.port}\r\nContent-Length: 1000\r\n"
    halves = (
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: 127.0",
        f"POST /gradio_api/call/segment HTTP/1.1\r\n{head}Content-Type: application/json\r\n\r\n{{",
        f"POST {UPLOAD} HTTP/1.1\r\n{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n--x",
    )
    slowest = max(_held_for(site.port, [half.encode() for half in halves], drip=False))
    dripped = max(_held_for(site.port, [b"GET / HTTP/1.1\r\nX: "], drip=True))
    return Found(
        measured=f"held for {slowest:.0f} s at most, with a byte now and then {dripped:.0f} s",
        held=max(slowest, dripped) < HALF_SECONDS,
    )


def _sentences(site: Site, quick: bool) -> Found:
    """Wrong requests of many kinds; each answer has to be JSON with a sentence, and none an unexpected error."""
    silent = []
    with site.client() as client:
        for route, body in WRONG:
            kind = {"Content-Type": "application/json"}
            answer = client.post(f"/gradio_api/{route}", content=body, headers=kind)
            if answer.status_code == 200 and "event_id" in answer.json():
                told = client.get(f"/gradio_api/{route}/{answer.json()['event_id']}", timeout=60).text
                said = told.partition("data: ")[2]
            else:
                said = answer.text
            if not _is_sentence(said):
                silent.append(route)
        for page in ("/nosuch", "/gradio_api/file=/etc/passwd", "/gradio_api/proxy=x"):
            if not _is_sentence(client.get(page).text):
                silent.append(page)
    count = len(WRONG) + 3
    return Found(measured=f"{count - len(silent)} of {count} say what is wrong {silent or ''}", held=not silent)


def _two_pages(site: Site, quick: bool) -> Found:
    """Two servers take turns in answering a visitor, as behind a proxy that keeps nobody at one; then one does all."""
    folder = site.folder / "other"
    folder.mkdir()
    with Site(folder, site.variables) as other, site.client() as here, other.client() as there:
        foreign = {"data": edit(upload(here, noise(1)))}
        refused = there.post("/gradio_api/call/edit", json=foreign)
        if refused.status_code == 200:
            *_, (_, said) = told(there, "edit", refused.json()["event_id"])
        else:
            said = refused.json()
        kept = edited(here, noise(2))
    sentence = _is_sentence(json.dumps(said))
    return Found(
        measured=f"apart: {'a sentence' if sentence else said}; kept at one: '{kept}'",
        held=sentence and kept == "complete",
    )


def _is_sentence(said: str) -> bool:
    try:
        error = json.loads(said)["error"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(error, str) and error.endswith(".") and " " in error and "unexpected" not in error


def _from(host: str) -> dict[str, str]:
    return {"Origin": f"http://{host}", "Access-Control-Request-Method": "POST"}


def _held_for(port: int, beginnings: list[bytes], drip: bool) -> Iterator[float]:
    """For how many seconds each connection is kept that says no more than its beginning."""
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in beginnings]
    began = time.monotonic()
    for connection, beginning in zip(connections, beginnings, strict=True):
        connection.sendall(beginning)
    for connection in connections:
        while time.monotonic() - began < 2 * HALF_SECONDS and not _is_closed(connection, drip):
            pass
        yield time.monotonic() - began
        connection.close()


def _is_closed(connection: socket.socket, drip: bool) -> bool:
    connection.settimeout(2.0)
    try:
        if drip:
            connection.sendall(b"a")
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _listening() -> Iterator[tuple[int, list[str]]]:
    """A port, and from where it was called so far."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, where = listener.accept()
                except OSError:
                    continue
                calls.append(str(where))
                connection.close()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1], calls
        finally:
            over.set()
            thread.join()


TRIALS = (
    Trial(name="headers", does="pages, files and errors are asked for", goal="all answers have them", run=_headers),
    Trial(name="fetches", does="addresses stand where files may", goal="no connection is made", run=_fetches),
    Trial(name="names", does="other sites ask, under other names", goal="only its own are answered", run=_names),
    Trial(name="halves", does="halves of requests", goal=f"let go within {HALF_SECONDS:g} s", run=_halves),
    Trial(name="sentences", does="wrong requests", goal="each is told in a sentence", run=_sentences),
    Trial(
        name="two-pages",
        does="a visitor's picture is at one server and the edit is asked of another",
        goal="told in a sentence, and made where both are",
        run=_two_pages,
    ),
)
