"""What strangers send to a server: pictures, edits, sessions, and halves of all that."""

import io
import json
import socket
import time
import uuid
import zlib
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
from PIL import Image, PngImagePlugin

UPLOAD = "/gradio_api/upload"
MEBIBYTE = 1 << 20


def noise(seed: int, side: int = 128) -> bytes:
    """A PNG of random pixels, another one for every seed."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=1)
    return file.getvalue()


def hostile(seed: int, side: int = 6300) -> bytes:
    """A small PNG of about 40 megapixels with transparency, which is large once it is decoded."""
    line = b"\0" + bytes((seed % 256, 40, 80, 128)) * side
    packer = zlib.compressobj(9)
    body = b"".join(packer.compress(line) for _ in range(side)) + packer.flush()
    header = side.to_bytes(4, "big") * 2 + bytes((8, 6, 0, 0, 0))
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big") for kind, data in chunks
    )


def packed(seed: int) -> bytes:
    """A tiny PNG whose compressed text is about 200 MB once it is read."""
    text = PngImagePlugin.PngInfo()
    for number in range(60):
        text.add_itxt(f"{seed} {number}", "\N{DOG FACE}" + "a" * 1_000_000, zip=True)
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (seed % 256, 40, 80)).save(file, "PNG", pnginfo=text)
    return file.getvalue()


def layered(seed: int, side: int = 2048, layers: int = 3000) -> bytes:
    """A small JPEG that takes as long as thousands of pictures: its last layer is told again and again."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (seed % 256, 40, 80)).save(file, "JPEG", progressive=True)
    whole = file.getvalue()
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * layers + whole[-2:]


def upload(client: httpx.Client, data: bytes, name: str = "picture.png") -> dict[str, Any]:
    """Uploads a file and gives it as an endpoint takes it; httpx.HTTPStatusError if it is refused."""
    answer = client.post(UPLOAD, files={"files": (name, data, "image/png")})
    answer.raise_for_status()
    return {"path": answer.json()[0], "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def begin(client: httpx.Client, endpoint: str, data: list[Any]) -> str:
    """Asks an endpoint for programs; the event whose answers `told` reads."""
    answer = client.post(f"/gradio_api/call/{endpoint}", json={"data": data})
    answer.raise_for_status()
    return str(answer.json()["event_id"])


def told(client: httpx.Client, endpoint: str, event: str) -> Iterator[tuple[str, Any]]:
    """The events of a call in their order: "generating", "complete" or "error", each with its data."""
    kind = ""
    with client.stream("GET", f"/gradio_api/call/{endpoint}/{event}", timeout=300) as lines:
        for line in lines.iter_lines():
            if line.startswith("event: "):
                kind = line.removeprefix("event: ")
            elif line.startswith("data: ") and kind != "heartbeat":
                yield kind, json.loads(line.removeprefix("data: "))


def edit(source: Mapping[str, Any], steps: int = 2, prompt: str = "a dog on a meadow") -> list[Any]:
    """What `/edit` takes for a short BARET edit."""
    return ["baret", source, prompt, "", None, None, None, "", {"steps": steps}, ""]


def edited(client: httpx.Client, picture: bytes, steps: int = 2) -> str:
    """A whole edit by a program; how it ended: "complete" or "error"."""
    event = begin(client, "edit", edit(upload(client, picture), steps))
    return [kind for kind, _ in told(client, "edit", event)][-1]


def served(client: httpx.Client, path: str) -> bool:
    """Whether a file of the server can still be had."""
    return client.get(f"/gradio_api/file={path}").status_code == 200


def session() -> str:
    """A name for a session that nobody has."""
    return uuid.uuid4().hex[:11]


def raw(address: str, head: str, body: bytes, pause: float = 0.0) -> bytes:
    """Sends a request by hand, waits, and hangs up; what was answered until then."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode() + body)
        time.sleep(pause)
        connection.settimeout(0.5)
        try:
            return connection.recv(65536)
        except OSError:
            return b""
