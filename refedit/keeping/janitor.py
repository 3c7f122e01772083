"""Deletes visitors' files by their age, and the oldest ones of whoever has most where there is no room left.

It goes by what lies in the folder and knows no list: so it finds halves of uploads, too, and what a server that was
killed has left.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from refedit.keeping.private_folder import Kept, PrivateFolder

log = logging.getLogger(__name__)


class Janitor(threading.Thread):
    """Keeps a folder as its promise says until `stop`; nothing that goes wrong at one look prevents the next one."""

    def __init__(self, folder: PrivateFolder) -> None:
        super().__init__(name="janitor", daemon=True)
        self.folder = folder
        self._ended = threading.Event()
        self._making_room = threading.Lock()
        self._used = folder.promise.quota  # nobody has counted yet
        self._looked = 0.0

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self.look()
            except Exception:
                log.exception("the folder of visitors' files could not be looked through")
            self._ended.wait(self.folder.promise.every)

    def stop(self) -> None:
        self._ended.set()

    def look(self) -> None:
        """Deletes what is too old or too much, here and where other servers have left something."""
        self.folder.alive()
        sweep(self.folder)
        with self._making_room:
            self._used = make_room(self.folder, 0)
        slept = self._looked and time.time() - self._looked > self.folder.promise.silent
        self._looked = time.time()
        for neighbour in () if slept else self.folder.neighbours():  # who has slept as long seems to be gone
            sweep_after(neighbour)

    def make_room(self, wanted: int) -> bool:
        """Deletes until `wanted` more bytes have room; False if they have none even so.

        The folder is not counted anew while there is surely enough.
        """
        quota = self.folder.promise.quota
        with self._making_room:
            if self._used + wanted > quota:
                self._used = make_room(self.folder, wanted)
            if self._used + wanted > quota:
                return False
            self._used += wanted
            return True


def sweep(folder: PrivateFolder) -> None:
    """Deletes every visitor's file that is too old, and folders that have been empty for as long."""
    oldest = time.time() - folder.promise.oldest
    for file in folder.kept():
        if file.written <= oldest:
            file.path.unlink(missing_ok=True)
    _remove_empty(folder, oldest)


def sweep_after(folder: PrivateFolder) -> None:
    """The same for another server's folder, once that seems to be gone."""
    try:
        silent = folder.silent_for()
        if silent > folder.promise.silent:
            sweep(folder)
        if silent > folder.promise.oldest:
            folder.delete()
    except OSError:
        return  # its own server, or another one, was quicker


def make_room(folder: PrivateFolder, wanted: int) -> int:
    """Deletes the oldest files of whoever has most, until there is room for so many bytes; tells how many are left.

    So a visitor who fills the folder loses their own pictures, and others keep theirs.
    """
    files = folder.kept()
    used = sum(file.size for file in files)
    for file in _going(files, folder.owner_of):
        if used + wanted <= folder.promise.quota:
            break
        file.path.unlink(missing_ok=True)
        used -= file.size
    return used


def _going(files: Iterable[Kept], owner_of: Callable[[Kept], str]) -> Iterable[Kept]:
    """Files in the order in which they would have to go, each time of the owner who has most bytes then."""
    owned: dict[str, list[Kept]] = defaultdict(list)
    weight: dict[str, int] = defaultdict(int)
    for file in files:
        weight[owner_of(file)] += file.size
        owned[owner_of(file)].append(file)
    for queue in owned.values():
        queue.reverse()  # the oldest is taken from the end
    while owned:
        owner = max(owned, key=lambda name: weight[name])
        file = owned[owner].pop()
        weight[owner] -= file.size
        if not owned[owner]:
            del owned[owner]
        yield file


def _remove_empty(folder: PrivateFolder, oldest: float) -> None:
    for path in sorted(folder.path.glob("*/**/"), reverse=True):  # what lies deepest first
        try:
            if path != folder.path and path.stat().st_mtime <= oldest:
                path.rmdir()
        except OSError:
            continue  # not empty, or gone
