"""The private folder of one server: all that its visitors send and are handed, and nothing else.

Each server has a folder of its own in one that only its user can open, named after how long files are kept in it. So
whoever starts next can tell, without any list, what a server that was killed has left, and what has to go.
"""

import getpass
import hashlib
import os
import secrets
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from refedit.errors import EditError
from refedit.keeping.promise import Promise

PREFIX = "kept-"
OWN = "page"
"""The folder of the page's own pictures, which are nobody's and stay."""

BUSY = ".busy"
"""The file that tells that more is to come into a place: an edit may take longer than files are kept."""
LEAST = 1 << 17
"""Bytes that every file counts for at least: a quota bounds the number of files, too."""

HEIR = """
import shutil, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.stdin.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""Waits until the server is gone, in whatever way, and deletes its folder."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A file of a visitor: where it lies, the bytes that it counts for, when it was written (seconds since 1970)."""

    path: Path
    size: int
    written: float


class PrivateFolder:
    """Where one server keeps visitors' files, each visitor's in a folder with a name that nobody can guess."""

    def __init__(self, path: Path, promise: Promise) -> None:
        self.path, self.promise = path, promise

    @classmethod
    def make(cls, promise: Promise) -> "PrivateFolder":
        """A new folder below GRADIO_TEMP_DIR or else the system's temporary one; EditError if none can be had."""
        parent = Path(os.environ.get("GRADIO_TEMP_DIR") or tempfile.gettempdir()).resolve() / f"refedit-{_user()}"
        try:
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = parent.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != getattr(os, "getuid", lambda: found.st_uid)():
                raise EditError(f"'{parent}' belongs to somebody else. Set TMPDIR to another folder.")
            parent.chmod(0o700)
            made = tempfile.mkdtemp(prefix=f"{PREFIX}{promise.keep:g}s-", dir=parent)
        except OSError as error:
            told = error.strerror or error
            raise EditError(f"'{parent}' cannot be written ({told}). Set TMPDIR to a folder with room.") from None
        return cls(Path(made), promise)

    def leave_to_heir(self) -> None:
        """Starts a small process that outlives the server, however it ends, and deletes the folder then."""
        heir = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", HEIR, str(self.path)],
            stdin=subprocess.PIPE,  # which the system closes when this process is gone
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that Ctrl+C does not reach it
        )
        if heir.stdin and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=heir.stdin.close)  # a borrowed GPU's worker may outlive the server

    def delete(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def neighbours(self) -> list["PrivateFolder"]:
        """The folders of this user's other servers, those that are gone included."""
        return [
            PrivateFolder(path, Promise(keep=keep))
            for path in self.path.parent.glob(f"{PREFIX}*")
            if path != self.path and (keep := _kept_for(path)) is not None
        ]

    def kept(self) -> list[Kept]:
        """Every file of a visitor, the oldest first; what vanishes meanwhile is left out."""
        files = []
        for path in _files(self.path):
            try:
                found = path.lstat()
            except OSError:
                continue
            files.append(Kept(path=path, size=max(found.st_size, LEAST), written=found.st_mtime))
        return sorted(files, key=lambda file: file.written)

    def owner_of(self, file: Kept) -> str:
        """The folder of the visitor whose file it is."""
        return file.path.relative_to(self.path).parts[0]

    def alive(self) -> None:
        """Tells other servers that this one is not gone."""
        os.utime(self.path)

    def silent_for(self) -> float:
        """Seconds since `alive` was called last."""
        return time.time() - self.path.stat().st_mtime


def place_for(folder: Path, address: str) -> Path:
    """A new folder in a private one for files that go together, of the visitor at a network address.

    The visitor's folder has a name that does not tell the address. Raises OSError if the disk is full.
    """
    owner = hashlib.blake2s(f"{folder.name} {address}".encode(), digest_size=8).hexdigest()
    place = folder / owner / secrets.token_hex(16)
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is gone: the server is ending")
    place.mkdir(parents=True, mode=0o700)
    return place


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        if Path(parent) == folder and OWN in folders:
            folders.remove(OWN)
        yield from (Path(parent, name) for name in names if name != BUSY)


def _kept_for(path: Path) -> float | None:
    """The seconds in a folder's name; None if it is no folder of a server."""
    try:
        return float(path.name.removeprefix(PREFIX).split("s-")[0]) if path.is_dir() else None
    except ValueError:
        return None


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
