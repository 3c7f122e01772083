"""Which code outcomes were made with: the sources that decide them, so that a mended bug is not hidden by a store."""

import ast
import hashlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

import refedit

_MADE_BY: tuple[str, ...] = ("alignment", "attention", "balanced_attention", "ddim", "edit", "images", "inversion")
_MADE_BY += ("masks", "memory", "preparation", "prompt_to_prompt", "reference_attention", "squares")
_MADE_BY += ("stable_diffusion", "tasks", "text_inversion", "threads", "watched", "words")
_MEASURED_BY = ("arms", "bounds", "cases", "drawn", "measures", "null_text", "outcome", "placing", "runs")
_READ_BY = ("clip", "clip_files", "factors", "reader")
FILES: tuple[str, ...] = (
    *(f"{name}.py" for name in _MADE_BY),
    *(f"methods/{name}.py" for name in ("baret", "specref", "specref_plan", "specref_words", "task")),
    *(f"bench/{name}.py" for name in _MEASURED_BY),
    "bench/others/*.py",
    *(f"picturebook/{name}.py" for name in ("painted", *_READ_BY)),
)
"""Patterns in the package's folder; with `BESIDE` they are all that they import."""

BESIDE: tuple[str, ...] = (
    # These only say what is wrong, name, load and save.
    *("errors.py", "methods/__init__.py", "bench/rig.py", "picturebook/checkpoint.py"),
    # Parameters are in an outcome's key, as what is drawn and said is, and the weights, which fit one network only.
    "methods/*_parameters.py",
    *(f"picturebook/{name}.py" for name in ("captions", "drawing", "edits", "scene")),
    *(f"picturebook/{name}.py" for name in ("networks", "sizes")),
)
"""Imported by those; what they decide is in an outcome's key, so they may change without its being made anew."""

JUDGED_BY: tuple[str, ...] = ("bench/claims/*.py", "bench/compare.py", "bench/readings.py", "bench/statistics.py")
JUDGED_BY += ("methods/*_parameters.py",)
"""What makes verdicts and tables of outcomes: which arms and presets, which readings, which intervals."""


def judging_code() -> str:
    """The same of the files that make verdicts of outcomes."""
    return _code(JUDGED_BY)


def deciding_code() -> str:
    """A checksum of the files that make outcomes, which comments and layout leave as it is: 16 hexadecimal digits."""
    return _code(FILES)


@cache
def _code(patterns: tuple[str, ...]) -> str:
    root, digest = Path(refedit.__file__).parent, hashlib.sha256()
    for path in sorted({path for pattern in patterns for path in root.glob(pattern)}):
        digest.update(f"{path.relative_to(root)} {syntax(path.read_text('utf-8'))}".encode())
    return digest.hexdigest()[:16]


def syntax(source: str) -> str:
    """A program without comments and layout, as Python 3.11 tells it: 3.12 adds a field, 3.13 leaves out empty ones."""
    empty: dict[str, Any] = {"show_empty": True} if sys.version_info >= (3, 13) else {}
    return ast.dump(ast.parse(source), **empty).replace(", type_params=[]", "")
