"""Who is answered by which name, and whom uvicorn believes where a request came from."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from uvicorn.middleware.proxy_headers import _TrustedHosts

from refedit.machine.by_name import UnderWay
from refedit.web.answers import HEADERS, App, Message, Receive, Scope, Send
from refedit.web.guard import PRIVATE, Guard, trust_proxies
from refedit.web.listeners import Listeners
from refedit.web.origins import Origins
from refedit.web.rates import Rates, network_of


def scope(method: str = "GET", **headers: str) -> dict[str, Any]:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": method, "headers": named, "path": "/", "query_string": b""}


@pytest.mark.parametrize(
    ("host", "names", "asked", "answered"),
    [
        ("127.0.0.1", (), "127.0.0.1:7860", True),
        ("127.0.0.1", (), "LOCALHOST:1", True),
        ("::1", (), "[::1]:7860", True),
        ("127.0.0.1", (), "evil.org", False),
        ("127.0.0.1", (), "", False),
        ("127.0.0.1", ("edit.example.org",), "edit.example.org", True),
        ("0.0.0.0", (), "anything.example.org", True),
        ("0.0.0.0", ("edit.example.org",), "192.168.1.5:7860", True),
        ("0.0.0.0", ("edit.example.org",), "evil.org", False),
    ],
)
def test_a_local_page_has_local_names(host: str, names: tuple[str, ...], asked: str, answered: bool) -> None:
    assert (Origins.of(host, names).refusal(scope(host=asked)) is None) == answered


@pytest.mark.parametrize(
    ("headers", "answered"),
    [
        ({"host": "edit.example.org"}, True),
        ({"host": "edit.example.org", "origin": "https://edit.example.org"}, True),
        ({"host": "edit.example.org", "origin": "https://evil.org"}, False),
        ({"host": "10.0.0.1:80", "origin": "https://a.org", "x_forwarded_host": "a.org"}, True),
        ({"host": "edit.example.org", "origin": "null", "sec_fetch_site": "same-origin"}, True),
        ({"host": "edit.example.org", "sec_fetch_site": "cross-site"}, False),
    ],
)
def test_what_changes_something_comes_from_the_page_or_from_no_browser(headers: dict[str, str], answered: bool) -> None:
    origins = Origins.of("0.0.0.0")
    assert (origins.refusal(scope("POST", **headers)) is None) == answered
    assert origins.refusal(scope("GET", **headers)) is None


def test_nobody_is_believed_where_a_request_came_from_but_named_proxies_and_those_of_a_space() -> None:
    assert trust_proxies({}) == "" and "127.0.0.1" not in _TrustedHosts(trust_proxies({}))
    assert trust_proxies({"FORWARDED_ALLOW_IPS": "10.0.0.7"}) == "10.0.0.7"
    spoofed = "8.8.8.8, 203.0.113.9, 10.1.2.3"  # the first is what the visitor's own request claimed
    assert _TrustedHosts(trust_proxies({"SPACE_ID": "a/b"})).get_trusted_client_address(spoofed)[0] == "203.0.113.9"
    assert trust_proxies({"SPACE_ID": "a/b"}) == PRIVATE


def test_whoever_closes_the_last_stream_has_left() -> None:
    listeners, asked = Listeners(), scope() | {"path": "/gradio_api/call/edit/e1"}
    assert listeners.silent_for(("e1",), 0.0) > 0
    with listeners.listening(asked):
        with listeners.listening(asked):
            pass
        assert listeners.silent_for(("s1", "e1"), 0.0) == 0
    assert 0 < listeners.silent_for(("s1", "e1"), 0.0) < 60
    with listeners.listening(scope() | {"path": "/gradio_api/heartbeat/s1"}):
        assert listeners.has_page("s1") and not listeners.has_page("s2")
    assert not listeners.has_page("s1")


def test_an_address_that_asks_without_end_has_to_wait_and_others_do_not() -> None:
    rates = Rates(burst=61, per_second=0.0)
    assert [rates.spend("a") for _ in range(62)] == [True] * 61 + [False]
    assert rates.spend("b")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        ("::1", "::1"),
        ("unknown", "unknown"),
    ],
)
def test_whoever_has_half_the_addresses_of_the_world_counts_as_one(address: str, network: str) -> None:
    assert network_of(address) == network


def test_an_address_has_so_many_requests_open_and_no_more() -> None:
    open = UnderWay(most=1)
    with open.one_of("a") as first, open.one_of("a") as second, open.one_of("b") as other:
        assert (first, second, other) == (True, False, True)
    with open.one_of("a") as again:
        assert again


def answered(asked: Scope, inner: App | None = None) -> tuple[list[Message], list[Scope]]:
    """What a guard sends, and what it lets through."""
    sent, passed = list[Message](), list[Scope]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope)
        if inner:
            await inner(scope, receive, send)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as other:  # a browser's loop may run in this one
        other.submit(asyncio.run, Guard(app, Origins.of("0.0.0.0"))(asked, receive, send)).result()
    return sent, passed


@pytest.mark.parametrize("name", ["runs.png", "dev/a.png", "monitoring", "call/" + 99 * "x", "heartbeat/" + 99 * "x"])
def test_a_visitors_file_may_have_the_name_of_a_route_that_is_not_answered(name: str) -> None:
    assert answered(scope() | {"path": f"/gradio_api/file=/private/{name}"})[1]
    assert not answered(scope() | {"path": f"/gradio_api/{name}".replace(".png", "")})[1]


@pytest.mark.parametrize("extensions", [{}, {"websocket.http.response": {}}])
def test_no_site_can_open_a_websocket(extensions: dict[str, Any]) -> None:
    sent, passed = answered(scope() | {"type": "websocket", "extensions": extensions})
    assert not passed and "accept" not in str(sent)
    if extensions:
        assert {name.decode() for name, _ in sent[0]["headers"]} >= HEADERS.keys()


def test_names_that_would_be_remembered_are_short() -> None:
    long = "x" * 100
    assert not answered(scope() | {"path": f"/gradio_api/heartbeat/{long}"})[1]
    data = scope() | {"path": "/gradio_api/queue/data", "query_string": f"session_hash={long}".encode()}
    assert not answered(data)[1] and answered(data | {"query_string": b"session_hash=abc"})[1]


def test_no_proxy_may_keep_a_visitors_file() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent, _ = answered(scope() | {"path": "/gradio_api/file=/private/a.png"}, app)
    assert (b"cache-control", b"private") in sent[0]["headers"]
    sent, _ = answered(scope() | {"path": "/assets/a.js"}, app)
    assert b"cache-control" not in dict(sent[0]["headers"])
