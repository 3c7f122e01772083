"""Trials of what a server leaves on disk: after every end, of broken uploads, of what is old, of what is too much."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import MEBIBYTE, UPLOAD, begin, edit, edited, noise, raw, served, told, upload
from refedit.keeping.private_folder import OWN

KEEP = 15.0
"""Seconds that servers keep files in trials that wait for it."""
ROOM = 24
"""MB of room in the trial that fills it."""
MOST_STEPS = 100
"""What BARET takes: about twice as long as files are kept then, on two cores."""
PAUSE = 1.0
"""Seconds after every 20 uploads, so that they are no more than one address may make (`web/rates.py`)."""
SHORT = (("REFEDIT_KEEP_MINUTES", f"{KEEP / 60}"),)


def _ended(site: Site, quick: bool) -> Found:
    """Ends the server in every way while an edit runs, after one that is done."""
    said, held = [], True
    for by in (signal.SIGTERM, signal.SIGKILL) if quick else (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        if site.process is None:
            site.start()
        with site.client() as client:
            edited(client, noise(1))
            event = begin(client, "edit", edit(upload(client, noise(2)), steps=100))
            running = told(client, "edit", event)
            next(running)
            before = len(site.files())
            seconds, left = site.end(by), site.left()
        said.append(f"{by.name}: {left} of {before} files left, ended in {seconds:.0f} s")
        held = held and left == 0 and seconds < 10
    return Found(measured="; ".join(said), held=held)


def _power_cut(site: Site, quick: bool) -> Found:
    """Kills the server with all that it has started, and starts another one that keeps files for a short time."""
    with site.client() as client:
        edited(client, noise(1))
        path = str(upload(client, noise(2))["path"])
    written = set(site.files())
    for heir in site.descendants():
        _kill(heir)
    site.end(signal.SIGKILL)
    stayed = len(site.files())
    site.start()
    with site.client() as client:
        had = served(client, path)
    time.sleep(KEEP)
    left = len(written & set(site.files()))
    return Found(
        measured=f"{stayed} files stayed at first, {left} after their time; served anew: {'yes' if had else 'no'}",
        held=left == 0 and not had,
    )


def _ages(site: Site, quick: bool) -> Found:
    """Uploads and edits as fast as one address may ask, many times as long as files are kept."""
    until, oldest, count = time.monotonic() + (3 if quick else 8) * KEEP, 0.0, 0
    with site.client() as client:
        while time.monotonic() < until:
            for _ in range(20):
                upload(client, noise(count, 16))
                count += 1
            time.sleep(PAUSE)
            if count % 100 == 0:
                edited(client, noise(count))
            oldest = max(oldest, *_ages_of(site.files()), 0.0)
    return Found(measured=f"{count} uploads, the oldest file {oldest:.1f} s", held=oldest <= KEEP)


def _waiting(site: Site, quick: bool) -> Found:
    """An edit waits behind another one until its upload's time is long over."""
    with site.client(600) as client, ThreadPoolExecutor(1) as listener:
        began = time.monotonic()
        edited(client, noise(0), steps=4)
        steps = max(8, round(3 * KEEP * 4 / (time.monotonic() - began)))
        first = begin(client, "edit", edit(upload(client, noise(1)), min(steps, MOST_STEPS)))
        picture = upload(client, noise(2))
        second, waits = begin(client, "edit", edit(picture)), time.monotonic()
        heard = listener.submit(lambda: [kind for kind, _ in told(client, "edit", second)])
        for _ in told(client, "edit", first):
            pass
        waited = time.monotonic() - waits
        ended = heard.result()[-1]
        time.sleep(KEEP + 2)
        gone = not served(client, str(picture["path"]))
    return Found(
        measured=f"waited {waited:.0f} s, ended with '{ended}', upload {'gone' if gone else 'there'} afterwards",
        held=waited > KEEP and ended == "complete" and gone,
    )


def _broken(site: Site, quick: bool) -> Found:
    """Senders who go away, wrong fields, endless and countless parts, files where none are asked for."""
    before = set(site.files())
    host = f"Host: 127.0.0.1:{site.port}\n"
    form = "Content-Type: multipart/form-data; boundary=x\n"
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    for _ in range(5 if quick else 20):
        head = f"POST {UPLOAD} HTTP/1.1\n{host}{form}Content-Length: {20 * MEBIBYTE}\n\n"
        raw(site.address, head, part + bytes(5 * MEBIBYTE), pause=0.2)
    endless = f"POST {UPLOAD} HTTP/1.1\n{host}{form}Transfer-Encoding: chunked\n\n"
    chunk = part + bytes(MEBIBYTE) + b"\r\n"
    body = b"".join(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for _ in range(66))
    _send(site, endless, body)
    with site.client() as client:
        picture = ("a.png", noise(1), "image/png")
        for path, field in ((UPLOAD, "other"), ("/gradio_api/process_recording", "video"), *_ELSEWHERE):
            client.post(path, files={field: picture})
        client.post(UPLOAD, files=[("files", picture)] * 1000)
    time.sleep(2)
    left = set(site.files()) - before
    return Found(measured=f"{len(left)} files left", held=not left)


