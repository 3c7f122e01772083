"""What many edits leave behind: little memory, few files, and none outside the folder that is emptied."""

import os
from pathlib import Path

from gradio_client import Client, handle_file  # type: ignore[import-untyped]

from tests.conftest import picture
from tests.server.calls import edit

EDITS = 12
MEMORY = 48 << 20
"""Bytes for the inversions that are kept; everything else has to be given back."""
FILES, BYTES = 40, 1 << 20
"""What one edit may leave for an hour: its pictures as uploaded, its previews, its result."""


def resident(pid: int) -> int:
    pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def server_of(folder: Path) -> int:
    """The process that writes into the folder."""
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdecimal()
                and f"GRADIO_TEMP_DIR={folder / 'cache'}".encode() in (entry / "environ").read_bytes()
            ):
                return int(entry.name)
        except OSError:
            continue
    raise AssertionError("the server is gone")


def test_many_edits_leave_little_behind(client: Client, address: str, folder: Path) -> None:
    server, cache, spare = server_of(folder), folder / "cache", folder / "spare"
    before = 0
    for number in range(2 * EDITS):
        picture(number).save(folder / "another.png")
        source = handle_file(str(folder / "another.png"))
        edit(client, folder, method=("specref", "baret")[number % 2], source=source).result()
        if number == EDITS - 1:
            before, files = resident(server), sorted(cache.rglob("*.*"))
    assert resident(server) - before < MEMORY
    left = [file for file in cache.rglob("*.*") if file not in files]
    assert len(left) <= EDITS * FILES and sum(file.stat().st_size for file in left) <= EDITS * BYTES
    assert [path for path in spare.rglob("*") if path.is_file()] == [], "every edit empties its own folder"
