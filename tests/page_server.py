"""The page on a server of its own, started as a user starts it; or, by python -m tests.page_server, for the tests.

Then the SAM is a tiny one, which is untrained and gives some mask for every click; or, with the model `SCRIPTED`, the
built-in one, and the editor follows a script.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import torch

from refedit.editing.editor import Editor
from refedit.models import builtin_folder, builtin_segmenter, load_model
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.sam_network import SamConfig, build_sam
from refedit.segment.segmenter import Segmenter
from refedit.ui.page import build_page, launch_options
from refedit.ui.settings import Settings
from tests.scripted_editor import ScriptedEditor

TINY = SamConfig(
    pixels=64, patch=16, features=32, depth=2, heads=2, window=2, whole=(1,), decoder=32,
    decoder_depth=1, decoder_heads=2, decoder_hidden=32,
)  # fmt: skip


ROOT = Path(__file__).resolve().parents[1]
SCRIPTED = "scripted"
"""The model's name that asks for the scripted editor."""
BUILT_IN_SAM = (builtin_folder() / "sam" / "config.json").is_file()


@contextmanager
def serving(program: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Iterator[str]:
    """The address of the page while `python PROGRAM` serves it, with its log and its files in a folder."""
    port = free_port()
    asked = {"REFEDIT_PORT": str(port), "REFEDIT_EXAMPLES": str(folder), "GRADIO_TEMP_DIR": str(folder / "cache")}
    with open(folder / "log.txt", "wb") as log:
        environment = os.environ | asked | dict(variables)
        server = subprocess.Popen([sys.executable, *program], cwd=ROOT, env=environment, stdout=log, stderr=log)
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


def tiny_segmenter() -> Segmenter:
    """A SAM of random weights, the same ones every time."""
    torch.manual_seed(0)
    return Segmenter(build_sam(TINY), torch.device("cpu"))


def main() -> None:
    settings = Settings.from_environment()
    scripted = settings.model == SCRIPTED
    editor = ScriptedEditor() if scripted else Editor(load_model(settings.model, settings.device))
    built_in = partial(builtin_segmenter, torch.device("cpu"))
    segmenter = built_in if scripted and BUILT_IN_SAM else tiny_segmenter
    build_page(editor, settings, EmbeddingCache(segmenter)).launch(**launch_options(settings))


if __name__ == "__main__":
    main()
