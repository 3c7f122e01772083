"""How long code may be, so that a reader can hold it in mind; and how short, so that there is something to hold."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FUNCTION, FILE, CRUMB = 35, 350, 20
"""Lines at most of a function and of a file, and at least of a module."""
SMALL = {"__init__.py", "errors.py"}
"""Modules whose place is their own, however short they are."""
WRITTEN = {".css", ".html", ".js", ".py", ".sql"}


def written() -> list[Path]:
    """Everything in the app and its tests that is written by hand and run."""
    folders = [ROOT / name for name in ("refedit", "tests")]
    return [ROOT / "app.py", *(path for folder in folders for path in folder.rglob("*") if path.suffix in WRITTEN)]


def long_functions(source: str) -> Iterator[str]:
    """The functions of a module that are too long, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION:
                yield f"{node.name}: {lines}"


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_functions_are_short() -> None:
    found = {str(path): [*long_functions(path.read_text("utf-8"))] for path in written() if path.suffix == ".py"}
    assert {path: long for path, long in found.items() if long} == {}


@pytest.mark.parametrize(("lines", "found"), [(FUNCTION, []), (FUNCTION + 1, [f"it: {FUNCTION + 1}"])])
def test_a_long_function_is_found(lines: int, found: list[str]) -> None:
    assert [*long_functions("def it():\n" + "    1\n" * (lines - 1))] == found


def test_no_file_is_a_heap_or_a_crumb() -> None:
    assert {str(path): lines for path in written() if (lines := lines_of(path)) > FILE} == {}
    modules = [path for path in (ROOT / "refedit").rglob("*.py") if path.name not in SMALL]
    assert {str(path): lines for path in modules if (lines := lines_of(path)) < CRUMB} == {}
