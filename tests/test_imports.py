"""What an import brings with it and does: a fresh interpreter imports every module, and tells."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.test_architecture import ROOT, below, sources

# What must not come with a room when it is imported, from the lowest room up.
WALLS = {
    "refedit.editing.editor": ("refedit.ui", "refedit.picturebook", "refedit.segment"),
    "refedit.ui.page": (
        "refedit.bench",
        "refedit.serving",
        *(f"refedit.picturebook.{name}" for name in ("training", "dataset", "evaluation", "world.drawing")),
    ),
    "refedit.study.serving": (
        *("refedit.bench", "refedit.study.analysis", "refedit.study.pictures", "statsmodels"),
        *(f"refedit.picturebook.{name}" for name in ("training", "dataset", "evaluation", "world.drawing")),
    ),
}
PROBE = """
import gc, importlib, io, json, os, pathlib, sys

stages, answer = json.loads(sys.argv[1])
did, found = [], []


def watch(event, values):
    if event == "open" and not (isinstance(values[2], int) and values[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
        return
    if event in ("open", "os.mkdir", "os.rename", "os.remove", "socket.connect", "subprocess.Popen"):
        did.append(f"{event}: {values[0]}")


def weights():
    torch = sys.modules.get("torch")
    made = sum(issubclass(type(item), torch.nn.Parameter) for item in gc.get_objects()) if torch else 0
    gc.freeze()  # what a stage made is looked at once
    return made


gc.disable()  # it would look at all that is loaded, again and again
sys.addaudithook(watch)
for names in stages:
    did.clear()
    sys.stdout = sys.stderr = said = io.StringIO()
    for name in names:
        importlib.import_module(name)
    made = weights()
    found.append([sorted(sys.modules), did + [f"network: {made} weights"] * bool(made) + said.getvalue().splitlines()])
pathlib.Path(answer).write_text(json.dumps(found))
"""


@dataclass(frozen=True)
class Probed:
    """What an interpreter had loaded after a stage of imports, and what that stage did besides.

    That is: files written, connections and processes opened, networks built, lines printed.
    """

    loaded: set[str]
    did: list[str]


OF_OTHERS = ("gradio", "diffusers.models.modeling_utils", "transformers.modeling_utils", "ray.serve")
"""These make temporary files by themselves, and connect to find out their address."""
CARELESS = """
import torch
print("hello")
open("left.txt", "w")
net = torch.nn.Linear(2, 2)
"""


# An interpreter takes seconds to load what others wrote, so one answers for everything, stage after stage: a room that
# lies lower comes first, and must not load what is forbidden to the higher ones either.
@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Probed]:
    """What the stages of one fresh interpreter came to, which imports every module of the app, and a careless one."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "careless.py").write_text(CARELESS)
    stages: dict[str, Sequence[str]] = {
        "lowest": ("refedit", "refedit.methods", "refedit.editing.request"),
        "refedit.editing.editor": ("refedit.editing.editor",),
        "others": OF_OTHERS,
        "refedit.ui.page": ("refedit.ui.page",),
        "refedit.study.serving": ("refedit.study.serving",),
        "all": [name for name in sources() if not name.endswith("__main__")],
        "careless": ("careless",),
    }
    command = [sys.executable, "-B", "-c", PROBE, json.dumps([[*stages.values()], str(folder / "answer.json")])]
    path = f"{ROOT}{os.pathsep}{folder}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": path}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found = json.loads((folder / "answer.json").read_text())
    return {name: Probed(set(loaded), did) for name, (loaded, did) in zip(stages, found, strict=True)}


def test_methods_requests_and_the_editor_load_no_page_and_no_pipeline(probed: dict[str, Probed]) -> None:
    packages = {"gradio", "diffusers", "transformers", "segment_anything", "torchvision"}
    assert not probed["lowest"].loaded & packages
    assert "gradio" not in probed["refedit.editing.editor"].loaded


@pytest.mark.parametrize("room", WALLS)
def test_a_wall_keeps_rooms_apart(room: str, probed: dict[str, Probed]) -> None:
    assert [name for name in probed[room].loaded if any(below(name, wall) for wall in WALLS[room])] == []


def test_an_import_does_nothing_else(probed: dict[str, Probed]) -> None:
    assert {name: stage.did for name, stage in probed.items() if name not in ("others", "careless") and stage.did} == {}


def test_the_probe_sees_what_an_import_does(probed: dict[str, Probed]) -> None:
    assert "careless" in probed["careless"].loaded - probed["all"].loaded
    assert probed["careless"].did == ["open: left.txt", "network: 2 weights", "hello"]
