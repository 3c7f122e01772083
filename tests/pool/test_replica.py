"""One replica, without Ray: turns, leases, and errors as plain values."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from refedit.editing.editor import CHECKED, HIDDEN, WAITING, Editor
from refedit.editing.request import Finished, Progress
from refedit.serving.limits import Limits
from refedit.serving.replica import LOST, WRONG_IN_A_ROW, Edits, Failure, Offer
from tests.conftest import load_tiny, save_checker
from tests.pool.work import broken, edit_of, endless, hold, way

PAGE, OTHER = "page", "other page"


@pytest.fixture(scope="module")
def offer(tiny_folder: Path) -> Offer:
    return Offer(model=str(tiny_folder), device="cpu")


@pytest.fixture(scope="module")
def brief(offer: Offer) -> Offer:
    """With a lease that ends while a test looks on."""
    return replace(offer, limits=Limits(lease=2.0, renewal=0.1))


def ran(work: Awaitable[Any]) -> Any:
    async def awaited() -> Any:
        return await asyncio.wait_for(work, 60)

    with ThreadPoolExecutor(1) as other:  # a browser of earlier tests leaves its event loop running in this thread
        return other.submit(asyncio.run, awaited()).result()


async def listed(bundles: AsyncIterator[tuple[Any, ...]]) -> list[Any]:
    return [answer async for bundle in bundles for answer in bundle]


async def until(edits: Edits, wanted: Callable[[Any], bool]) -> None:
    """Asks, as a front end that is there does, until things are as wanted."""
    while not wanted(await edits.state(PAGE)):
        await asyncio.sleep(0.05)


def test_an_edit_is_the_editors_own(offer: Offer, tiny_folder: Path) -> None:
    expected = list(Editor(load_tiny(tiny_folder)).edit(edit_of(1)))
    got = ran(listed(Edits(offer, "a", "here").edit(PAGE, edit_of(1))))
    assert way(got) == way(expected)
    assert got[-1].image.tobytes() == expected[-1].image.tobytes()  # type: ignore[union-attr]


def test_edits_are_made_in_the_order_of_asking_and_say_that_they_wait(offer: Offer, tmp_path: Path) -> None:
    async def play() -> tuple[list[int], list[Any]]:
        edits, order = Edits(offer, "a", "here"), []

        async def ask(number: int) -> list[Any]:
            events = await listed(edits.edit(PAGE, edit_of(number, steps=1)))
            order.append(number)
            return events

        holding = asyncio.ensure_future(edits.work(PAGE, hold, str(tmp_path / "gate")))
        await until(edits, lambda state: state.running == 1)
        asked = []
        for number in range(4):
            asked.append(asyncio.ensure_future(ask(number)))
            while (await edits.state(PAGE)).waiting <= number:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.4)
        (tmp_path / "gate").touch()
        return order, [await holding, *[await events for events in asked]]

    order, (held, *events) = ran(play())
    assert held is True and order == [0, 1, 2, 3]
    for told in events:
        assert isinstance(told[0], Progress) and told[0].stage == WAITING and isinstance(told[-1], Finished)


def test_what_nobody_waits_for_any_more_is_stopped(brief: Offer) -> None:
    async def play() -> list[Any]:
        edits = Edits(brief, "a", "here")
        answers = await listed(edits.edit(OTHER, endless()))  # which is not heard of again
        await until(edits, lambda state: state.running == 0)
        return answers

    assert ran(play())[-1] == Failure(sentence=LOST)


def test_who_is_heard_of_may_edit_for_longer_than_a_lease(brief: Offer) -> None:
    async def play() -> bool:
        edits = Edits(brief, "a", "here")
        running = asyncio.ensure_future(listed(edits.edit(PAGE, endless())))
        for _ in range(30):
            await edits.state(PAGE)
            await asyncio.sleep(0.1)
        alive = not running.done()
        running.cancel()
        await until(edits, lambda state: state.running == 0)
        return alive

    assert ran(play())


def test_a_replica_that_is_to_go_finishes_though_it_hears_of_nobody(brief: Offer) -> None:
    class Leaving(Edits):
        async def leaving(self) -> bool:
            return True

    async def play() -> bool:
        edits = Leaving(brief, "a", "here")
        running = asyncio.ensure_future(listed(edits.edit(PAGE, endless())))
        await asyncio.sleep(3)
        alive = not running.done()
        running.cancel()
        await until(edits, lambda state: state.running == 0)
        return alive

    assert ran(play())


def test_an_edit_is_stopped_even_at_the_moment_that_an_event_of_it_comes(offer: Offer) -> None:
    async def play() -> None:
        edits = Edits(offer, "a", "here")
        for moment in range(10):  # of which some meet an event: an endless edit tells steps all the time
            running = asyncio.ensure_future(listed(edits.edit(PAGE, endless())))
            await until(edits, lambda state: state.running == 1)
            await asyncio.sleep(moment * 0.01)
            running.cancel()
            await until(edits, lambda state: state.running == 0)

    ran(play())


def test_an_edit_that_is_given_up_before_its_turn_takes_none(offer: Offer, tmp_path: Path) -> None:
    async def play() -> Any:
        edits = Edits(offer, "a", "here")
        holding = asyncio.ensure_future(edits.work(PAGE, hold, str(tmp_path / "gate")))
        waiting = asyncio.ensure_future(listed(edits.edit(PAGE, endless())))
        await until(edits, lambda state: (state.running, state.waiting) == (1, 1))
        waiting.cancel()
        await until(edits, lambda state: state.waiting == 0)
        (tmp_path / "gate").touch()
        await holding
        return (await listed(edits.edit(PAGE, edit_of(1))))[-1]

    assert isinstance(ran(play()), Finished)


def test_errors_for_users_are_values_and_others_make_a_replica_ill_if_they_go_on(offer: Offer) -> None:
    async def play() -> Any:
        edits = Edits(offer, "a", "here")
        too_long = await listed(edits.edit(PAGE, replace(edit_of(1), prompt="a dog " * 40)))
        for _ in range(WRONG_IN_A_ROW):
            await edits.check_health()
            with pytest.raises(ZeroDivisionError):
                await edits.work(PAGE, broken)
        with pytest.raises(RuntimeError, match="3 unexpected errors"):
            await edits.check_health()
        return too_long[-1]

    too_long = ran(play())
    assert isinstance(too_long, Failure) and "the model reads 38. Shorten" in too_long.sentence


def test_a_model_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    async def play() -> tuple[Any, Any]:
        edits = Edits(Offer(model=str(tmp_path), device="cpu"), "a", "here")
        return await edits.state(PAGE), await listed(edits.edit(PAGE, edit_of(1)))

    state, answers = ran(play())
    assert "no pipeline folder" in state.failure and answers == [Failure(sentence=state.failure)]


def test_a_replica_hides_what_its_models_safety_checker_finds(tiny_folder: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_folder, tmp_path / "model")
    save_checker(model, -1.5)  # which hides everything

    async def play() -> tuple[Any, Any]:
        edits = Edits(Offer(model=str(model), device="cpu", safety_checker=True), "a", "here")
        return await edits.state(PAGE), await listed(edits.edit(PAGE, edit_of(1, steps=1)))

    state, answers = ran(play())
    assert state.notices == (CHECKED,) and answers[-1] == Failure(sentence=HIDDEN)
