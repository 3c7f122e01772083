"""Who may import whom, read from the sources."""

import ast
import graphlib
import re
import sys
from collections.abc import Iterator, Mapping
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
    ("refedit.hosting",),
    ("refedit.study",),
    ("refedit.ui",),
    ("refedit.web",),
    ("refedit.bench",),
    ("refedit.reporting",),
    ("refedit.picturebook",),
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
    ("refedit.study.analysis", "refedit.study.pictures", "refedit.study.data"),
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
    "gradio": ("refedit.ui",),
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


def below(name: str, pattern: str) -> bool:
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
        if below(name, folder):
            return folder, next((place for place, inside in enumerate(rooms, 1) if below(name, inside)), 0)
    return "", 0


def violations(name: str, source: str, modules: set[str]) -> list[str]:
    """What a module imports that it must not, one sentence each."""
    found = []
    for target in dict.fromkeys(imported(source, modules)):
        package = target.split(".")[0]
        if package in HOMES and not any(below(name, home) for home in HOMES[package]):
            found.append(f"{name} imports {package}, whose place is {HOMES[package] or 'nowhere'}")
        if target in modules and layer(target) < layer(name):
            found.append(f"{name} imports {target}, which lies above it")
        if room(target)[0] == room(name)[0] != "" and room(target) < room(name):
            found.append(f"{name} imports {target}, whose room lies above it")
        if below(name, "refedit.ui") and any(below(target, inside) for inside in BEHIND_THE_SERVICE):
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
