"""What every answer carries, and how a request is refused: plain ASGI."""

import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

FRAMES = "frame-ancestors 'self' https://huggingface.co https://*.hf.space"
"""A Space stands in a frame of Hugging Face's pages."""
POLICY = "; ".join(
    (
        FRAMES,
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        # Whatever gets into a text, no picture is fetched from elsewhere; a Space's header shows its owner.
        "img-src 'self' data: blob: https://huggingface.co https://*.huggingface.co",
        "media-src 'self' data: blob:",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # links to the page hold sentences
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), midi=()",
    "cross-origin-resource-policy": "same-origin",
}
"""Of every answer that does not say another thing itself."""


def with_headers(send: Send, without: tuple[bytes, ...] = ()) -> Send:
    """Adds what is missing of `HEADERS` to an answer, and leaves out the headers that begin with `without`."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = _complete(message.get("headers", ()), without)
        await send(message)

    return sending


def _complete(headers: Iterable[tuple[bytes, bytes]], without: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
    kept = [(name, value) for name, value in headers if not name.lower().startswith(without or (b"\0",))]
    named = {name.lower() for name, _ in kept}
    return kept + [(name.encode(), text.encode()) for name, text in HEADERS.items() if name.encode() not in named]


async def refuse(send: Send, code: int, reason: str) -> None:
    """An answer that says in one sentence why there is no other; the connection ends with it."""
    body = json.dumps({"error": reason, "detail": reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def header(scope: Scope, name: bytes) -> str:
    """A header of a request; "" if it has none."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name), "")
