"""The app on servers of its own, one browser for all of a worker's tests, and visitors of the page."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving import BUILT_IN_SAM, SCRIPTED, serving


# Imported where it is used: without Playwright the import skips its module, which a conftest cannot be.
def visitor() -> Any:
    return importlib.import_module("tests.browser.visitor")


def examples(factory: pytest.TempPathFactory) -> Path:
    folder = factory.mktemp("page")
    visitor().write_examples(folder)
    return folder


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page listens, whose edits follow a script."""
    with serving(["-m", "tests.page_server"], examples(tmp_path_factory), {"REFEDIT_MODEL": SCRIPTED}) as address:
        yield address


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the app listens, started as a user starts it, unless there are no weights yet."""
    variables = {} if visitor().BUILT_IN else {"REFEDIT_MODEL": str(request.getfixturevalue("tiny_folder"))}
    program = ["app.py"] if BUILT_IN_SAM else ["-m", "tests.page_server"]
    with serving(program, examples(tmp_path_factory), variables) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    tools = visitor()
    with tools.playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.CHROMIUM, args=tools.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def context(chromium: Any) -> Iterator[Any]:
    """Visitors who share what their browser has cached of the page, and nothing else."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(visitor().KEEPS_NOTHING)
    yield context
    context.close()


@pytest.fixture
def page(context: Any, address: str) -> Iterator[Any]:
    page = visitor().visit(context, address)
    yield page
    page.close()


@pytest.fixture(scope="module")
def shared_page(context: Any, address: str) -> Iterator[Any]:
    """One page for tests that leave it as they found it."""
    page = visitor().visit(context, address)
    yield page
    page.close()
