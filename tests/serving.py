"""The page on a server of its own, started as a user starts it or by `tests.page_server`; imports nothing large."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPTED = "scripted"
"""The model's name that asks for the scripted editor."""
BUILT_IN_SAM = (ROOT / "refedit" / "picturebook" / "weights" / "sam" / "config.json").is_file()


@contextmanager
def serving(program: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """The address of the page while `python PROGRAM` serves it, with its log, its pid and its files in a folder."""
    port = free_port()
    asked = {"REFEDIT_PORT": str(port), "REFEDIT_EXAMPLES": str(folder), "GRADIO_TEMP_DIR": str(folder / "cache")}
    with open(folder / "log.txt", "wb") as log:
        environment = os.environ | asked | dict(variables)
        server = subprocess.Popen([sys.executable, *program], cwd=ROOT, env=environment, stdout=log, stderr=log)
        (folder / "pid").write_text(str(server.pid))
        try:
            wait_for(f"http://127.0.0.1:{port}/config", server, folder / "log.txt")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(log.read_text())