_ELSEWHERE = (("/gradio_api/component_server", "file"), ("/gradio_api/queue/join", "files"), ("/login", "files"))


def _quota(site: Site, quick: bool) -> Found:
    """One address sends many times what there is room for; another one keeps its picture meanwhile."""
    most, refused = 0, 0
    with site.client() as greedy, site.client(address="127.0.0.2") as modest:
        mine = str(upload(modest, noise(0, 256))["path"])
        for number in range(40 if quick else 200):
            answer = greedy.post(UPLOAD, files={"files": ("a.png", noise(number, 600), "image/png")})
            refused += answer.status_code != 200
            most = max(most, sum(size for path, size in site.files().items() if path.parent.name != OWN))
        kept, too_much = served(modest, mine), greedy.post(UPLOAD, files={"files": ("a.png", bytes(30 * MEBIBYTE))})
    return Found(
        measured=f"{most / MEBIBYTE:.1f} MB at most, {refused} refused, the other's picture "
        f"{'kept' if kept else 'lost'}, a file above it all: {too_much.status_code}",
        held=most <= ROOM * MEBIBYTE and kept and too_much.status_code == 507,
    )


def _full_disk(site: Site, quick: bool) -> Found:
    """The disk of the temporary folder has no byte left; then it has again."""
    site.end(signal.SIGTERM)
    with _small_disk(site.temporary) as mounted:
        if not mounted:
            return Found(measured="not measured: only root may mount a small disk", held=False)
        site.start()
        filler = site.temporary / "filler"
        with site.client() as client:
            _fill(filler)
            full = client.post(UPLOAD, files={"files": ("a.png", noise(1, 600), "image/png")})
            answered = client.get("/config").status_code
            filler.unlink()
            after = edited(client, noise(1))
        site.end(signal.SIGTERM)
        left = site.left()
    sentence = "a sentence" if b"no room" in full.content else "no sentence"
    return Found(
        measured=f"upload {full.status_code} with {sentence}, page {answered}, edit afterwards '{after}', {left} left",
        held=(full.status_code, answered, after, left) == (507, 200, "complete", 0) and sentence == "a sentence",
    )


def _send(site: Site, head: str, body: bytes) -> None:
    try:
        raw(site.address, head, body, pause=0.5)
    except OSError:
        return  # closed while we were still sending, as it should be


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _ages_of(files: dict[Path, int]) -> Iterator[float]:
    """How long ago visitors' files were written, in seconds; the page's own are left out."""
    for path in files:
        try:
            if path.parent.name != OWN:
                yield time.time() - path.stat().st_mtime
        except OSError:
            continue


def _fill(filler: Path) -> None:
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            return


@contextmanager
def _small_disk(folder: Path) -> Iterator[bool]:
    command = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True)


TRIALS = (
    Trial(
        name="ended",
        does="an edit is done, another one runs, and the server is ended by SIGTERM, Ctrl+C and SIGKILL",
        goal="no file left, ended within 10 s",
        run=_ended,
    ),
    Trial(
        name="power-cut",
        does="the server and all it has started are killed, and one starts anew",
        goal="nothing served anew, no file older than promised",
        run=_power_cut,
        variables=SHORT,
    ),
    Trial(
        name="ages",
        does="uploads and edits as fast as one address may ask",
        goal=f"no file older than the {KEEP:g} s promised",
        run=_ages,
        variables=SHORT,
    ),
    Trial(
        name="waiting",
        does="an edit waits for longer than files are kept",
        goal="it is made, and its upload gone after that",
        run=_waiting,
        variables=SHORT,
    ),
    Trial(
        name="broken-uploads",
        does="senders who go, wrong fields, endless and countless parts, files sent elsewhere",
        goal="no file left",
        run=_broken,
    ),
    Trial(
        name="quota",
        does="one address sends many times what there is room for",
        goal=f"{ROOM} MB at most, others' pictures kept",
        run=_quota,
        variables=(("REFEDIT_QUOTA_MB", str(ROOM)),),
    ),
    Trial(
        name="full-disk",
        does="the disk is full for a while",
        goal="507 with a sentence, the page answers, edits work afterwards",
        run=_full_disk,
    ),
)
