"""What many edits leave behind: few files, none outside the folder that is emptied, and nothing open."""

from pathlib import Path

from gradio_client import Client, handle_file  # type: ignore[import-untyped]

from tests.conftest import picture
from tests.server.calls import edit

FILES, BYTES = 40, 1 << 20
"""What one edit may leave for an hour: its pictures as uploaded, its previews, its result."""


def server_of(folder: Path) -> Path:
    """What the system tells of the process that writes into the folder."""
    asked = f"GRADIO_TEMP_DIR={folder / 'cache'}".encode()
    for entry in Path("/proc").iterdir():
        try:
            serves = entry.name.isdecimal() and b"page_server" in (entry / "cmdline").read_bytes()
            if serves and asked in (entry / "environ").read_bytes():
                return entry
        except OSError:
            continue
    raise AssertionError("the server is gone")


def test_many_edits_leave_little_behind(client: Client, address: str, folder: Path) -> None:
    server, cache, opened = server_of(folder), folder / "cache", list[set[str]]()
    for number in range(3):
        picture(number).save(folder / "another.png")
        files = set(cache.rglob("*.*"))
        for method in ("specref", "baret"):
            edit(client, folder, method=method, source=handle_file(str(folder / "another.png"))).result()
        opened.append({str(file.resolve()) for file in (server / "fd").iterdir() if file.resolve().is_file()})
    left = set(cache.rglob("*.*")) - files
    assert len(left) <= 2 * FILES and sum(file.stat().st_size for file in left) <= 2 * BYTES
    assert opened[1] == opened[2], "no file stays open"
    assert [path for path in (folder / "spare").rglob("*") if path.is_file()] == [], "every edit empties its own folder"
