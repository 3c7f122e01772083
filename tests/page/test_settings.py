"""How the page is served: read from the environment."""

import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

import app
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.editor import Editor
from refedit.errors import EditError
from refedit.keeping.promise import Promise
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.page import build_page, launch_options, queued
from refedit.ui.settings import Settings


def test_settings_come_from_the_environment() -> None:
    assert Settings.from_environment({}) == Settings()
    asked = {"REFEDIT_HOST": "0.0.0.0", "REFEDIT_PORT": "8080", "REFEDIT_MODEL": "x/y", "REFEDIT_EXAMPLES": "tiles"}
    settings = Settings.from_environment(asked)
    assert (settings.host, settings.port, settings.model, settings.examples) == ("0.0.0.0", 8080, "x/y", Path("tiles"))
    assert launch_options(settings)["server_name"] == "0.0.0.0"


def test_a_space_says_where_it_is_looked_for_with_gradios_variables() -> None:
    said = {"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": "7000"}
    settings = Settings.from_environment(said)
    assert (settings.host, settings.port) == ("0.0.0.0", 7000)
    settings = Settings.from_environment(said | {"REFEDIT_HOST": "127.0.0.1", "REFEDIT_PORT": "8080"})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)


def test_no_server_of_gradio_stands_before_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_SSR_MODE", "true")
    assert TellingBlocks()._resolve_ssr_mode(launch_options(Settings())["ssr_mode"]) is False


def test_no_event_is_refused_on_zero_gpu_since_another_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    assert (queued(TellingBlocks())._queue.max_size or 0) > 1000


@pytest.mark.parametrize("port", ["", "-1", "0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match="REFEDIT_PORT"):
        Settings.from_environment({"REFEDIT_PORT": port})


@pytest.mark.parametrize("name", ["REFEDIT_CHANNELS_LAST", "REFEDIT_SAFETY_CHECKER"])
def test_a_choice_is_auto_or_0_or_1(name: str) -> None:
    for value in ("true", "", "2"):
        with pytest.raises(ValueError, match=f"{name} is '{value}', but has to be auto, 0 or 1"):
            Settings.from_environment({name: value})
    assert Settings.from_environment({name: "1"}) != Settings.from_environment({name: "0"})
    assert Settings.from_environment({name: "auto"}) == Settings()


def test_a_space_is_safe_unless_its_owner_says_otherwise() -> None:
    here = {"SPACE_ID": "somebody/refedit"}
    assert Settings.from_environment(here).safety_checker
    assert not Settings.from_environment(here | {"REFEDIT_SAFETY_CHECKER": "0"}).safety_checker


@pytest.mark.parametrize("name", ["REFEDIT_MCP"])
def test_a_switch_is_0_or_1(name: str) -> None:
    for value in ("true", "", "2", "on"):
        with pytest.raises(ValueError, match=f"{name} is '{value}', but has to be 0 or 1"):
            Settings.from_environment({name: value})
    assert Settings.from_environment({name: "1"}) != Settings.from_environment({name: "0"}) == Settings()


@pytest.mark.parametrize("name", ["REFEDIT_KEEP_MINUTES", "REFEDIT_QUOTA_MB"])
def test_a_promise_is_a_number_above_0(name: str) -> None:
    for value in ("", "0", "-5", "nan", "inf", "an hour"):
        with pytest.raises(ValueError, match=f"{name} is '{value}', but has to be a number above 0"):
            Settings.from_environment({name: value})
    asked = Settings.from_environment({"REFEDIT_KEEP_MINUTES": "30", "REFEDIT_QUOTA_MB": "100"})
    assert asked.promise == Promise(keep=1800, quota=100 << 20)


def said_instead_of_starting() -> str:
    """What app.py ends with; an exit with a text prints that text alone."""
    with pytest.raises(SystemExit) as exit:
        app.main()
    return str(exit.value)


def test_a_port_in_use_is_one_sentence(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        for name, value in (("PORT", port), ("MODEL", str(tiny_folder)), ("DEVICE", "cpu")):
            monkeypatch.setenv(f"REFEDIT_{name}", value)
        said = said_instead_of_starting()
    where = f"port {port} of 127.0.0.1"
    assert said == f"RefEdit cannot start: {where} is in use or not this machine's. Set REFEDIT_PORT or REFEDIT_HOST."
    assert "GRADIO_SERVER_PORT" not in "".join(capsys.readouterr())


def test_a_page_is_built_before_any_network_runs(model: StableDiffusion) -> None:
    ran: list[str] = []
    hooks = [
        network.register_forward_pre_hook(lambda *_, name=name: ran.append(name))
        for name, network in model.networks.items()
    ]
    build_page(Editor(model), Settings(), EmbeddingCache(lambda: pytest.fail("the segmenter is loaded")))
    for hook in hooks:
        hook.remove()
    assert hooks and ran == []


def test_tools_for_language_models_are_off_unless_they_are_asked_for() -> None:
    assert launch_options(Settings.from_environment({}))["mcp_server"] is False
    settings = Settings.from_environment({"REFEDIT_MCP": "1"})
    if find_spec("mcp"):
        assert launch_options(settings)["mcp_server"] is True
        return
    with pytest.raises(EditError, match=r'pip install "gradio\[mcp\]>=6.30,<7"'):
        launch_options(settings)


@pytest.mark.skipif(find_spec("mcp") is not None, reason="what the tools need is installed")
def test_the_app_says_what_the_tools_need(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFEDIT_MCP", "1")
    monkeypatch.setenv("REFEDIT_MODEL", str(tmp_path))
    assert said_instead_of_starting().startswith("RefEdit cannot start: REFEDIT_MCP is 1, but")
