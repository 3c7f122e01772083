"""The promise about visitors' pictures: in a private folder, gone in time, within their room, whatever happens."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from asyncio import Queue
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from PIL import Image, PngImagePlugin

from refedit.errors import EditError
from refedit.keeping.janitor import Janitor, sweep, sweep_after
from refedit.keeping.memory import (
    LARGE_PIXELS,
    PACKED_TEXT,
    WAITING,
    OneLargePicture,
    PixelBudget,
    is_heavy,
    packed_text_of,
    scans_of,
)
from refedit.keeping.private_folder import LEAST, OWN, PrivateFolder, place_for
from refedit.keeping.promise import KEEP, Promise
from refedit.ui.sessions import Sessions
from refedit.ui.state.handed_out import handed_to
from refedit.ui.state.received import SCANS, check_pixels
from refedit.ui.view.layout import PRIVACY
from tests.conftest import picture
from tests.serving import ROOT

HOUR = Promise(keep=3600, quota=10 * LEAST)


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


@pytest.fixture
def folder() -> PrivateFolder:
    return PrivateFolder.make(HOUR)


def written(folder: PrivateFolder, age: float = 0, visitor: str = "a", size: int = 100) -> Path:
    """A visitor's file of an age in seconds."""
    file = place_for(folder.path, visitor) / "picture.png"
    file.write_bytes(bytes(size))
    os.utime(file, (time.time() - age,) * 2)
    return file


def test_only_its_user_can_open_a_private_folder(folder: PrivateFolder) -> None:
    for path in (folder.path, folder.path.parent):
        assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_somebody_else_has_prepared_is_not_used(folder: PrivateFolder, tmp_path: Path) -> None:
    shared = folder.path.parent
    shared.rename(tmp_path / "elsewhere")
    shared.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EditError, match="belongs to somebody else"):
        PrivateFolder.make(HOUR)


def test_what_is_old_goes_and_all_else_stays(folder: PrivateFolder) -> None:
    old, young = written(folder, 3599), written(folder, 3000)
    part = folder.path / "tmpabc"
    part.write_bytes(b"half of something")
    os.utime(part, (0, 0))
    (folder.path / OWN).mkdir()
    (own := folder.path / OWN / "tile.png").write_bytes(b"")
    os.utime(own, (0, 0))
    sweep(folder)
    assert [path.exists() for path in (old, part, young, own)] == [False, False, True, True]


def test_a_place_stays_while_more_is_to_come_there(folder: PrivateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder.path))
    with handed_to(None) as busy:
        empty = place_for(folder.path, "a")
        for path in (busy, empty):
            os.utime(path, (0, 0))
        sweep(folder)
        assert busy.exists() and not empty.exists()
    assert not busy.exists(), "nothing came"


def test_a_look_that_fails_is_not_the_last_one(folder: PrivateFolder) -> None:
    old, janitor = written(folder, 7200), Janitor(PrivateFolder(folder.path, Promise(keep=0.1)))
    folder.path.rename(away := folder.path.with_name("away"))
    janitor.start()
    time.sleep(0.1)
    away.rename(folder.path)
    try:
        for _ in range(200):
            if not old.exists():
                break
            time.sleep(0.05)
    finally:
        janitor.stop()
    assert not old.exists()


def test_a_server_that_is_gone_has_its_files_deleted_by_its_own_promise(folder: PrivateFolder) -> None:
    gone, alive = PrivateFolder.make(Promise(keep=600)), PrivateFolder.make(Promise(keep=600))
    old, young, working = written(gone, 590), written(gone, 300), written(alive, 590)
    os.utime(gone.path, (time.time() - 100,) * 2)
    for neighbour in folder.neighbours():
        sweep_after(neighbour)
    assert [path.exists() for path in (old, young, working)] == [False, True, True]
    os.utime(gone.path, (time.time() - 601,) * 2)
    for neighbour in folder.neighbours():
        sweep_after(neighbour)
    assert not gone.path.exists() and alive.path.exists()


