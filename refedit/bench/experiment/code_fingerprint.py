"""Which code outcomes were made with, so that a mended bug is not hidden by a store.

Told by the definitions that decide them and by the presets' values: a file that moves, an import that changes and a
help text that is reworded make nothing anew.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import refedit
from refedit.methods import Baret, SpecRef, values_of

FILES: tuple[str, ...] = (
    "imaging/*.py",
    *(f"machine/{name}.py" for name in ("cache", "device")),
    *(f"diffusion/{name}.py" for name in ("alignment", "attention", "backbone", "ddim", "inversion")),
    *(f"diffusion/{name}.py" for name in ("prompt_to_prompt", "rows", "stable_diffusion", "text_inversion")),
    *(f"diffusion/{name}.py" for name in ("word_maps", "words")),
    *(f"methods/{name}.py" for name in ("baret", "method", "specref", "specref_region")),
    *(f"editing/{name}.py" for name in ("metered_model", "prepare", "request", "square_edit")),
    *(f"bench/experiment/{name}.py" for name in ("arms", "cases", "measures", "outcome", "painting", "runs")),
    "bench/baselines/*.py",
    *(f"segment/{name}.py" for name in ("segmenter", "selection")),
    *(f"picturebook/networks/{name}.py" for name in ("clip", "reader")),
    *(f"picturebook/world/{name}.py" for name in ("factors", "streams", "true_edits")),
)
"""Patterns in the package's folder; with `BESIDE` they are all that they import."""

BESIDE: tuple[str, ...] = (
    # These only say what is wrong, name, load and save.
    *(
        "errors.py",
        "__init__.py",
        "methods/__init__.py",
        "models.py",
        "segment/checkpoints.py",
        "bench/experiment/workbench.py",
        "diffusion/checkpoints.py",
        "picturebook/networks/checkpoint.py",
    ),
    # Parameters are in an outcome's key, as what is drawn and said is, and the weights, which fit one network only.
    *(f"methods/{name}.py" for name in ("baret_parameters", "parameters", "specref_parameters")),
    *(f"picturebook/world/{name}.py" for name in ("captions", "colours", "drawing", "scene")),
    *(f"picturebook/networks/{name}.py" for name in ("diffusion", "sizes")),
    # Captions, which are all that cases say, are read as they stand: a test holds that.
    *("diffusion/lexicon.py", "diffusion/vocabulary.py", "editing/reading.py"),
)
"""Imported by those; what they decide is in an outcome's key, so they may change without its being made anew."""

JUDGED_BY: tuple[str, ...] = ("bench/claims/*.py", "bench/suites/compare.py")
JUDGED_BY += ("bench/experiment/readings.py", "bench/experiment/statistics.py")
"""What makes verdicts and tables of outcomes, with the presets' values: which arms, which readings, which intervals."""


@cache
def verdict_fingerprint() -> str:
    """A fingerprint of what makes verdicts of outcomes: 16 hexadecimal digits."""
    return fingerprint(_sources(JUDGED_BY), _presets())


@cache
def outcome_fingerprint() -> str:
    """A fingerprint of what makes outcomes: 16 hexadecimal digits."""
    return fingerprint(_sources(FILES))


def fingerprint(sources: Iterable[str], values: str = "") -> str:
    """The same for the same definitions and values, wherever they stand and however they are explained."""
    statements = sorted(told for source in sources for told in definitions(source))
    return hashlib.sha256("\n".join([*statements, values]).encode()).hexdigest()[:16]


def definitions(source: str) -> Iterator[str]:
    """The statements of a module, but for its imports, without comments, layout and docstrings.

    As Python 3.11 tells them: 3.12 adds a field, 3.13 leaves out empty ones.
    """
    empty: dict[str, Any] = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    for statement in _Bare().visit(ast.parse(source)).body:
        yield ast.dump(statement, **empty).replace(", type_params=[]", "")


class _Bare(ast.NodeTransformer):
    """Takes out what decides nothing: imports, and strings that stand by themselves."""

    def visit_Import(self, node: ast.Import) -> None:
        return None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        alone = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if alone else self.generic_visit(node)


def _presets() -> str:
    """What every preset of the methods that are judged holds, by value: its help texts decide nothing."""
    return repr(
        [
            (kind.name, preset, sorted(values_of(method).items()))
            for kind in (SpecRef, Baret)
            for preset, method in kind.presets().items()
        ]
    )


def _sources(patterns: tuple[str, ...]) -> Iterator[str]:
    root = Path(refedit.__file__).parent
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        yield path.read_text("utf-8")
