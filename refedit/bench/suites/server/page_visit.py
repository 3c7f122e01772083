"""A visitor of the page without a browser: a session that is open, and edits as the page's own button asks for them."""

import json
from collections.abc import Generator
from contextlib import ExitStack
from types import TracebackType
from typing import Any

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.visits import session, upload

SENTENCE = "a dog on a meadow"


class PageVisit:
    """A context manager for one visitor whose page is open; leaving it is what closing the tab is."""

    def __init__(self, site: Site) -> None:
        self.client, self.session = site.client(300), session()
        self._open = ExitStack()

    def __enter__(self) -> "PageVisit":
        self._open.enter_context(self.client)
        self.config = self.client.get("/config").raise_for_status().json()
        self._open.enter_context(self.client.stream("GET", f"/gradio_api/heartbeat/{self.session}", timeout=None))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(self, picture: bytes, steps: int = 2) -> Generator[dict[str, Any], None, None]:
        """What the page is told of an edit by a sentence; closing this leaves its listener, not the page."""
        event = self._run_event()
        canvas = {"picture": upload(self.client, picture), "mask": ""}
        given = {"source": canvas, "prompt": SENTENCE, "kind": "pose", "tries": "1", "baret-steps": steps}
        data = [self._value(number, given) for number in event["inputs"]]
        asked = {"data": data, "fn_index": event["id"], "session_hash": self.session, "trigger_id": None}
        self.client.post("/gradio_api/queue/join", json=asked).raise_for_status()
        params = {"session_hash": self.session}
        with self.client.stream("GET", "/gradio_api/queue/data", params=params) as lines:
            for line in lines.iter_lines():
                if line.startswith("data: "):
                    told = json.loads(line.removeprefix("data: "))
                    yield told
                    if told.get("msg") == "close_stream":
                        return

    def edited(self, picture: bytes, steps: int = 2) -> bool:
        """Whether an edit came to an end and was no error."""
        ends = [told for told in self.run(picture, steps) if told.get("msg") == "process_completed"]
        return bool(ends) and ends[-1].get("success") is True

    def asked(self, picture: dict[str, Any], function: str = "embed", **question: Any) -> int:
        """Asks what a canvas asks, such as what a click shows; the status of the answer."""
        question = {"name": "source", "picture": picture, "size": [1, 1], "room": 0, **question}
        body = {
            "data": question,
            "component_id": self._component("source")["id"],
            "session_hash": self.session,
            "fn_name": function,
        }
        return self.client.post("/gradio_api/component_server", json=body).status_code

    def _component(self, elem_id: str) -> dict[str, Any]:
        return next(part for part in self.config["components"] if part["props"].get("elem_id") == elem_id)

    def _run_event(self) -> dict[str, Any]:
        """The event that reads the source and the sentence, and tells many times what happens."""
        source = self._component("source")["id"]
        return next(
            event
            for event in self.config["dependencies"]
            if source in event["inputs"] and event["types"]["generator"] and event["api_visibility"] == "private"
        )

    def _value(self, number: int, given: dict[str, Any]) -> Any:
        props = next(part for part in self.config["components"] if part["id"] == number)["props"]
        return given.get(props.get("elem_id"), props.get("value"))
