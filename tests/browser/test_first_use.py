"""The first visit: quiet, an example in two clicks, an own picture, errors, others waiting."""

from typing import Any

import numpy as np
import pytest

from tests.browser.visitor import (
    BOX,
    BROWSER,
    PATIENCE,
    SIZE,
    STEPS,
    centre,
    expect,
    run_to_the_end,
    set_steps,
    shown,
    visit,
    wait_until_tinted,
)

pytestmark = BROWSER


def test_the_page_is_quiet_and_asks_nobody_else(chromium: Any, address: str) -> None:
    page = chromium.new_context().new_page()
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


@pytest.mark.parametrize(("number", "method"), [(0, "specref"), (1, "baret")])
def test_an_example_runs_with_two_clicks(page: Any, number: int, method: str) -> None:
    page.locator(f"#example-{number}").click()
    expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
    expect(page.locator(f"#{method}-steps input[type=number]")).to_have_value(str(STEPS))
    for part in ("#reference", "#source-prompt"):
        expect(page.locator(part)).to_be_visible(visible=method == "specref")
    for editor in ["#source", "#reference"][: 2 - number]:
        tint = wait_until_tinted(page, editor)
        ys, xs = np.nonzero(tint)
        assert 0.8 < (np.ptp(xs) + 1) / (np.ptp(ys) + 1) < 1.25, "the mask is as square as it was drawn"

    run_to_the_end(page)
    seen = page.evaluate("Object.fromEntries(Object.entries(seen).map(([name, set]) => [name, [...set]]))")
    assert "Editing" in seen["stages"] and len(seen["stages"]) >= 2
    assert any(step.endswith(f"of {STEPS}") for step in seen["steps"])
    assert len(seen["previews"]) >= 5
    assert shown(page, "#result").size == (SIZE, SIZE)
    middle = (BOX[0] + BOX[2]) / 2 / SIZE, (BOX[1] + BOX[3]) / 2 / SIZE
    assert centre(np.asarray(shown(page, "#region-used").convert("L")) > 127) == pytest.approx(middle, abs=0.02)


def test_stop_keeps_the_preview_and_the_next_run_works(page: Any) -> None:
    page.locator("#example-1").click()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 100)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#preview img")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#status .stopped")).to_be_visible()
    kept = page.locator("#preview img").get_attribute("src")
    page.wait_for_timeout(2000)
    assert page.locator("#preview img").get_attribute("src") == kept, "nothing runs on behind the page"
    expect(page.locator("#status .stopped")).to_be_visible()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)


def test_an_error_is_a_sentence_and_loses_nothing(page: Any) -> None:
    page.locator("#example-1").click()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    page.locator("#prompt textarea").fill(" ")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#status .failed")).to_contain_text("The target prompt is empty.")
    expect(page.get_by_test_id("toast-body")).to_contain_text("The target prompt is empty.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    wait_until_tinted(page, "#source")


def test_a_full_queue_is_a_sentence_and_run_is_free_again(page: Any) -> None:
    page.locator("#example-1").click()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 2)
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    page.locator("#run").click()
    expect(page.locator("#status .failed")).to_contain_text("The queue is full")
    expect(page.locator("#run")).to_be_enabled()
    expect(page.locator("#stop")).to_be_disabled()
    page.unroute("**/queue/join*")
    run_to_the_end(page)


def test_visitors_wait_for_each_other_and_stop_only_themselves(chromium: Any, address: str) -> None:
    first, second = visit(chromium, address), visit(chromium, address)
    for page, steps in ((first, 100), (second, 2)):
        page.locator("#example-1").click()
        expect(page.locator("#prompt textarea")).to_have_value("a red mug")
        set_steps(page, "baret", steps)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#status .running")).to_be_visible()
    expect(second.locator("#status")).to_contain_text("queue: 1/1")
    first.get_by_role("button", name="Stop", exact=True).click()
    expect(first.locator("#status .stopped")).to_be_visible()
    expect(second.locator("#status .done")).to_be_visible()
    first.context.close()
    second.context.close()
