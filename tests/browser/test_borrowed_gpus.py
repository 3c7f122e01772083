"""The page on an emulated ZeroGPU, in Chromium: Stop in every state, and what is said when no GPU comes."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from refedit.hosting.zero import NOTE, WAITING
from tests.browser.visitor import BROWSER, choose_example, expect, visit
from tests.zero.fixtures import EmulatedSpace

pytestmark = BROWSER


@pytest.fixture(scope="module")
def page(context: Any, running: EmulatedSpace) -> Iterator[Any]:
    page = visit(context, running.address)
    choose_example(page, 1, steps=100)
    page.locator("#tries select").select_option("3")  # as long as may be asked for, to be stopped in time
    yield page
    page.close()


def run(page: Any) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def stop(page: Any) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#status")).to_contain_text("Stopped")


def test_stop_while_waiting_for_a_gpu(page: Any, space: EmulatedSpace) -> None:
    space.lender.queue = True
    run(page)
    expect(page.locator("#status")).to_contain_text(WAITING)
    stop(page)
    assert not space.lender.asked("/release"), "it is answered before the GPU comes"
    space.lender.queue = False
    space.lender.wait_until_released()
    expect(page.locator("#status")).to_contain_text("Stopped")


def test_stop_before_anything_was_asked_for(page: Any, space: EmulatedSpace) -> None:
    run(page)
    stop(page)
    space.lender.wait_until_given_back()
    page.wait_for_timeout(300)
    expect(page.locator("#status")).to_contain_text("Stopped")


def test_stop_in_the_run(page: Any, space: EmulatedSpace) -> None:
    run(page)
    expect(page.locator("#status .step")).to_contain_text(re.compile("step [1-9]"))
    stop(page)
    space.lender.wait_until_given_back()


def test_quotas_are_told_in_words_beforehand_and_when_they_are_used_up(page: Any, space: EmulatedSpace) -> None:
    assert NOTE in page.locator("#notices").inner_text()
    space.lender.quota = 0
    run(page)
    expect(page.locator("#status")).to_contain_text("reached its GPU limit")


def test_a_visitor_who_leaves_gives_the_gpu_back(page: Any, space: EmulatedSpace) -> None:
    """The last test with the page, which is closed."""
    run(page)
    expect(page.locator("#status .step")).to_contain_text(re.compile("step [1-9]"))
    page.close()
    space.lender.wait_until_given_back()
