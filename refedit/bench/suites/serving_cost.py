"""What a pool of editors gives and costs: the same edits by plain processes side by side, and by a pool.

Every editor computes with one thread. Each edit is of a picture of its own, so that nothing is remembered.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

import torch

from refedit.bench.experiment.cases import REFERENCE, case_at
from refedit.editing.editor import Editor
from refedit.editing.request import EditRequest
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.methods import SpecRef
from refedit.models import load_model
from refedit.serving.opening import open_pool
from refedit.serving.replica import Offer

WARM = 1_000_000
"""The first case of those that editors warm up on: none of the others."""
START_SECONDS = 900.0
"""So long may an editor take to load its model."""

Times = list[tuple[float, float]]
"""When each edit began and ended, in seconds of the machine's clock."""


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """How so many editors did: edits per second of all together, and seconds that one edit took."""

    editors: int
    pool: bool
    edits: int
    per_second: float
    median: float
    slowest_tenth: float


def measure_serving(offer: Offer, counts: Sequence[int], edits: int) -> Iterator[Throughput]:
    """For each number of editors: plain processes, then a pool; `edits` for each editor."""
    for count in counts:
        yield _throughput(count, False, by_processes(offer, count, edits))
        yield _throughput(count, True, by_pool(offer, count, edits))


def by_processes(offer: Offer, count: int, edits: int) -> Times:
    """Every editor in a process of its own, which nobody asks anything."""
    spawning = multiprocessing.get_context("spawn")
    together, told = spawning.Barrier(count), spawning.SimpleQueue()
    with one_thread():
        workers = [
            spawning.Process(target=_edit_alone, args=(offer, place, edits, together, told), daemon=True)
            for place in range(count)
        ]
        for worker in workers:
            worker.start()
    answers = [told.get() for _ in workers]
    for worker in workers:
        worker.join()
    for answer in answers:
        if isinstance(answer, str):
            raise EditError(f"A process could not edit: {answer}")
    return [times for answer in answers for times in answer]


def by_pool(offer: Offer, count: int, edits: int) -> Times:
    """Every editor a replica, and for each a visitor who asks for one edit after another."""
    together = threading.Barrier(count)
    with one_thread(), open_pool(offer, replicas=str(count)) as pool:

        def ask(place: int) -> Times:
            return timed(pool.for_visitor(f"{place}"), place, edits, together.wait)

        with ThreadPoolExecutor(count) as visitors:
            return [times for answer in visitors.map(ask, range(count)) for times in answer]


def timed(service: EditingService, place: int, edits: int, ready: Callable[[], Any]) -> Times:
    """The times of edits that follow one another, after one to warm up and once all are `ready`."""
    for number in range(edits + 1):
        if number == 1:
            ready()
            times: Times = []
        began = time.monotonic()
        list(service.edit(_request(service.facts.size, WARM + place if number == 0 else place * edits + number)))
        if number:
            times.append((began, time.monotonic()))
    return times


@contextmanager
def one_thread() -> Iterator[None]:
    """Processes that are started meanwhile compute with one thread; Ray gives its own one for each core anyway."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if before is not None:
            os.environ["OMP_NUM_THREADS"] = before


def _edit_alone(offer: Offer, place: int, edits: int, together: Any, told: Any) -> None:
    """One plain process; with GPUs the processes share them evenly."""
    try:
        gpus = torch.cuda.device_count() if offer.device != "cpu" else 0
        device = f"cuda:{place % gpus}" if gpus else offer.device
        editor = Editor(load_model(offer.model, device, offer.channels_last))
        told.put(timed(editor, place, edits, lambda: together.wait(START_SECONDS)))
    except Exception as error:
        together.abort()
        told.put(f"{type(error).__name__}: {error}")


def _request(size: int, number: int) -> EditRequest:
    return case_at("development", REFERENCE, number).request(SpecRef(), size)


def _throughput(count: int, pool: bool, times: Times) -> Throughput:
    seconds = [ended - began for began, ended in times]
    whole = max(ended for _, ended in times) - min(began for began, _ in times)
    slow = quantiles(seconds, n=10, method="inclusive")[-1] if len(seconds) > 1 else seconds[0]
    return Throughput(
        editors=count,
        pool=pool,
        edits=len(times),
        per_second=len(times) / whole,
        median=median(seconds),
        slowest_tenth=slow,
    )


def as_row(result: Throughput) -> dict[str, Any]:
    """A line of the table."""
    return {
        "editors": result.editors,
        "by": "pool" if result.pool else "processes",
        "edits": result.edits,
        "edits per second": round(result.per_second, 3),
        "median s": round(result.median, 2),
        "slowest tenth s": round(result.slowest_tenth, 2),
    }


def told_of(results: Sequence[Throughput]) -> Iterator[str]:
    """What the table comes to: the pool's cost for each number of editors, and what more replicas give."""
    rate = {(result.editors, result.pool): result.per_second for result in results}
    counts = sorted({result.editors for result in results})
    for count in counts:
        cost = 100 * (1 - rate[count, True] / rate[count, False])
        yield f"Editors: {count}. The pool costs {cost:.1f} % of what plain processes do."
    for count in counts[1:]:
        gain = rate[count, True] / rate[counts[0], True]
        yield f"{count} replicas make {gain:.2f} times the edits of {counts[0]}."
