"""A stand-in for the part of ZeroGPU that lends GPUs, over HTTP as the package `spaces` asks for it."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Lender:
    """How GPUs are lent, which tests change, and what has been asked.

    None is free while there is a `queue`, and if that is `full` none will be; `quota` is what a visitor has left, None
    for enough; a `broken` API fails by itself; `fresh` gives every job a GPU that nobody had. `log` has the paths and
    parameters of all calls, `pids` the workers that got a GPU.
    """

    queue: bool = False
    quota: int | None = None
    full: bool = False
    broken: bool = False
    fresh: bool = False
    gpus: int = 0
    log: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    pids: list[int] = field(default_factory=list)
    free: set[int] = field(default_factory=set)
    held: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lend(self) -> dict[str, Any]:
        """A GPU that is free, or another one."""
        with self.lock:
            idle = bool(self.free) and not self.fresh
            self.gpus += not idle
            index = min(self.free) if idle else self.gpus
            self.free.discard(index)
            token = f"token-{len(self.log)}-{index}"
            self.held[token] = index
        return {"idle": idle, "nvidiaIndex": index, "nvidiaUUID": f"GPU-{index}", "allowToken": token}

    def take_back(self, token: str, failed: bool) -> bool:
        with self.lock:
            index = self.held.pop(token, None)
            if index is not None and not failed:
                self.free.add(index)
        return index is not None

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of all calls of a path."""
        return [values for called, values in list(self.log) if called == path]

    def wait_until_given_back(self, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while self.held and time.monotonic() < end:
            time.sleep(0.05)
        assert not self.held, "a GPU is still held"

    def wait_until_released(self, seconds: float = 30.0) -> None:
        """Until a GPU that was asked for has come, and was given back."""
        end = time.monotonic() + seconds
        while not self.asked("/release") and time.monotonic() < end:
            time.sleep(0.05)
        assert self.asked("/release"), "nobody has waited for the GPU"
        self.wait_until_given_back()


class DeviceApi(ThreadingHTTPServer):
    """Lends by a lender whatever is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.lender = Lender()


class Answers(BaseHTTPRequestHandler):
    """What the device API says, as the package `spaces` understands it."""

    server: DeviceApi

    def do_POST(self) -> None:
        url, lender = urlsplit(self.path), self.server.lender
        values = dict(parse_qsl(url.query))
        lender.log.append((url.path, values))
        if url.path == "/schedule":
            self._schedule(lender)
        elif url.path == "/release":
            known = lender.take_back(values["allowToken"], values["fail"] == "true")
            self._answer(200 if known else 404, {})
        else:
            if url.path == "/allow":
                lender.pids.append(int(values["pid"]))
            self._answer(200, {})

    def _schedule(self, lender: Lender) -> None:
        if lender.broken:
            self._answer(500, {})
        elif lender.quota is not None:
            self._answer(429, {"left": lender.quota, "wait": 3600})
        elif not lender.queue and not lender.full:
            self._answer(200, lender.lend())
        else:
            self._stream(lender)

    def _stream(self, lender: Lender) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        while lender.queue:
            self._event("event: ping\n\n")
            time.sleep(0.1)
        if lender.full:
            self._event("event: failed\n\n")
            return
        self._event(f"event: succeeded\ndata: {json.dumps(lender.lend())}\n\n")

    def _event(self, text: str) -> None:
        self.wfile.write(text.encode())
        self.wfile.flush()

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def lending() -> Iterator[tuple[str, Lender]]:
    """The address of a device API while it runs, and its lender."""
    api = DeviceApi()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{api.server_port}", api.lender
    finally:
        api.shutdown()
        api.server_close()
