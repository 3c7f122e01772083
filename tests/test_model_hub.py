"""A hub in trouble is named, each trouble by its own sentence; meanwhile the page's address answers."""

import socket
import urllib.error
import urllib.request

import pytest

from refedit.bench.suites.server.hub import troubled_hub
from refedit.errors import EditError
from refedit.machine import model_hub
from refedit.machine.model_hub import HubTrouble, from_hub
from refedit.ui import waiting_room as waiting
from refedit.ui.settings import Settings
from refedit.ui.waiting_room import WaitingRoom, patiently, waiting_room
from refedit.web.answers import HEADERS
from tests.serving import free_port


@pytest.fixture
def online(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    return monkeypatch


@pytest.mark.parametrize(
    ("code", "says", "passing"),
    [
        (401, "hf auth login", False),
        (403, "licence", False),
        (404, "no model 'some/thing'", False),
        (429, "too many requests", True),
        (503, "503", True),
    ],
)
def test_a_refusing_hub_is_named(code: int, says: str, passing: bool, online: pytest.MonkeyPatch) -> None:
    with troubled_hub(code) as address:
        online.setattr("huggingface_hub.constants.ENDPOINT", address)
        with pytest.raises(HubTrouble, match=says) as trouble:
            from_hub("some/thing", lambda: pytest.fail("it is not asked for files"))
    assert trouble.value.passing == passing


def test_a_silent_hub_is_named_soon(online: pytest.MonkeyPatch) -> None:
    online.setattr(model_hub, "PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        online.setattr("huggingface_hub.constants.ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(HubTrouble, match="does not answer") as trouble:
            from_hub("some/thing", lambda: pytest.fail("it is not asked for files"))
    assert trouble.value.passing


def test_an_address_answers_while_a_model_is_loaded_and_is_taken() -> None:
    settings = Settings(port=free_port())
    with waiting_room(settings) as room:
        room.sentence = "The hub <b>sleeps</b>."
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(f"http://127.0.0.1:{settings.port}/config", timeout=60)
        told = {name.lower() for name in answer.value.headers}
        assert answer.value.code == 503 and told >= HEADERS.keys()
        assert b"The hub &lt;b&gt;sleeps" in answer.value.read()
        with pytest.raises(EditError, match="in use"), waiting_room(settings):
            pass
    with waiting_room(settings):
        pass


def test_a_hub_that_cannot_answer_is_asked_again_and_the_visitors_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "AGAIN", 0.0)
    room, told = WaitingRoom("loading"), list[str]()

    def load() -> str:
        told.append(room.sentence)
        if len(told) < 4:
            raise HubTrouble(f"busy {len(told)}", passing=True)
        return "a model"

    assert patiently(room, load) == "a model" and told == ["loading", "busy 1", "busy 2", "busy 3"]


def test_a_trouble_that_stays_is_not_waited_for() -> None:
    def load() -> str:
        raise HubTrouble("no such model", passing=False)

    with pytest.raises(HubTrouble, match="no such model"):
        patiently(WaitingRoom("loading"), load)
