"""A rehearsal: made-up people take part in a copy of a study, through a server of its own, with a known truth.

The copy is a study like any other: it can be analysed, and shows whether the planted strengths come out.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx  # a requirement of gradio
import yaml  # a requirement of gradio

import refedit
from refedit.errors import EditError
from refedit.study.analysis.planted import PLANTED, Planted, write_planted
from refedit.study.bots import Crowd, Sent
from refedit.study.data.definition import FILE, read_definition
from refedit.study.data.pairs import BUILT

AT_ONCE = 12
_START = 60.0
"""Seconds that a server may take until it answers."""
_LEFT_OUT = ("ship", "recruit", "people")
"""What a rehearsal must not do: ship answers, need secrets, be full."""


def copy_study(folder: Path, to: Path, planted: Planted) -> None:
    """Copies what serving a study needs into a new folder, for people who are planted; deletes a rehearsal there.

    EditError if the folder has answers of others, or no study.
    """
    definition = read_definition(folder)
    if definition.kind == "live":
        raise EditError("In a live study people edit their own pictures: there is nothing that bots could look at.")
    if to.exists():
        if not (to / PLANTED).is_file():
            raise EditError(f"'{to}' is no rehearsal, so it is not overwritten. Choose another --out.")
        shutil.rmtree(to)
    if not (folder / BUILT).is_dir():
        raise EditError(f"The pictures of the study are not built yet. Run: python -m refedit study build {folder}")
    to.mkdir(parents=True)
    write_planted(planted, to)
    shutil.copytree(folder / BUILT, to / BUILT)
    told = yaml.safe_load((folder / FILE).read_text("utf-8"))
    for key in _LEFT_OUT:
        told.pop(key, None)
    (to / FILE).write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), "utf-8")
    (to / definition.consent).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / definition.consent, to / definition.consent)


@dataclass(frozen=True)
class Totals:
    """What all bots together sent."""

    people: int
    acknowledged: int
    resent: int
    refused: int
    finished: int

    @classmethod
    def of(cls, sent: list[Sent]) -> "Totals":
        return cls(
            people=len(sent),
            acknowledged=sum(each.acknowledged for each in sent),
            resent=sum(each.resent for each in sent),
            refused=sum(each.refused for each in sent),
            finished=sum(each.finished for each in sent),
        )


def send_all(crowd: Crowd, people: int, address: str) -> Iterator[Sent]:
    """Lets everybody take part, AT_ONCE at a time; raises what the first one raises to whom something happens."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(crowd.take_part, person, address) for person in range(people)]
        try:
            for done in as_completed(running):
                yield done.result()
        finally:
            for left in running:
                left.cancel()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server of the study, in a process of its own and on this machine only.

    EditError with what it said if it does not start.
    """
    port = _free_port()
    command = [sys.executable, "-m", "refedit", "study", "serve", str(folder), "--port", str(port)]
    paths = os.pathsep.join(filter(None, (str(Path(refedit.__file__).parents[1]), os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": paths}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=said)
        try:
            address = f"http://127.0.0.1:{port}/study/"
            if not _answers(f"{address}api/health", process):
                said.seek(0)
                raise EditError(f"The study's server did not start. {said.read().decode(errors='replace').strip()}")
            yield address
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(address: str, process: subprocess.Popen[bytes]) -> bool:
    """True once there is an answer; False if the process has ended, or after too long."""
    until = time.monotonic() + _START
    while process.poll() is None and time.monotonic() < until:
        with suppress(httpx.TransportError):
            if httpx.get(address, trust_env=False).is_success:
                return True
        time.sleep(0.1)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
