"""Shipped files are known by their sums: a missing or changed one is named."""

from pathlib import Path

import pytest

from refedit.errors import EditError
from refedit.machine.checksums import SUMS, check_sums, sha256, write_sums
from refedit.models import builtin_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "weights").write_bytes(b"abc")
    (tmp_path / "card").write_bytes(b"")
    write_sums(tmp_path)
    return tmp_path


def test_a_sum_is_the_standards(folder: Path) -> None:
    # The example of FIPS 180-2, appendix B.1.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(folder / "unet" / "weights") == expected
    assert f"{expected}  unet/weights" in (folder / SUMS).read_text().splitlines()


def test_untouched_files_pass_and_sums_can_be_written_again(folder: Path) -> None:
    before = (folder / SUMS).read_bytes()
    check_sums(folder)
    write_sums(folder)
    assert (folder / SUMS).read_bytes() == before


def test_what_is_missing_or_changed_is_named(folder: Path) -> None:
    (folder / "unet" / "weights").write_bytes(b"abd")
    with pytest.raises(EditError, match="'unet/weights' in .* is damaged"):
        check_sums(folder)
    (folder / "unet" / "weights").unlink()
    with pytest.raises(EditError, match="'unet/weights' is missing"):
        check_sums(folder)
    (folder / SUMS).unlink()
    with pytest.raises(EditError, match="list of files"):
        check_sums(folder)


def test_a_part_is_checked_alone_and_a_card_may_be_mended(folder: Path) -> None:
    (folder / "README.md").write_text("a card")
    write_sums(folder)
    (folder / "README.md").write_text("a better card")
    check_sums(folder)
    (folder / "card").write_bytes(b"changed")
    check_sums(folder, "unet")
    (folder / "unet" / "weights").write_bytes(b"changed")
    with pytest.raises(EditError, match="'unet/weights' in .* is damaged"):
        check_sums(folder, "unet")


def test_the_built_in_model_is_as_it_was_shipped() -> None:
    check_sums(builtin_folder())
