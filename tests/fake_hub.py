"""A stand-in for the Hugging Face Hub, over HTTP as huggingface_hub asks for it: it keeps one Space."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SOON = 0.02
"""Seconds after which the server sees that it is to end; socketserver's own 0.5 would be every test's."""


@dataclass
class Hub:
    """What the hub knows of the Space, and what tests change.

    `plan` False refuses all hardware but zero-a10g. The Space passes through `stages` as often as it is looked at, and
    stays in the last one; it tells of the commit before until it has left the first.
    """

    address: str = ""
    plan: bool = True
    exists: bool = False
    created: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    volumes: list[dict[str, Any]] = field(default_factory=list)
    hardware: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    stages: list[str] = field(default_factory=lambda: ["RUNNING", "BUILDING", "APP_STARTING", "RUNNING"])
    looks: int = 0
    commits: int = 0
    log: list[str] = field(default_factory=list)

    def create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        if not self.plan and asked.get("hardware", "cpu-basic") != "zero-a10g":
            return 402, {"error": "Payment required"}
        self.exists, self.created, self.hardware = True, asked, asked["hardware"]
        self.variables |= {item["key"]: item["value"] for item in asked.get("variables", [])}
        self.secrets |= {item["key"]: item["value"] for item in asked.get("secrets", [])}
        self.volumes = asked.get("volumes", [])
        self.files[".gitattributes"] = b""
        return 200, {"url": f"{self.address}/spaces/{asked['organization']}/{asked['name']}"}

    def commit(self, lines: list[dict[str, Any]]) -> tuple[int, Any]:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "deletedFile":
                del self.files[value["path"]]
        self.commits, self.looks = self.commits + 1, 0
        return 200, {"commitUrl": f"{self.address}/spaces/a/b/commit/{self.oid(0)}", "commitOid": self.oid(0)}

    def oid(self, earlier: int) -> str:
        return f"{self.commits - earlier:040x}"

    def runtime(self) -> dict[str, Any]:
        place = min(self.looks, len(self.stages) - 1)
        self.looks += 1
        hardware = {"current": self.hardware, "requested": self.hardware}
        return {"stage": self.stages[place], "hardware": hardware, "sha": self.oid(int(place == 0))}


def answer(hub: Hub, method: str, path: str, body: bytes) -> tuple[int, Any]:
    """The status and the JSON that a request is answered with."""
    hub.log.append(f"{method} {path}")
    space = path.removeprefix("/api/spaces/")
    _, _, part = space.partition("/")[2].partition("/")
    if path == "/api/whoami-v2":
        return 200, {"name": "somebody", "type": "user"}
    if path == "/api/repos/create":
        return hub.create(json.loads(body))
    if path == "/gradio_api/info":
        return 200, {"named_endpoints": {"/edit": {}}}
    if not hub.exists:
        return 404, {"error": "Repository not found"}
    return of_space(hub, method, space, part, body)


def of_space(hub: Hub, method: str, space: str, part: str, body: bytes) -> tuple[int, Any]:
    """The same for a part of a Space that is there."""
    match part.split("/")[0], method:
        case "variables", "GET":
            return 200, {name: {"value": value} for name, value in hub.variables.items()}
        case "variables", "DELETE":
            del hub.variables[json.loads(body)["key"]]
            return 200, {}
        case "restart", "POST":
            hub.stages = [stage for stage in hub.stages if stage != "PAUSED"]
            return 200, hub.runtime()
        case "variables" | "secrets" as kind, "POST":
            asked = json.loads(body)
            getattr(hub, kind)[asked["key"]] = asked["value"]
            return 200, {}
        case "volumes", _:
            hub.volumes = json.loads(body)["volumes"]
            return 200, {}
        case "hardware", "POST":
            hub.hardware = json.loads(body)["flavor"]
            return 200, hub.runtime()
        case "runtime", _:
            return 200, hub.runtime()
        case "preupload", _:
            asked = json.loads(body)["files"]
            return 200, {
                "files": [{"path": file["path"], "uploadMode": "regular", "shouldIgnore": False} for file in asked]
            }
        case "commit", _:
            return hub.commit([json.loads(line) for line in body.splitlines()])
        case "tree", _:
            return 200, [{"type": "file", "path": name, "oid": "0", "size": len(it)} for name, it in hub.files.items()]
        case _:
            files = [{"rfilename": name} for name in hub.files]
            return 200, {"id": space, "host": hub.address, "siblings": files, "sha": hub.oid(0)}


@contextmanager
def hub_served() -> Iterator[Hub]:
    """The hub while it listens."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, said = answer(hub, self.command, self.path.partition("?")[0], body)
            encoded = json.dumps(said).encode()
            self.send_response(status)
            if status == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(SOON,), daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
