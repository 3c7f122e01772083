"""The first visit: quiet, stopping, errors, a full queue, others waiting."""

from typing import Any

from tests.browser.visitor import (
    BROWSER,
    PATIENCE,
    choose_example,
    expect,
    run_to_the_end,
    set_steps,
    visit,
    wait_until_tinted,
)
from tests.scripted_editor import HELD

pytestmark = BROWSER


def test_the_page_is_quiet_and_asks_nobody_else(chromium: Any, address: str) -> None:
    page = chromium.new_context().new_page()  # nothing cached: all that the page asks for is seen
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.locator("#source .pixi-target canvas").wait_for(state="attached")
    page.get_by_label("Brush").first.wait_for()
    assert errors == []
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
    assert page.locator("img:not([alt])").count() == 0
    page.context.close()


def test_stop_keeps_the_preview_and_the_next_run_works(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1, HELD)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#preview img")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#status .stopped")).to_be_visible()
    kept = page.locator("#preview img").get_attribute("src")
    page.wait_for_timeout(500)
    assert page.locator("#preview img").get_attribute("src") == kept, "nothing runs on behind the page"
    expect(page.locator("#status .stopped")).to_be_visible()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)


def test_an_error_is_a_sentence_and_loses_nothing(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.locator("#prompt textarea").fill(" ")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#status .failed")).to_contain_text("The target prompt is empty.")
    expect(page.get_by_test_id("toast-body")).to_contain_text("The target prompt is empty.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    wait_until_tinted(page, "#source")


def test_a_full_queue_is_a_sentence_and_run_is_free_again(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    page.locator("#run").click()
    expect(page.locator("#status .failed")).to_contain_text("The queue is full")
    expect(page.locator("#run")).to_be_enabled()
    expect(page.locator("#stop")).to_be_disabled()
    page.unroute("**/queue/join*")
    run_to_the_end(page)


def test_visitors_wait_for_each_other_and_stop_only_themselves(context: Any, address: str) -> None:
    first, second = visit(context, address), visit(context, address)
    for page, steps in ((first, HELD), (second, 2)):
        page.locator("#example-1").click()
        expect(page.locator("#prompt textarea")).to_have_value("a red mug")
        set_steps(page, "baret", steps)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#status .running")).to_be_visible()
    expect(second.locator("#status")).to_contain_text("queue: 1/1")
    first.get_by_role("button", name="Stop", exact=True).click()
    expect(first.locator("#status .stopped")).to_be_visible()
    expect(second.locator("#status .done")).to_be_visible()
    first.close()
    second.close()
