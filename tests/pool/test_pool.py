"""The laws of a pool: two replicas of the tiny model under Ray Serve, and what is done to them."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client  # type: ignore[import-untyped]

from refedit.__main__ import main
from refedit.bench.experiment.arms import Arm, SourceUnchanged
from refedit.bench.experiment.cases import POSE
from refedit.bench.experiment.outcome import Outcome
from refedit.bench.experiment.store import Share, Store, outcomes, spread
from refedit.bench.experiment.workbench import Workbench
from refedit.editing.editor import WAITING, Editor
from refedit.editing.request import EditEvent, EditRequest, Finished, Progress
from refedit.editing.service import EditingService, SharedService, at_once
from refedit.errors import EditError, Stopped
from refedit.methods import Baret, SpecRef, values_of
from refedit.serving import opening
from refedit.serving.limits import Limits
from refedit.serving.opening import open_pool
from refedit.serving.replica import Offer, ReplicaState
from tests.conftest import load_tiny, picture, request_for
from tests.pool.work import AS_LONG_AS_MAY_BE, broken, edit_of, endless, hold, way
from tests.server.calls import edit as call_edit
from tests.serving import ROOT, serving
from tests.study.made_up import write_study

pytestmark = pytest.mark.long

PATIENCE = 90.0
"""Seconds that a law may take on a busy machine; none of them is about time."""


@pytest.fixture(scope="module")
def offer(tiny_folder: Path) -> Offer:
    return Offer(model=str(tiny_folder), device="cpu", limits=Limits(lease=8.0, renewal=0.5, waiting_each=4))


@pytest.fixture(scope="module")
def pool(offer: Offer) -> Iterator[Any]:
    folder = tempfile.mkdtemp(prefix="ray")  # pytest's own are too long for the names of sockets
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RAY_TMPDIR", folder)
        patched.chdir(ROOT)
        with open_pool(offer, replicas="2") as opened:
            yield opened
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def address(pool: Any) -> str:
    from refedit.serving import cluster

    return cluster.own_address()


@pytest.fixture(scope="module")
def local(tiny_folder: Path) -> Editor:
    return Editor(load_tiny(tiny_folder))


def until(pool: Any, wanted: Callable[[list[ReplicaState]], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not wanted(states := pool.states()):
        assert time.monotonic() < ends, states
        time.sleep(0.1)


def idle(states: list[ReplicaState]) -> bool:
    return len(states) == 2 and not any(state.running or state.waiting for state in states)


def last(events: Iterator[EditEvent]) -> Finished:
    finished = list(events)[-1]
    assert isinstance(finished, Finished)
    return finished


class Visitor(threading.Thread):
    """Edits in the background; `begun` is set with the first step, `outcome` is the result or the error."""

    def __init__(self, service: EditingService, request: EditRequest) -> None:
        super().__init__(daemon=True)
        self.service, self.request = service, request
        self.begun, self.stop = threading.Event(), threading.Event()
        self.outcome: Finished | Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            for event in self.service.edit(self.request, self.stop):
                if isinstance(event, Progress) and event.stage != WAITING:
                    self.begun.set()
                self.outcome = event if isinstance(event, Finished) else None
        except (EditError, Stopped) as error:
            self.outcome = error

    def result(self) -> Any:
        self.join(PATIENCE)
        return self.outcome


@pytest.mark.parametrize("request_", [request_for(SpecRef(steps=3)), edit_of(1)])
def test_results_are_the_local_editors_bit_for_bit(pool: Any, local: Editor, request_: EditRequest) -> None:
    expected, got = list(local.edit(request_)), list(pool.edit(request_))
    assert way(got) == way(expected)
    assert isinstance(got[-1], Finished) and isinstance(expected[-1], Finished)
    assert got[-1].image.tobytes() == expected[-1].image.tobytes() and got[-1].rows == expected[-1].rows
    assert (got[-1].pasted.values == expected[-1].pasted.values).all() and got[-1].parameters == expected[-1].parameters


def test_a_page_asks_for_as_much_as_there_is_room_for(pool: Any, local: Editor) -> None:
    assert isinstance(pool, SharedService) and at_once(pool) == 3 and at_once(local) == 1
    assert pool.facts.size == local.facts.size and pool.facts.read("a (dog:1.2)") == local.facts.read("a (dog:1.2)")


def test_visitors_and_pictures_return_to_where_they_are_remembered(pool: Any) -> None:
    def rows(round: int) -> list[int]:
        visits = [last(pool.for_visitor(f"{n}").edit(edit_of(10 + n))).rows for n in range(4)]
        return [*visits, *(last(pool.edit(edit_of(20 + n))).rows for n in range(4))]

    before = {state.replica: state.edits for state in pool.states()}
    first, again = rows(0), rows(1)
    assert all(second < one for one, second in zip(first, again, strict=True)), "nothing is inverted twice"
    grown = [state.edits - before[state.replica] for state in pool.states()]
    assert sum(grown) == 16 and min(grown) >= 4, "and both have something to do"


def test_errors_have_the_users_sentence_and_no_traceback(pool: Any, local: Editor) -> None:
    wrong = replace(edit_of(1), prompt="a dog " * 40)
    told = []
    for service in (local, pool):
        with pytest.raises(EditError) as caught:
            list(service.edit(wrong))
        told.append(str(caught.value))
    assert told[0] == told[1] and "Traceback" not in told[1]
    with pytest.raises(ZeroDivisionError) as unexpected:
        pool.run("key", broken)
    assert str(unexpected.value) == "nobody has thought of this"


def test_stop_is_one_call_and_frees_the_device(pool: Any) -> None:
    visitor = Visitor(pool, endless())
    assert visitor.begun.wait(PATIENCE)
    visitor.stop.set()
    assert isinstance(visitor.result(), Stopped)
    until(pool, idle)
    assert last(pool.edit(edit_of(1)))


def test_closing_the_iterator_stops_too(pool: Any) -> None:
    events = pool.edit(endless())
    next(event for event in events if isinstance(event, Progress) and event.step)
    events.close()
    until(pool, idle)


def test_of_sixteen_at_once_each_has_a_result_or_a_refusal_in_words(pool: Any, tmp_path: Path) -> None:
    gate, ready = tmp_path / "gate", threading.Barrier(16)

    def ask(number: int) -> Finished | str:
        ready.wait()
        try:
            return last(pool.for_visitor(f"{number}").edit(edit_of(number, steps=1)))
        except EditError as error:
            return str(error)

    with ThreadPoolExecutor(18) as threads:
        held = [threads.submit(pool.run, f"{number}", hold, str(gate)) for number in range(2)]
        until(pool, lambda states: sum(state.running for state in states) == 2)
        asked = [threads.submit(ask, number) for number in range(16)]
        ends = time.monotonic() + PATIENCE
        while sum(one.done() for one in asked) < 8 and time.monotonic() < ends:
            time.sleep(0.05)
        gate.touch()
        answers = [one.result() for one in asked]
        assert all(one.result() for one in held)
    refused = [answer for answer in answers if isinstance(answer, str)]
    assert len(refused) == 8, "eight may wait for two replicas with four places each"
    assert all("8 edits wait already" in sentence for sentence in refused)


def test_a_replica_that_is_killed_costs_one_visitor_one_sentence(pool: Any, local: Editor) -> None:
    unlucky = Visitor(pool.for_visitor("unlucky"), endless())
    assert unlucky.begun.wait(PATIENCE)
    (ours,) = (state.process for state in pool.states() if state.running)
    lucky = Visitor(pool.for_visitor("lucky"), edit_of(3, steps=20))
    assert lucky.begun.wait(PATIENCE)
    late = Visitor(pool.for_visitor("late"), edit_of(4))
    os.kill(ours, signal.SIGKILL)
    assert "has died" in str(unlucky.result()) and isinstance(unlucky.outcome, EditError)
    for visitor in (lucky, late):
        assert visitor.result().image.tobytes() == last(local.edit(visitor.request)).image.tobytes()
    until(pool, idle)  # with two replicas again
    assert last(pool.for_visitor("unlucky").edit(edit_of(1)))


def test_page_and_study_stand_before_a_pool_that_they_join_and_free_its_device_if_killed(
    pool: Any, address: str, tmp_path: Path
) -> None:
    for name in ("source", "reference", "mask"):
        picture(1).save(tmp_path / f"{name}.png")
    write_study(tmp_path / "study")
    beside = {"REFEDIT_STUDY": str(tmp_path / "study")}
    with serving(["-m", "refedit", "serve", "--address", address], tmp_path, beside) as page:
        urllib.request.urlopen(f"{page}/study/api/health").close()
        client = Client(page, verbose=False, download_files=str(tmp_path / "got"))
        changes = {"method": "baret", "reference": None, "region": None}
        what, path = call_edit(client, tmp_path, **changes).result(PATIENCE)
        assert what["kind"] == "finished" and Path(path).is_file()
        call_edit(client, tmp_path, **changes, settings=values_of(AS_LONG_AS_MAY_BE))
        until(pool, lambda states: sum(state.others for state in states) == 1)
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        until(pool, idle)
        client.close()


def test_the_benchmarks_outcomes_are_the_same_by_a_pool(pool: Any, tiny_folder: Path, tmp_path: Path) -> None:
    here = Workbench.around(load_tiny(tiny_folder))
    arms = (Arm(name="edited", method=Baret(steps=2)), Arm(name="bound", method=SourceUnchanged()))

    def made(workbench: Workbench, share: Share) -> Iterator[Outcome]:
        store = Store(tmp_path / workbench.made_by[-4:] / str(workbench.elsewhere is None), share)
        return outcomes(workbench, store, "development", POSE, share.of_cases(3), arms)

    def told(found: Iterator[Outcome]) -> list[Outcome]:
        return sorted((replace(one, seconds=0.0) for one in found), key=lambda one: (one.number, one.method))

    there = here.with_pool(pool)
    assert told(spread(lambda share: made(there, share), 3)) == told(made(here, Share()))
    other = load_tiny(tiny_folder)
    other.unet.conv_out.bias.data.add_(1)
    with pytest.raises(EditError, match="another model's"):
        Workbench(model=other).with_pool(pool)


def test_a_share_that_fails_is_not_lost(tmp_path: Path) -> None:
    def run(share: Share) -> Iterator[Outcome]:
        if share.place == 2:
            raise EditError("no luck")
        return iter(())

    with pytest.raises(EditError, match="no luck"):
        list(spread(run, 3))


def test_how_a_pool_is_can_be_asked(pool: Any, address: str) -> None:
    command = [sys.executable, "-m", "refedit", "serve", "--status", "--address", address]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert all(state.replica in told for state in pool.states())


def test_a_pool_that_shrinks_finishes_what_it_has_begun(pool: Any, offer: Offer) -> None:
    """A replica that is to go hears of no front end any more. The last test with the pool, which stays small."""
    from refedit.serving import cluster

    both = [Visitor(pool.for_visitor(name), endless()) for name in ("ann", "bob")]
    assert all(visitor.begun.wait(PATIENCE) for visitor in both)
    smaller = replace(offer, limits=replace(offer.limits, least=1, most=1))
    with ThreadPoolExecutor(1) as beside:  # which waits until the replica has gone
        changed = beside.submit(cluster.deploy, smaller)
        until(pool, lambda states: len(states) == 1)
        time.sleep(offer.limits.lease + 2)
        for visitor in both:
            assert visitor.is_alive()
            visitor.stop.set()
            assert isinstance(visitor.result(), Stopped)
        assert changed.result(PATIENCE)


def test_without_ray_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    assert main(["serve", "--replicas", "2"]) == 2
    assert "pip install -r refedit/serving/requirements.txt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--replicas", "none"], "'none' is no number of replicas"),
        (["--replicas", "3-2"], "'3-2' is no number of replicas"),
        (["--gpus-each", "1.5"], "can't have 1.5 GPUs"),
        (["--address", "127.0.0.1:1"], "Nobody answers at '127.0.0.1:1'"),
    ],
)
def test_what_cannot_be_is_named(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", *arguments]) == 2
    assert says in capsys.readouterr().err
