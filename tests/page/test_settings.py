"""How the page is served: read from the environment."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from refedit.editing.editor import Editor
from refedit.errors import EditError
from refedit.models import BUILTIN, load_model
from refedit.ui.page import build_page, launch_options
from refedit.ui.settings import Settings
from tests.page_server import ROOT


def test_settings_come_from_the_environment() -> None:
    assert Settings.from_environment({}) == Settings()
    asked = {"REFEDIT_HOST": "0.0.0.0", "REFEDIT_PORT": "8080", "REFEDIT_MODEL": "x/y", "REFEDIT_EXAMPLES": "tiles"}
    settings = Settings.from_environment(asked)
    assert (settings.host, settings.port, settings.model, settings.examples) == ("0.0.0.0", 8080, "x/y", Path("tiles"))
    assert launch_options(settings)["server_name"] == "0.0.0.0"


@pytest.mark.parametrize("port", ["", "-1", "0", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ValueError, match="REFEDIT_PORT"):
        Settings.from_environment({"REFEDIT_PORT": port})


@pytest.mark.parametrize("name", ["REFEDIT_MCP", "REFEDIT_CHANNELS_LAST"])
def test_a_switch_is_0_or_1(name: str) -> None:
    for value in ("true", "", "2", "on"):
        with pytest.raises(ValueError, match=f"{name} is '{value}', but has to be 0 or 1"):
            Settings.from_environment({name: value})
    assert Settings.from_environment({name: "1"}) != Settings.from_environment({name: "0"}) == Settings()


def test_a_port_in_use_is_one_sentence(tiny_folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        environment = {**os.environ, "REFEDIT_PORT": port, "REFEDIT_MODEL": str(tiny_folder), "REFEDIT_DEVICE": "cpu"}
        ran = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True)
    where = f"port {port} of 127.0.0.1"
    said = f"RefEdit cannot start: {where} is in use or not this machine's. Set REFEDIT_PORT or REFEDIT_HOST."
    assert ran.returncode == 1 and ran.stderr.strip().splitlines()[-1] == said
    assert "Traceback" not in ran.stderr and "GRADIO_SERVER_PORT" not in ran.stderr


def test_the_page_of_the_built_in_model_is_ready_within_five_seconds() -> None:
    started = time.monotonic()
    build_page(Editor(load_model(BUILTIN, "cpu")), Settings())
    assert time.monotonic() - started < 5


def test_tools_for_language_models_are_off_unless_they_are_asked_for() -> None:
    assert launch_options(Settings.from_environment({}))["mcp_server"] is False
    settings = Settings.from_environment({"REFEDIT_MCP": "1"})
    if find_spec("mcp"):
        assert launch_options(settings)["mcp_server"] is True
        return
    with pytest.raises(EditError, match=r'pip install "gradio\[mcp\]>=6.30,<7"'):
        launch_options(settings)


@pytest.mark.skipif(find_spec("mcp") is not None, reason="what the tools need is installed")
def test_the_app_says_what_the_tools_need(tmp_path: Path) -> None:
    environment = {**os.environ, "REFEDIT_MCP": "1", "REFEDIT_MODEL": str(tmp_path)}
    ran = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1
    assert ran.stderr.strip().splitlines()[-1].startswith("RefEdit cannot start: REFEDIT_MCP is 1, but")
    assert "Traceback" not in ran.stderr
