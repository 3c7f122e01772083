"""A participant, and the tables of what participants said, without a server's process."""

import csv
import io
from typing import Any

from starlette.testclient import TestClient

from refedit.study.data.export import table_csv
from refedit.study.routes import study_app
from refedit.study.running import Study
from tests.study.server import vote


class Visitor:
    """A participant over HTTP."""

    def __init__(self, study: Study, outside: str = "", source: str = "link") -> None:
        self.http = TestClient(study_app(study), base_url="http://testserver")
        start = {"consent": study.consent_sha256, "outside": outside, "source": source}
        self.token = self.http.post("/api/start", json=start).json()["token"]

    def ask(self, path: str, body: Any = None, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        method = "GET" if body is None else "POST"
        return self.http.request(method, f"/api/{path}", json=body, headers=headers)

    def answer_all(self) -> None:
        for trial in self.ask("session").json()["trials"]:
            assert self.ask("answer", vote(trial["position"], "left")).status_code == 200


def table(study: Study, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table_csv(name, study.store.connection()), newline="")))
