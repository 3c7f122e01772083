"""Votes over HTTP: what is acknowledged is stored, once, whatever happens to the server in between."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from refedit.study.data import records
from tests.study.made_up import write_study
from tests.study.server import ADMIN, Server, vote

BOTS, KILLS = 40, 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nobody kills."""
    with running(tmp_path_factory.mktemp("study")) as server:
        yield server


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    write_study(folder)
    server = Server(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


class Bot:
    """A participant who sends some votes twice, and contradicts some."""

    def __init__(self, number: int, server: Server) -> None:
        self.rng, self.server, self.name = random.Random(number), server, f"bot-{number}"
        self.acknowledged: dict[str, tuple[int, str]] = {}
        self.resent = self.contradicted = 0

    def take_part(self) -> None:
        token = self.server.agree(self.name)
        for trial in self.server.sure("session", token=token)[1]["trials"]:
            self._vote(trial["position"], token)
        assert self.server.sure("finish", {}, token)[0] == 200

    def _vote(self, position: int, token: str) -> None:
        said = vote(position, self.rng.choice(("left", "right", "none")))
        assert self.server.sure("answer", said, token)[0] == 200
        self.acknowledged[said["answer"]["uuid"]] = position, said["answer"]["choice"]
        if self.rng.random() < 0.2:
            assert self.server.sure("answer", said, token)[0] == 200
            self.resent += 1
        if self.rng.random() < 0.1:
            assert self.server.sure("answer", vote(position, "right"), token)[0] == 409
            self.contradicted += 1


def kill_thrice(server: Server, done: threading.Event, bots: list[Bot], votes: int) -> None:
    for number in range(KILLS):
        while sum(len(bot.acknowledged) for bot in bots) < votes * (number + 1) // (KILLS + 1) and not done.is_set():
            time.sleep(0.01)
        server.kill()
        server.start()


def test_acknowledged_is_stored_and_nothing_twice_though_the_server_is_killed(tmp_path: Path) -> None:
    with running(tmp_path) as server, ThreadPoolExecutor(12) as pool:
        bots, done = [Bot(number, server) for number in range(BOTS)], threading.Event()
        killer = threading.Thread(target=kill_thrice, args=(server, done, bots, BOTS * 24))
        killer.start()
        list(pool.map(Bot.take_part, bots))
        done.set()
        killer.join()

    db = records.open_records(tmp_path)
    acknowledged = {uuid: said for bot in bots for uuid, said in bot.acknowledged.items()}
    rows = db.execute("SELECT a.uuid, t.position, a.choice FROM answer a JOIN trial t ON t.id = a.trial")
    assert {row["uuid"]: (row["position"], row["choice"]) for row in rows} == acknowledged
    assert len(acknowledged) == BOTS * 24 == len(records.answers(db))
    assert all(sum(getattr(bot, what) for bot in bots) > 0 for what in ("resent", "contradicted"))
    assert [row[0] for row in db.execute("PRAGMA integrity_check")] == ["ok"]
    assert sum(person.finished is not None for person in records.people(db)) == BOTS
    shown = Counter(row.pair for row in records.answers(db) if row.repeats is None and row.kind == "pair")
    assert max(shown.values()) - min(shown.values()) <= 1


def test_an_answer_changes_once_and_both_are_kept(server: Server) -> None:
    token = server.agree()
    assert server.ask("answer", vote(0, "left", change=True), token)[0] == 409
    assert server.ask("answer", vote(0, "left"), token)[0] == 200
    change = vote(0, "right", change=True)
    assert [server.ask("answer", change, token)[0] for _ in range(2)] == [200, 200]
    assert server.ask("answer", vote(0, "none", change=True), token)[0] == 409
    row = records.answers(records.open_records(server.folder))[-1]
    assert (row.first_choice, row.choice) == ("left", "right")


def test_nobody_is_done_before_everything_is_answered(server: Server) -> None:
    token = server.agree()
    assert server.ask("finish", {}, token)[0] == 409
    server.everything(token)
    assert server.ask("session", token=token)[1]["finished"]
    assert server.ask("answer", vote(0, "right", change=True), token)[0] == 409


def test_whoever_comes_again_goes_on_and_the_earlier_window_is_told(server: Server) -> None:
    earlier = server.agree("5f0c", "prolific")
    assert server.ask("answer", vote(0, "left"), earlier)[0] == 200
    later = server.agree("5f0c", "prolific")
    trials = server.ask("session", token=later)[1]["trials"]
    assert [trial["answered"] for trial in trials] == [True] + [False] * 23
    assert server.ask("answer", vote(1, "left"), earlier)[0] == 410
    assert server.ask("answer", vote(1, "left"), later)[0] == 200


def test_a_test_takes_nobodys_place(server: Server) -> None:
    server.agree("5f0d", "test")
    server.agree("5f0d", "prolific")
    assert [row.source for row in records.people(records.open_records(server.folder))][-2:] == ["test", "prolific"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"choice": "both"}, 400),
        ({"ms": -1}, 400),
        ({"ms": 1e30}, 400),
        ({"ms": "900"}, 400),
        ({"position": 24}, 404),
        ({"position": 10**9}, 400),
        ({"uuid": ""}, 400),
        ({"uuid": "x" * 1000}, 400),
        ({"hidden_ms": 901}, 400),
        ({"first_key_ms": 901}, 400),
    ],
)
def test_wrong_votes_are_refused(changes: dict[str, Any], status: int, server: Server) -> None:
    token, said = server.agree(), vote(0, "left")
    said["answer"] |= changes
    assert server.ask("answer", said, token)[0] == status
    assert not any(trial["answered"] for trial in server.ask("session", token=token)[1]["trials"])


def test_wrong_tokens_find_nothing(server: Server) -> None:
    server.everything(server.agree())
    asked = [("session", None), ("answer", vote(0, "left")), ("finish", {}), ("withdraw", {})]
    asked += [(f"admin/{name}", None) for name in ("answers.csv", "people.csv", "status", "codebook.json", "x.csv")]
    for token in ("", "x", "é", ADMIN + "x", ADMIN[:-1]):
        assert {server.ask(path, body, token)[0] for path, body in asked} == {404}
    assert server.ask("admin/answers.csv", None, ADMIN)[0] == 200


def test_the_file_holds_no_recruiters_id_and_no_token(server: Server) -> None:
    token = server.agree("60d5ec9af682fbd12a8931b7", "prolific")
    server.everything(token)
    db = records.open_records(server.folder)
    assert records.people(db)[-1].answered == 24
    held = b"".join(file.read_bytes() for file in server.folder.glob("study.sqlite*"))
    assert not any(secret in held for secret in (b"60d5ec9af682fbd12a8931b7", token.encode(), b"127.0.0.1", b"urllib"))
