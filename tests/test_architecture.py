"""Who may import whom, read from the sources, and what an import does, seen from a fresh interpreter."""

import ast
import graphlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from refedit.bench.experiment import code_fingerprint
from refedit.methods import METHODS

ROOT = Path(__file__).resolve().parents[1]

# From top to bottom: a module imports from its own folder and from lower ones.
LAYERS = (
    ("app", "refedit.__main__"),
    ("refedit.cli",),
    ("refedit.study",),
    ("refedit.ui",),
    ("refedit.web",),
    ("refedit.bench",),
    ("refedit.reporting",),
    ("refedit.picturebook",),
    ("refedit.hosting",),
    ("refedit.serving",),
    ("refedit.editing",),
    ("refedit.models",),
    ("refedit.segment",),
    ("refedit.methods",),
    ("refedit.diffusion",),
    ("refedit.keeping",),
    ("refedit.imaging",),
    ("refedit.machine",),
    ("refedit", "refedit.errors"),
)
# The same inside a folder of folders; what lies beside the rooms is above them all.
ROOMS: tuple[tuple[str, ...], ...] = (
    ("refedit.ui.events", "refedit.ui.view", "refedit.ui.state"),
    tuple(f"refedit.picturebook.{name}" for name in ("training", "evaluation", "dataset", "networks", "world")),
    tuple(f"refedit.bench.{name}" for name in ("golden", "report", "suites", "claims", "baselines", "experiment")),
)
# What no page may reach into, since an editor may run elsewhere: it is known by `editing.service` only.
BEHIND_THE_SERVICE: tuple[str, ...] = (
    *(f"refedit.editing.{name}" for name in ("editor", "metered_model", "prepare", "square_edit")),
    *("refedit.diffusion", "refedit.machine.cache", "refedit.methods.specref*", "refedit.methods.baret*"),
)
# A package of others and the only modules that may import it.
HOMES = {
    "gradio": ("app", "refedit.hosting.zero", "refedit.ui", "refedit.study.live_page"),
    "spaces": ("refedit.hosting.zero",),
    "diffusers": ("refedit.diffusion.stable_diffusion", "refedit.picturebook"),
    "transformers": ("refedit.diffusion.stable_diffusion", "refedit.picturebook"),
    "huggingface_hub": (
        *("refedit.diffusion.safety_checker", "refedit.segment.checkpoints", "refedit.hosting.hub"),
        "refedit.machine.model_hub",
        "refedit.study.ship",
    ),
    "segment_anything": ("refedit.segment", "refedit.picturebook"),
    "ray": ("refedit.serving.cluster",),
    "scipy": ("refedit.bench.experiment.statistics", "refedit.study.analysis.fits"),
    "skimage": ("refedit.bench.experiment.measures",),
    "statsmodels": ("refedit.study.analysis.fits",),
    "torchvision": (),
}
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
METHOD = "refedit.methods.*"
COME_WITH_GRADIO = {"anyio", "fastapi", "gradio_client", "httpx", "pydantic", "starlette", "uvicorn", "yaml"}


@cache
def sources() -> Mapping[str, str]:
    """The text of every module of the app by its dotted name."""
    paths = [*ROOT.glob("app.py"), *sorted((ROOT / "refedit").rglob("*.py"))]
    return {_dotted(path.relative_to(ROOT)): path.read_text("utf-8") for path in paths}


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, modules: set[str]) -> Iterator[str]:
    """The dotted names that a source imports, anywhere in it; `from a import b` is a.b where that is a module."""
    for node in _imports(source):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        else:
            base = "." * node.level + (node.module or "")
            yield from (full if (full := f"{base}.{alias.name}") in modules else base for alias in node.names)


@cache
def _imports(source: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    return tuple(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom))


def _below(name: str, pattern: str) -> bool:
    return fnmatch(name, pattern) or fnmatch(name, f"{pattern}.*")


def _paper(name: str) -> str | None:
    """The method whose file this is: specref_parameters is a part of specref."""
    first = name.removeprefix("refedit.methods.").split("_")[0]
    return first if first in METHODS else None


def layer(name: str) -> int:
    """0 at the top; StopIteration for a module that stands in no folder of LAYERS."""
    folder = name if name.count(".") < 2 else ".".join(name.split(".")[:2])
    return next(place for place, names in enumerate(LAYERS) if folder in names)


def room(name: str) -> tuple[str, int]:
    """The folder of rooms that a module is in, and its place there from the top: 0 if it stands beside the rooms."""
    for rooms in ROOMS:
        folder = rooms[0].rpartition(".")[0]
        if _below(name, folder):
            return folder, next((place for place, inside in enumerate(rooms, 1) if _below(name, inside)), 0)
    return "", 0


def violations(name: str, source: str, modules: set[str]) -> list[str]:
    """What a module imports that it must not, one sentence each."""
    found = []
    for target in dict.fromkeys(imported(source, modules)):
        package = target.split(".")[0]
        if package in HOMES and not any(_below(name, home) for home in HOMES[package]):
            found.append(f"{name} imports {package}, whose place is {HOMES[package] or 'nowhere'}")
        if target in modules and layer(target) < layer(name):
            found.append(f"{name} imports {target}, which lies above it")
        if room(target)[0] == room(name)[0] != "" and room(target) < room(name):
            found.append(f"{name} imports {target}, whose room lies above it")
        if _below(name, "refedit.ui") and any(_below(target, inside) for inside in BEHIND_THE_SERVICE):
            found.append(f"{name} imports {target}: the page knows an editor by its service only")
        if fnmatch(name, METHOD) and package == "PIL":
            found.append(f"{name} imports PIL: a method knows tensors only")
        if fnmatch(name, METHOD) and _paper(target) not in (None, _paper(name)):
            found.append(f"{name} imports {target}: methods do not know each other")
    return found


