"""A rehearsal: made-up people take part in a copy of a study, through a server of its own, with a known truth.

The copy is a study like any other: it can be analysed, and shows whether the planted strengths come out.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import httpx  # a requirement of gradio
import yaml  # a requirement of gradio

import refedit
from refedit.errors import EditError
from refedit.study.analysis.planted import Planted
from refedit.study.bots import Crowd, Sent
from refedit.study.definition import FILE, read_definition
from refedit.study.pairs import BUILT

FOLDER, PLANTED = "simulated", "planted.json"
AT_ONCE = 12
_START = 60.0
"""Seconds that a server may take until it answers."""
_LEFT_OUT = ("ship", "recruit", "people")
"""What a rehearsal must not do: ship answers, need secrets, be full."""


def copy_study(folder: Path, to: Path) -> None:
    """Copies what serving a study needs into a new folder; an earlier rehearsal there is deleted.

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
    shutil.copytree(folder / BUILT, to / BUILT)
    told = yaml.safe_load((folder / FILE).read_text("utf-8"))
    for key in _LEFT_OUT:
        told.pop(key, None)
    (to / FILE).write_text(yaml.safe_dump(told, sort_keys=False, allow_unicode=True), "utf-8")
    (to / definition.consent).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / definition.consent, to / definition.consent)


def write_planted(planted: Planted, folder: Path) -> None:
    """Notes in a study's folder that its people are made up, and with which tastes."""
    (folder / PLANTED).write_text(json.dumps(asdict(planted), indent=1) + "\n", "utf-8")


def read_planted(folder: Path) -> Planted | None:
    """What `write_planted` wrote; None of a study whose people are real."""
    file = folder / PLANTED
    return Planted(**json.loads(file.read_text("utf-8"))) if file.is_file() else None


@dataclass(frozen=True)
class Totals:
    """What all bots together sent, and how often the server was killed meanwhile."""

    people: int
    acknowledged: int
    resent: int
    refused: int
    finished: int
    kills: int

    @classmethod
    def of(cls, sent: list[Sent], kills: int) -> "Totals":
        return cls(
            people=len(sent),
            acknowledged=sum(each.acknowledged for each in sent),
            resent=sum(each.resent for each in sent),
            refused=sum(each.refused for each in sent),
            finished=sum(each.finished for each in sent),
            kills=kills,
        )


def send_all(crowd: Crowd, people: int, server: "Server", kills: int = 0) -> Iterator[Sent]:
    """Lets everybody take part, AT_ONCE at a time; kills the server that often meanwhile, without a warning."""
    deaths = [round((place + 1) * people / (kills + 1)) for place in range(kills)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: set[Future[Sent]] = {pool.submit(crowd.take_part, one, server.address) for one in range(people)}
        done = 0
        try:
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
                    done += 1
                    if deaths and done >= deaths[0]:
                        deaths.pop(0)
                        server.kill()
                        server.start()
        finally:
            for future in running:
                future.cancel()


class Server:
    """A study's server in a process of its own, on this machine only."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        self.address = f"http://127.0.0.1:{self.port}/study/"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
            self.kill()

    def start(self) -> None:
        """Returns once it answers; EditError with what it said if it does not."""
        command = [sys.executable, "-m", "refedit", "study", "serve", str(self.folder), "--port", str(self.port)]
        package = str(Path(refedit.__file__).parents[1])
        paths = os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        until = time.monotonic() + _START
        while time.monotonic() < until:
            if self._process.poll() is not None:
                _, said = self._process.communicate()
                raise EditError(f"The study's server did not start: {said.decode(errors='replace').strip()}")
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}api/health", trust_env=False).is_success:
                    return
            time.sleep(0.1)
        raise EditError("The study's server does not answer.")

    def kill(self) -> None:
        """Ends it without a warning, as a power cut would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        if self._process is not None and self._process.stderr:
            self._process.stderr.close()
        self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
