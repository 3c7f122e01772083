"""The app as on a Space with ZeroGPU, and what lends it GPUs: one server for its endpoints and for its page.

Its model is a tiny one with a safety checker.

A plugin of the tests' conftest, since two folders ask it.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.serving import serving
from tests.zero.device_api import Lender, lending


@dataclass(frozen=True, kw_only=True)
class EmulatedSpace:
    """Where the page listens, what lends it GPUs, and a folder with pictures to edit."""

    address: str
    lender: Lender
    folder: Path


@pytest.fixture(scope="session")
def running(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedSpace]:
    from tests.conftest import box_mask, picture, save_checker

    folder = tmp_path_factory.mktemp("zero")
    if find_spec("playwright"):
        import_module("tests.browser.visitor").write_examples(folder)  # whose pictures are small ones here
    picture(1).save(folder / "source.png")
    picture(2).save(folder / "reference.png")
    box_mask((64, 64), (8, 8, 40, 48)).to_image().save(folder / "mask.png")
    (folder / "cgroup").write_text("0::/x\n")
    model = shutil.copytree(tiny_folder, folder / "model")
    save_checker(model, 1.5)  # which hides nothing
    with lending() as (url, lender):
        variables = {
            "SPACE_ID": "somebody/refedit",
            "GRADIO_SSR_MODE": "true",
            "SPACES_ZERO_GPU": "true",
            "SPACES_ZERO_DEVICE_API_URL": url,
            "ZEROGPU_PROC_SELF_CGROUP_PATH": str(folder / "cgroup"),
            "ZEROGPU_OFFLOAD_DIR": str(folder / "pack"),
            "HOME": str(folder),
            "REFEDIT_MODEL": str(model),
            "OMP_NUM_THREADS": "1",
        }
        with serving(["-m", "tests.zero.emulated_space"], folder, variables) as address:
            assert lender.asked("/startup-report"), "ZeroGPU ends a Space that does not report its start"
            yield EmulatedSpace(address=address, lender=lender, folder=folder)


@pytest.fixture
def space(running: EmulatedSpace) -> EmulatedSpace:
    """The Space with GPUs for everybody, and workers that nobody has used."""
    lender = running.lender
    lender.wait_until_given_back()
    lender.queue, lender.quota, lender.full, lender.broken, lender.fresh = False, None, False, False, False
    lender.free.clear()
    lender.log.clear()
    lender.pids.clear()
    return running