def test_the_map_has_every_folder_and_no_other() -> None:
    shown = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8").split("```")[1]
    named, top = set(re.findall(r"\b([a-z]+)/", shown)), {"examples", "refedit", "tests"}
    assert {path.parent.name for path in (ROOT / "refedit").rglob("*.py")} <= named | top
    assert [name for name in named - top if not [*(ROOT / "refedit").rglob(name)]] == []


def test_imports_point_downwards() -> None:
    modules = sources()
    assert [line for name, source in modules.items() for line in violations(name, source, set(modules))] == []


def test_nothing_that_makes_an_outcome_is_left_out_of_its_key() -> None:
    modules = sources()

    def named(patterns: tuple[str, ...]) -> set[str]:
        paths = [path for pattern in patterns for path in (ROOT / "refedit").glob(pattern)]
        return {_dotted(path.relative_to(ROOT)) for path in paths}

    made, beside = named(code_fingerprint.FILES), named(code_fingerprint.BESIDE)
    found = {target for name in made for target in imported(modules[name], set(modules)) if target in modules}
    assert found - made == beside


def test_no_module_imports_itself_round_a_corner() -> None:
    modules = sources()
    graph = {name: modules.keys() & imported(source, set(modules)) for name, source in modules.items()}
    graphlib.TopologicalSorter(graph).prepare()  # raises CycleError with the circle


@pytest.mark.parametrize(
    ("name", "source", "says"),
    [
        ("refedit.editing.editor", "import gradio as gr", "refedit.editing.editor imports gradio"),
        ("refedit.methods.third", "from diffusers import UNet2DConditionModel", "imports diffusers"),
        ("refedit.methods.third", "def late():\n    import transformers.models", "imports transformers"),
        ("refedit.editing.editor", "from segment_anything.modeling import Sam", "imports segment_anything"),
        ("refedit.ui.page", "import torchvision", "nowhere"),
        ("refedit.serving.pool", "from ray import serve", "refedit.serving.pool imports ray"),
        ("refedit.serving.pool", "from refedit.ui.page import build_page", "which lies above it"),
        ("refedit.methods.third", "from PIL import Image", "knows tensors only"),
        ("refedit.methods.third", "from refedit.editing.request import EditRequest", "which lies above it"),
        (
            "refedit.methods.third",
            "from refedit.editing import request",
            "refedit.editing.request, which lies above it",
        ),
        ("refedit.methods.third", "from refedit.methods.specref import SpecRef", "methods do not know each other"),
        ("refedit.imaging.masks", "from refedit.methods import METHODS", "refedit.methods, which lies above it"),
        ("refedit.cli.new", "import app", "app, which lies above it"),
        ("refedit.ui.state.new", "from refedit.ui.view.layout import draw", "whose room lies above it"),
        (
            "refedit.picturebook.networks.new",
            "from refedit.picturebook.dataset.scenes import scene_at",
            "whose room lies above it",
        ),
        (
            "refedit.picturebook.evaluation.new",
            "from refedit.picturebook.training.vae import VaeStage",
            "whose room lies above it",
        ),
        ("refedit.picturebook.world.new", "from refedit.picturebook import commands", "whose room lies above it"),
        ("refedit.bench.experiment.new", "from refedit.bench.claims.claim import Claim", "whose room lies above it"),
        ("refedit.bench.suites.new", "from refedit.bench.report.page import page", "whose room lies above it"),
        ("refedit.bench.report.new", "from refedit.bench.golden.trace import trace", "whose room lies above it"),
        ("refedit.bench.claims.new", "from refedit.bench.publish import publish", "whose room lies above it"),
        ("refedit.ui.page", "from refedit.editing.editor import Editor", "by its service only"),
        ("refedit.hosting.space", "import spaces", "refedit.hosting.space imports spaces"),
    ],
)
def test_a_forbidden_import_is_found(name: str, source: str, says: str) -> None:
    modules = {*sources(), name, "app"}
    assert any(says in line for line in violations(name, source, modules))


def requirements(file: Path) -> list[Requirement]:
    lines = [line.split("#")[0].strip() for line in file.read_text("utf-8").splitlines()]
    return [Requirement(line) for line in lines if line]


def test_requirements_are_what_the_code_imports() -> None:
    required = requirements(ROOT / "requirements.txt")
    folders = ("bench", "serving", "study")
    extra = [item for folder in folders for item in requirements(ROOT / f"refedit/{folder}/requirements.txt")]
    assert not {requirement.name for requirement in required} & {requirement.name for requirement in extra}
    required += extra
    assert all({bound.operator for bound in requirement.specifier} == {">=", "<"} for requirement in required)

    modules = {"pillow": "PIL", "scikit-image": "skimage"}
    names = {modules.get(requirement.name, requirement.name.replace("-", "_")) for requirement in required}
    used = {target.split(".")[0] for source in sources().values() for target in imported(source, set())}
    assert used - names - COME_WITH_GRADIO - {"app", "refedit"} <= sys.stdlib_module_names
    assert {name for name in names if not any(name in source for source in sources().values())} == set()


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
    assert [name for name in probed[room].loaded if any(_below(name, wall) for wall in WALLS[room])] == []


def test_an_import_does_nothing_else(probed: dict[str, Probed]) -> None:
    assert {name: stage.did for name, stage in probed.items() if name not in ("others", "careless") and stage.did} == {}


def test_the_probe_sees_what_an_import_does(probed: dict[str, Probed]) -> None:
    assert "careless" in probed["careless"].loaded - probed["all"].loaded
    assert probed["careless"].did == ["open: left.txt", "network: 2 weights", "hello"]
