"""A server of the page in a process of its own: started, asked, weighed, ended in every way, and started again.

Weighing needs Linux, where /proc tells of every process.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import httpx

from refedit.errors import EditError

ROOT = Path(__file__).resolve().parents[4]
START_SECONDS = 900


class Site:
    """A context manager that starts `app.py` and ends it; `folder` holds its log and all its temporary files."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder, self.variables = folder, variables
        self.port = _free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.opened = 0.0  # when it was started, by the machine's clock

    def __enter__(self) -> "Site":
        self.temporary.mkdir(exist_ok=True)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end(signal.SIGKILL)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def temporary(self) -> Path:
        """Where the server puts all its temporary files, whoever makes them."""
        return self.folder / "temporary"

    @property
    def log(self) -> Path:
        return self.folder / "log.txt"

    def start(self) -> None:
        """Starts the server, also after it was ended, and waits until it answers; EditError if it does not."""
        self.open()
        self._wait()

    def open(self) -> None:
        """Starts the server and waits for nothing."""
        self.opened = time.monotonic()
        asked = {"REFEDIT_PORT": str(self.port), "REFEDIT_HOST": "127.0.0.1", "REFEDIT_DEVICE": "cpu"}
        asked |= {"TMPDIR": str(self.temporary), "HF_HUB_OFFLINE": "1"}
        environment = {name: value for name, value in os.environ.items() if name != "GRADIO_TEMP_DIR"}
        with open(self.log, "ab") as log, _heeding_ctrl_c():
            self.process = subprocess.Popen(
                [sys.executable, "app.py"],
                cwd=ROOT,
                env=environment | asked | dict(self.variables),
                stdout=log,
                stderr=log,
            )

    def end(self, by: signal.Signals, patience: float = 20) -> float:
        """Ends the server with a signal, and by force once the patience is over; the seconds that it took."""
        process, began = self.process, time.monotonic()
        if process is None:
            return 0.0
        process.send_signal(by)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.process = None
        return time.monotonic() - began

    def left(self, patience: float = 5) -> int:
        """How many files lie there once the server has ended, and had a few seconds to be cleaned up after."""
        until = time.monotonic() + patience
        while (files := len(self.files())) and time.monotonic() < until:
            time.sleep(0.1)
        return files

    def client(self, timeout: float = 60, address: str = "127.0.0.1") -> httpx.Client:
        """A client of its own for a visitor at an address of this machine; to be closed."""
        return httpx.Client(
            base_url=self.address, timeout=timeout, transport=httpx.HTTPTransport(local_address=address)
        )

    def answer_seconds(self) -> float:
        """How long the page itself takes to answer a new visitor."""
        began = time.monotonic()
        httpx.get(f"{self.address}/config", timeout=120).raise_for_status()
        return time.monotonic() - began

    def memory(self) -> int:
        """Bytes that the server's process holds now."""
        return self._status("VmRSS")

    def peak(self) -> int:
        """The most bytes that it has held since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        (self._proc / "clear_refs").write_text("5")

    def processor_seconds(self) -> float:
        """The time that it has computed so far, on all cores together."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def descendants(self) -> list[int]:
        """The processes that it has started."""
        tasks = [task / "children" for task in (self._proc / "task").iterdir()]
        return [int(number) for children in tasks for number in children.read_text().split()]

    def descriptors(self) -> int:
        """How many files, sockets and pipes it has open."""
        return len(list((self._proc / "fd").iterdir()))

    def files(self) -> dict[Path, int]:
        """Every file in its temporary folder, with its bytes; those that vanish meanwhile count as gone."""
        found = {}
        for folder, _, names in os.walk(self.temporary):  # Path.rglob fails where a folder vanishes
            for path in (Path(folder, name) for name in names):
                with suppress(OSError):
                    found[path] = path.stat().st_size
        return found

    @property
    def _proc(self) -> Path:
        if self.process is None:
            raise EditError("The server is not running.")
        return Path(f"/proc/{self.process.pid}")

    def _status(self, name: str) -> int:
        lines = (self._proc / "status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))

    def _wait(self) -> None:
        assert self.process is not None
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            try:
                httpx.get(f"{self.address}/config", timeout=5).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.25)
        self.end(signal.SIGKILL)
        raise EditError(f"The server did not start. It said: {self.log.read_text(errors='replace')[-500:]}")


def check_can_serve() -> None:
    """EditError where there is no checkout with `app.py`, or no /proc to weigh processes with."""
    if not (ROOT / "app.py").is_file():
        raise EditError("There is no app.py to start. Run this from a checkout of RefEdit.")
    if not Path("/proc/self/status").is_file():
        raise EditError("Memory and open files are read from /proc, which this system lacks. Run this on Linux.")


@contextmanager
def _heeding_ctrl_c() -> Iterator[None]:
    """What is started inside ends by SIGINT, which a program ignores whose parent does, as a job in the background."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
