"""The participant's page of a study in Chromium: by keyboard, after a reload, without its server, in two browsers."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from refedit.study.data import records
from refedit.study.data.said import Choice
from tests.browser.visitor import BROWSER, PATIENCE, expect
from tests.study.made_up import write_study
from tests.study.server import Server

pytestmark = BROWSER
TRIALS = 8
KEYS = {"1": Choice.LEFT, "2": Choice.RIGHT, "0": Choice.NONE}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("study")
    write_study(
        folder, trials=TRIALS - 2, checks=1, repeats=1, minimum_ms=50, recruit={"link": "https://example.org/done"}
    )
    server = Server(folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Any]:
    """Opens the study in a browser of its own, as many as are wanted."""
    contexts = []

    def open_page(server: Server, query: str = "", **how: Any) -> Any:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | how))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page.goto(server.address + query)
        return page

    yield open_page
    for context in contexts:
        context.close()


def agree(page: Any) -> None:
    page.get_by_role("button", name="I agree").click()
    at(page, 1)


def at(page: Any, number: int) -> None:
    """Waits until the trial of this number, from 1, can be answered."""
    expect(page.locator("#place")).to_have_text(f"{number} of {TRIALS}")
    expect(page.locator(".choice[data-choice=left]")).to_have_attribute("aria-disabled", "false")


def vote(page: Any, first: int, keys: str) -> None:
    for number, key in enumerate(keys, first):
        at(page, number)
        page.keyboard.press(key)


def stored(server: Server, count: int) -> list[records.AnswerRow]:
    """The answers of whoever agreed last, once there are so many: the page does not wait for the server."""
    db = records.open_records(server.folder)
    last = records.people(db)[-1].person
    for _ in range(200):
        rows = [row for row in records.answers(db) if row.person == last]
        if len(rows) >= count:
            return rows
        time.sleep(0.05)
    raise AssertionError(f"{len(rows)} of {count} answers are stored")


def test_a_whole_study_by_keyboard(visit: Any, server: Server) -> None:
    page = visit(server)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    expect(page.get_by_role("heading")).to_have_text("About this study")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "agree":
            break
    page.keyboard.press("Enter")
    at(page, 1)
    for role, name in (("img", "Result 1"), ("img", "Result 2"), ("img", "The picture before the edit")):
        expect(page.get_by_role(role, name=name)).to_be_visible()
    expect(page.locator("#prompt")).to_contain_text("mug number")
    page.keyboard.press("z")
    expect(page.get_by_role("dialog")).to_contain_text("Result 1")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#closer-what")).to_have_text("Result 2")
    page.keyboard.press("1")  # not an answer while one looks closer
    page.keyboard.press("Escape")
    keys = "12012012"
    vote(page, 1, keys)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    expect(page.get_by_role("link", name="Finish")).to_have_attribute("href", "https://example.org/done")
    rows = stored(server, TRIALS)
    assert [row.choice for row in rows] == [KEYS[key] for key in keys] and rows[0].finished
    assert all(50 <= row.ms < PATIENCE and row.first_key_ms == row.ms for row in rows)
    assert all(url.startswith(server.address) for url in asked if not url.startswith("data:"))


def test_a_reload_and_the_browsers_back_lead_to_the_same_question(visit: Any, server: Server) -> None:
    page = visit(server, "?PROLIFIC_PID=5f0c0001")
    agree(page)
    assert "PROLIFIC" not in page.url
    vote(page, 1, "121")
    at(page, 4)
    left = page.locator("#left img").get_attribute("src")
    page.reload()
    at(page, 4)
    assert page.locator("#left img").get_attribute("src") == left
    page.goto("about:blank")
    page.go_back()
    at(page, 4)
    vote(page, 4, "12121")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert [row.choice for row in stored(server, TRIALS)] == [KEYS[key] for key in "12112121"]
    assert {event.kind for event in records.events(records.open_records(server.folder))} >= {"reload"}


def test_many_keys_at_once_are_one_answer_and_none_comes_too_early(visit: Any, tmp_path: Path) -> None:
    write_study(tmp_path, trials=6, checks=1, repeats=1, minimum_ms=2500)
    server = Server(tmp_path)
    server.start()
    try:
        page = visit(server)
        page.get_by_role("button", name="I agree").click()
        expect(page.locator("#trial")).to_be_visible()
        page.wait_for_timeout(300)
        page.keyboard.press("2")
        at(page, 1)
        press = "for (const key of '1212') dispatchEvent(new KeyboardEvent('keydown', {key}))"
        page.evaluate(press)
        at(page, 2)
        [row] = stored(server, 1)
        assert row.choice is Choice.LEFT and row.ms >= 2500 and (row.first_key_ms or 0) < 2500
    finally:
        server.stop()


def test_answers_wait_for_a_server_that_is_gone(visit: Any, server: Server) -> None:
    page = visit(server)
    agree(page)
    page.wait_for_load_state("networkidle")  # the next pictures are there
    server.kill()
    vote(page, 1, "12")
    expect(page.locator("#delayed")).to_contain_text("Saving is delayed")
    at(page, 3)
    server.start()
    expect(page.locator("#delayed")).to_be_hidden()
    assert [row.choice for row in stored(server, 2)] == [Choice.LEFT, Choice.RIGHT]


def test_answers_survive_a_reload_while_the_server_is_gone(visit: Any, server: Server) -> None:
    page = visit(server)
    agree(page)
    server.kill()
    vote(page, 1, "2")
    expect(page.locator("#delayed")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())  # the browser asks before it leaves unsaved answers
    page.goto("about:blank")
    server.start()
    page.goto(server.address)
    at(page, 2)
    assert [row.choice for row in stored(server, 1)] == [Choice.RIGHT]


def test_what_one_person_could_not_send_is_never_anothers(visit: Any, server: Server) -> None:
    page = visit(server, "?person=first")
    agree(page)
    server.kill()
    vote(page, 1, "2")
    expect(page.locator("#delayed")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("about:blank")
    server.start()
    page.goto(server.address + "?person=second")
    agree(page)
    vote(page, 1, "1")
    at(page, 2)
    assert [row.choice for row in stored(server, 1)] == [Choice.LEFT]
    assert [row.choice for row in records.answers(records.open_records(server.folder))[-2:]] == [
        Choice.RIGHT, Choice.LEFT,
    ]  # fmt: skip


def test_every_test_begins_anew_and_says_that_it_does_not_count(visit: Any, server: Server) -> None:
    page = visit(server, "?test")
    agree(page)
    page.reload()  # which goes on
    at(page, 1)
    expect(page.locator("#tested")).to_be_visible()
    page.goto(server.address + "?test")
    expect(page.get_by_role("button", name="I agree")).to_be_visible()
    other = visit(server)
    expect(other.locator("#tested")).to_be_hidden()


def test_another_browser_goes_on_and_the_first_one_says_so(visit: Any, server: Server) -> None:
    first = visit(server, "?PROLIFIC_PID=5f0c0002")
    agree(first)
    vote(first, 1, "11")
    at(first, 3)
    second = visit(server, "?PROLIFIC_PID=5f0c0002")
    second.get_by_role("button", name="I agree").click()
    at(second, 3)
    first.keyboard.press("1")
    expect(first.get_by_role("heading", name="Continued elsewhere")).to_be_visible()
    second.keyboard.press("2")
    at(second, 4)
    assert [row.choice for row in stored(server, 3)] == [Choice.LEFT, Choice.LEFT, Choice.RIGHT]


def test_an_answer_is_changed_once(visit: Any, server: Server) -> None:
    page = visit(server)
    agree(page)
    expect(page.locator("#back")).to_be_hidden()
    vote(page, 1, "1")
    at(page, 2)
    page.locator("#back").click()
    expect(page.locator("#place")).to_have_text("Your last answer")
    expect(page.locator(".choice[data-choice=right]")).to_have_attribute("aria-disabled", "false")
    page.keyboard.press("2")
    at(page, 2)
    expect(page.locator("#back")).to_be_hidden()
    at(page, 2)
    page.keyboard.press("2")
    row = stored(server, 2)[0]  # letters go in their order
    assert (row.first_choice, row.choice) == (Choice.LEFT, Choice.RIGHT)


def test_who_does_not_agree_leaves_nothing_and_who_withdraws_neither(visit: Any, server: Server) -> None:
    page = visit(server)
    db = records.open_records(server.folder)
    before = records.people(db)
    page.get_by_role("button", name="I do not agree").click()
    expect(page.get_by_role("heading", name="Thank you for reading")).to_be_visible()
    page.get_by_role("button", name="changed my mind").click()
    agree(page)
    vote(page, 1, "1")
    at(page, 2)
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("button", name="Delete my answers").click()
    expect(page.get_by_role("heading", name="You have withdrawn")).to_be_visible()
    assert records.people(db) == before and records.tallies(db)["refused"] == 1


def test_a_phone_has_everything_in_view(visit: Any, server: Server) -> None:
    page = visit(server, viewport={"width": 375, "height": 667}, has_touch=True, is_mobile=True)
    page.get_by_role("button", name="I agree").tap()
    at(page, 1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for part in ("#left", "#right", "#source", "#reference", "#prompt", "#question"):
        expect(page.locator(part)).to_be_in_viewport(ratio=1)
    for button in page.locator(".choice").all():
        box = button.bounding_box()
        assert box["height"] >= 44 and box["y"] + box["height"] <= 667
    page.locator("#right").tap()
    expect(page.get_by_role("dialog")).to_contain_text("Result 2")
    page.get_by_role("button", name="Close", exact=True).tap()
    page.locator(".choice[data-choice=right]").tap()
    at(page, 2)
