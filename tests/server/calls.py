"""What a program sends to the server."""

import io
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image


def edit(client: Client, folder: Path, **changes: Any) -> Any:
    values = {
        "method": "specref",
        "source": handle_file(str(folder / "source.png")),
        "prompt": "a dog",
        "source_prompt": "a cat",
        "reference": handle_file(str(folder / "reference.png")),
        "region": handle_file(str(folder / "mask.png")),
        "settings": {"steps": 2},
    }
    return client.submit(**values | changes, api_name="/edit")


def post(url: str, body: bytes, kind: str = "application/json") -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def encoded(image: Image.Image, format: str) -> bytes:
    file = io.BytesIO()
    image.save(file, format)
    return file.getvalue()
