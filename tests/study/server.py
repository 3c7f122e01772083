"""A study on a server of its own, which can be killed; and what a participant's browser sends to it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.serving import ROOT, free_port, wait_for

ADMIN = "a-long-secret-of-the-researcher"
Told = tuple[int, Any]
"""The status of an answer and what it says."""


@dataclass
class Server:
    """`study serve` for a folder; killed as by a power cut, and started again on the same port."""

    folder: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    local: threading.local = field(default_factory=threading.local)  # a connection for each thread

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/study/"

    def start(self) -> None:
        command = [sys.executable, "-m", "refedit", "study", "serve", str(self.folder), "--port", str(self.port)]
        environment = os.environ | {"REFEDIT_STUDY_ADMIN": ADMIN} | self.environment
        with open(self.folder / "log.txt", "ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        wait_for(f"{self.address}api/health", self.process, self.folder / "log.txt")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def ask(self, path: str, body: Any = None, token: str = "") -> Told:
        """Raises OSError if nobody answers."""
        if not hasattr(self.local, "client"):
            self.local.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        data = None if body is None else json.dumps(body).encode()
        try:
            headers = {"Authorization": f"Bearer {token}".encode(), "Content-Type": "application/json"}
            self.local.client.request("GET" if body is None else "POST", f"/study/api/{path}", data, headers)
            answer = self.local.client.getresponse()
            return answer.status, _read(answer.read())
        except (OSError, http.client.HTTPException) as error:
            self.local.client.close()
            raise OSError(path) from error

    def sure(self, path: str, body: Any = None, token: str = "") -> Told:
        """Asks until somebody answers, as the page does."""
        for _ in range(6000):
            try:
                return self.ask(path, body, token)
            except OSError:
                time.sleep(0.05)
        raise TimeoutError(path)

    def agree(self, outside: str = "", source: str = "link") -> str:
        """The token of somebody new, or of whoever came as `outside` before."""
        consent = self.sure("study")[1]["consent_sha256"]
        return str(self.sure("start", {"consent": consent, "outside": outside, "source": source})[1]["token"])

    def everything(self, token: str, choice: str = "left") -> None:
        """Answers all questions, and says so."""
        for trial in self.ask("session", token=token)[1]["trials"]:
            assert self.ask("answer", vote(trial["position"], choice), token)[0] == 200
        assert self.ask("finish", {}, token)[0] == 200


def vote(position: int, choice: str, change: bool = False) -> dict[str, Any]:
    answer = {"position": position, "uuid": uuid.uuid4().hex, "choice": choice, "ms": 900}
    return {"answer": answer | {"hidden_ms": 0, "first_key_ms": 900}, "change": change}


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode()
