"""The app on a server of its own, and visitors of it."""

import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.page_server import serving


# Imported where it is used: without Playwright the import skips its module, which a conftest cannot be.
def visitor() -> Any:
    return importlib.import_module("tests.browser.visitor")


@pytest.fixture(scope="package")
def address(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the app listens, started as a user starts it, unless there are no weights for clicks yet."""
    folder, tools = tmp_path_factory.mktemp("page"), visitor()
    tools.write_examples(folder)
    variables = {} if tools.BUILT_IN else {"REFEDIT_MODEL": str(request.getfixturevalue("tiny_folder"))}
    program = ["app.py"] if tools.BUILT_IN_SAM else ["-m", "tests.page_server"]
    with serving(program, folder, variables) as address:
        yield address


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    tools = visitor()
    with tools.playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=tools.CHROMIUM, args=tools.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    page = visitor().visit(chromium, address)
    yield page
    page.context.close()
