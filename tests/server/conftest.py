"""The page served with a tiny model, and a client of its two endpoints."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client  # type: ignore[import-untyped]

from tests.conftest import box_mask, picture
from tests.serving import serving


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("api")
    picture(1).save(folder / "source.png")
    picture(2).save(folder / "reference.png")
    box_mask((64, 64), (8, 8, 40, 48)).to_image().save(folder / "mask.png")
    return folder


@pytest.fixture(scope="package")
def address(tiny_folder: Path, folder: Path) -> Iterator[str]:
    (folder / "spare").mkdir()
    variables = {"REFEDIT_MODEL": str(tiny_folder), "TMPDIR": str(folder / "spare")}
    # A server of its own: here, the checks of types would wrap generators so that Gradio does not see what they are.
    with serving(["-m", "tests.page_server"], folder, variables) as address:
        yield address


@pytest.fixture(scope="package")
def client(address: str, folder: Path) -> Iterator[Client]:
    client = Client(address, verbose=False, download_files=str(folder / "got"))
    yield client
    client.close()