def test_who_fills_the_folder_loses_their_own_oldest_pictures(folder: PrivateFolder) -> None:
    mine = written(folder, 3000, visitor="modest", size=2 * LEAST)
    theirs = [written(folder, 100 - number, visitor="greedy", size=2 * LEAST) for number in range(4)]
    janitor = Janitor(folder)
    assert janitor.make_room(3 * LEAST)
    assert mine.exists() and [path.exists() for path in theirs] == [False, False, True, True]
    assert not janitor.make_room(11 * LEAST)


CRASHING = """
import os, signal, sys, time
from refedit.keeping.private_folder import PrivateFolder, place_for
from refedit.keeping.promise import Promise
folder = PrivateFolder.make(Promise())
folder.leave_to_heir()
(place_for(folder.path, "a") / "picture.png").write_bytes(b"")
if "worker" in sys.argv and not os.fork():
    os.closerange(0, 3)
    time.sleep(30)
    os._exit(0)
print(folder.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("left", [(), ("worker",)], ids=["nobody", "a worker"])
def test_nothing_is_left_of_a_server_that_was_killed(left: tuple[str, ...]) -> None:
    killed = subprocess.run([sys.executable, "-c", CRASHING, *left], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL
    path = Path(killed.stdout.strip())
    for _ in range(200):
        if not path.exists():
            break
        time.sleep(0.05)
    assert path.name and not path.exists()


def test_nothing_is_written_once_the_folder_is_gone(folder: PrivateFolder) -> None:
    folder.delete()
    with pytest.raises(OSError, match="ending"):
        place_for(folder.path, "a")


def test_places_tell_nobody_who_has_them(folder: PrivateFolder) -> None:
    first, second = place_for(folder.path, "192.0.2.1"), place_for(folder.path, "192.0.2.1")
    assert first != second and first.parent == second.parent and "192.0.2.1" not in str(first)


@pytest.mark.parametrize(
    ("keep", "words"),
    [(3600, "an hour"), (7200, "2 hours"), (1800, "30 minutes"), (90, "1.5 minutes"), (1, "a second")],
)
def test_how_long_is_said_in_words(keep: float, words: str) -> None:
    assert Promise(keep=keep).in_words() == words


def test_the_promise_is_the_same_on_the_page_and_in_the_readme() -> None:
    words = Promise(keep=KEEP).in_words()
    told = re.split("^## ", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE)
    (section,) = (text for text in told if text.startswith("Your pictures"))
    assert f"within {words}" in " ".join(section.split()) and f"within {words}" in PRIVACY.format(kept=words)


def test_no_file_becomes_older_than_promised_between_two_looks() -> None:
    for keep in (1.0, 60.0, 3600.0, 1e6):
        promise = Promise(keep=keep)
        assert promise.oldest > 0 and promise.oldest + promise.silent + 2 * promise.every <= keep


@pytest.fixture
def waiting() -> Iterator[tuple[OneLargePicture, list[threading.Thread], threading.Event]]:
    """A turn that is taken, with as many waiting for it as may."""
    turn, free, started = OneLargePicture(), threading.Event(), threading.Event()

    def read() -> None:
        with turn.of(True):
            started.set()
            free.wait()

    readers = [threading.Thread(target=read) for _ in range(WAITING + 1)]
    for reader in readers:
        reader.start()
    assert started.wait(10)
    yield turn, readers, free
    free.set()
    for reader in readers:
        reader.join()


def test_large_pictures_take_turns_and_small_ones_do_not_wait(
    waiting: tuple[OneLargePicture, list[threading.Thread], threading.Event],
) -> None:
    turn, _, _ = waiting
    with turn.of(False):
        pass
    for _ in range(200):  # until all the others wait
        try:
            with turn.of(True):
                raise AssertionError("two large pictures at once")
        except EditError as error:
            assert "Try again" in str(error)
            return
    raise AssertionError("more wait than may")


def test_edits_hold_no_more_pixels_than_may_be_held_but_one_always_begins() -> None:
    budget = PixelBudget(4 * LARGE_PIXELS)
    with budget.of(9 * LARGE_PIXELS), budget.of(LARGE_PIXELS - 1), pytest.raises(EditError, match="Try again"):
        with budget.of(LARGE_PIXELS):
            raise AssertionError("too much is held")
    with budget.of(2 * LARGE_PIXELS), budget.of(2 * LARGE_PIXELS), pytest.raises(EditError):
        with budget.of(LARGE_PIXELS):
            raise AssertionError("too much is held")


def png_with_text(packed: bool) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("comment", "\N{DOG FACE}" * 1000 + "a" * 100_000, zip=packed)
    for number in range(40 if packed else 1):
        text.add_text(f"more {number}", "b" * 100_000, zip=packed)
    file = io.BytesIO()
    Image.new("RGB", (16, 16)).save(file, "PNG", pnginfo=text)
    return file.getvalue()


def jpeg_of(layers: int) -> bytes:
    """A progressive JPEG whose last layer is told again and again."""
    file = io.BytesIO()
    picture(1).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * layers + whole[-2:]


def test_small_files_that_unpack_to_much_take_a_turn() -> None:
    assert packed_text_of(png_with_text(packed=True)) > PACKED_TEXT and is_heavy(png_with_text(packed=True))
    assert packed_text_of(png_with_text(packed=False)) == 0 and not is_heavy(png_with_text(packed=False))
    for other in (b"", b"text", b"\x89PNG\r\n\x1a\n\0\0", jpeg_of(1)):
        assert packed_text_of(other) == 0


def test_a_jpeg_of_very_many_layers_is_refused_before_it_is_unpacked() -> None:
    assert 1 < scans_of(jpeg_of(1)) < SCANS < scans_of(jpeg_of(SCANS))
    check_pixels(jpeg_of(1))
    with pytest.raises(EditError, match="layers"):
        check_pixels(jpeg_of(SCANS))


def test_a_thread_may_take_its_turn_again() -> None:
    turn = OneLargePicture()
    with turn.of(True), turn.of(True):
        pass


@pytest.fixture
def sessions() -> Sessions:
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.State("nothing")
    sessions = Sessions()
    sessions.set_blocks(blocks)
    sessions.capacity = 10
    return sessions


def test_invented_sessions_take_nobodys_state(sessions: Sessions) -> None:
    sessions.came("visitor")
    (state,) = sessions.blocks.blocks
    sessions["visitor"][state] = "theirs"
    for number in range(1000):
        sessions[f"invented {number}"]
        sessions.blocks._queue.pending_messages_per_session[f"invented {number}"] = Queue()
    assert sessions["visitor"][state] == "theirs" and len(sessions.session_data) == 10
    assert len(sessions.blocks._queue.pending_messages_per_session) == 9


def test_nothing_is_kept_of_who_has_left_but_their_state(sessions: Sessions) -> None:
    (state,) = sessions.blocks.blocks
    for name in ("with state", "without"):
        sessions.came(name)
        sessions.came(name)
        sessions[name]
    sessions["with state"][state] = "theirs"
    for _ in range(2):
        assert "without" in sessions
        sessions.left("with state")
        sessions.left("without")
    assert "without" not in sessions and sessions["with state"][state] == "theirs"


def test_a_neighbour_that_has_slept_with_this_machine_is_not_gone(
    folder: PrivateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbour, janitor, night = PrivateFolder.make(HOUR), Janitor(folder), 8 * HOUR.keep
    janitor.look()
    morning = time.time() + night
    monkeypatch.setattr("time.time", lambda: morning)
    janitor.look()
    assert neighbour.path.exists()
    janitor.look()
    assert not neighbour.path.exists(), "it had the time to say that it is alive"
