"""How long and how much a server waits for until a request is whole: who sends half of one is not waited for."""

import asyncio
import time
from collections import OrderedDict
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from refedit.web.answers import HEADERS, Message, Receive

HEAD_SECONDS = 20.0
"""For the first line and the headers."""
HEAD_BYTES = 256 << 10
"""Of a request beside its body: its head, and what a body's parts may have between and after them."""
IDLE = 256
"""Connections that may be open without a request under way; above that, the one that is silent the longest goes."""
PAUSE, LONGEST = 30.0, 600.0
"""Seconds for which the next part of a body is waited for, and the whole."""
TOO_SLOW = "The request came too slowly, or only half of it. Send it again."
NAME = f"{__name__}:PatientProtocol"
"""By this name uvicorn finds the protocol."""
COUNTS = hasattr(AutoHTTPProtocol, "on_body")
"""Whether it tells what of its bytes is a body; the other one has a limit of its own for the rest."""


class PatientProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """uvicorn's own protocol, which closes a connection that does not say in time, or shortly, what it wants.

    Between two requests uvicorn has a limit of its own, which ends with the next request's first byte.
    """

    idle: OrderedDict["PatientProtocol", None] = OrderedDict()
    """Those of this process without a request under way, the one that became so the longest ago first."""

    def connection_made(self, transport: Any) -> None:
        self._waiting: asyncio.TimerHandle | None = None
        self._beside = 0
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        self._beside += len(data) if COUNTS else 0
        super().data_received(data)
        self._look()
        if self._beside > HEAD_BYTES and not self.transport.is_closing():
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_waiting()
        self.idle.pop(self, None)
        super().connection_lost(error)

    def on_body(self, body: bytes) -> None:
        self._beside = max(self._beside - len(body), 0)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._beside = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def send_400_response(self, msg: str) -> None:
        """As uvicorn's own, with the headers of every answer."""
        told = {"content-type": "text/plain; charset=utf-8", "content-length": str(len(msg)), "connection": "close"}
        lines = ["HTTP/1.1 400 Bad Request", *(f"{name}: {value}" for name, value in {**told, **HEADERS}.items())]
        self.transport.write("\r\n".join([*lines, "", msg]).encode("ascii"))
        self.transport.close()

    def _look(self) -> None:
        """Waits from now on if no request is under way and none was waited for; does not begin anew with each byte."""
        if self._under_way():
            self.idle.pop(self, None)
            self._stop_waiting()
            return
        self.idle.setdefault(self)
        if self._waiting is None and self.timeout_keep_alive_task is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._give_up)
        if len(self.idle) > IDLE:
            self.idle.popitem(last=False)[0]._give_up()

    def _under_way(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._stop_waiting()
        if not self._under_way() and not self.transport.is_closing():
            self.transport.close()


class PatientBody:
    """A request's body as it comes; if it does not come in time it ends as if the client had gone, and is `late`."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self._over, self.late = receive, False, False
        self._until = time.monotonic() + LONGEST

    async def next(self) -> Message:
        if self._over:  # what comes now is that the client has gone, for which there is no hurry
            return await self._receive()
        pause = min(PAUSE, self._until - time.monotonic())
        try:
            if pause <= 0:
                raise TimeoutError
            async with asyncio.timeout(pause):  # Python 3.11's wait_for forgets a cancelling that meets a message
                message = await self._receive()
        except TimeoutError:
            self.late = self._over = True
            return {"type": "http.disconnect"}
        self._over = not message.get("more_body", False)
        return message


def use_patience() -> None:
    """From now on every uvicorn of this process that was not told another protocol has this patience."""
    from uvicorn.config import HTTP_PROTOCOLS

    HTTP_PROTOCOLS["auto"] = NAME
