"""`refedit ship`: makes trained networks the built-in model, and draws and measures anew all that depends on it.

Every step is a command of its own that can be run alone; they run in fresh processes, so each frees its memory. All
measure on the CPU, for which the built-in model is made and its goals are set, also where there is a GPU.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from refedit.bench.experiment.measures import missing
from refedit.bench.experiment.workbench import Workbench
from refedit.bench.publish import withdraw, write_part
from refedit.bench.report.summary import about
from refedit.errors import EditError
from refedit.machine.checksums import write_sums
from refedit.models import BUILTIN, builtin_folder
from refedit.picturebook.evaluation.figures import read_figures, table

WORLD_README = builtin_folder().parent / "README.md"
"""The picture book's own, which shows the table of the card."""


def run_ship(options: argparse.Namespace) -> None:
    """Assembles, draws, measures, and writes card, tables and checksums; EditError without a trained part."""
    for package, module in (("scipy", "scipy"), ("scikit-image", "skimage")):
        if find_spec(module) is None:
            raise missing(package)  # now, and not once the model has been replaced
    folder = builtin_folder()
    assemble(options.training, folder)
    write_sums(folder)
    options.out.mkdir(parents=True, exist_ok=True)
    _refedit("picturebook", "examples")
    _measured("bench", "edits", "--cases", str(options.cases), "--out", str(options.out))
    _measured("picturebook", "evaluate", "--model", str(folder), "--out", str(options.out), *_card(options))
    figures = [figure for name in ("model", "edits") for figure in read_figures(options.out / f"{name}.json")]
    on = about({"about": Workbench.load(BUILTIN, "cpu").about(), "set": "test"})
    for readme in (folder / "README.md", WORLD_README):
        write_part(readme, "measured", f"{table(figures)}\n\n{on}")
    _evidence(options)


def _evidence(options: argparse.Namespace) -> None:
    """The benchmark with as many cases as are wanted; without any, what is published of another model is taken back."""
    if not options.evidence:
        if options.training:
            withdraw()
        return
    where = str(options.out)  # where `bench edits` has kept what the comparison needs too
    for kind in ("claims", "compare"):
        _measured("bench", kind, "--cases", str(options.evidence), "--out", where)
    _refedit("bench", "publish", where)


def assemble(trainings: Iterable[Path], folder: Path) -> None:
    """Copies what trainings have exported over the parts of the same name in a model folder; EditError before that."""
    parts = [part for training in trainings for part in _parts(training)]
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        if part.is_dir():
            shutil.rmtree(folder / part.name, ignore_errors=True)
            shutil.copytree(part, folder / part.name)
        else:
            shutil.copy(part, folder / part.name)


def _parts(training: Path) -> list[Path]:
    parts = sorted((training / "pipeline").glob("*"))
    if not parts or not (training / "training.json").is_file():
        raise EditError(f"There is no trained network in '{training}'. Give a folder of `picturebook train`.")
    return parts


def _card(options: argparse.Namespace) -> list[str]:
    if not options.training:
        return []
    return ["--card", *map(str, options.training), "--hardware", options.hardware, "--note", options.note]


def _measured(*arguments: str) -> None:
    _refedit(*arguments, "--device", "cpu")


def _refedit(*arguments: str) -> None:
    print("refedit", *arguments, flush=True)
    try:
        subprocess.run([sys.executable, "-m", "refedit", *arguments], check=True)
    except subprocess.CalledProcessError as error:
        told = f"`refedit {' '.join(arguments[:2])}` has failed, as is said above."
        raise EditError(f"{told} What was done before it stays: mend that, and run `ship` again.") from error
