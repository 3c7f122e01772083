"""The first visit: quiet and small, everything in sight, stopping, what is missing, a full queue, others waiting."""

from typing import Any

import numpy as np

from tests.browser.visitor import (
    BROWSER,
    PATIENCE,
    SIZES,
    choose_example,
    expect,
    mask_of,
    opened,
    out_of_sight,
    run_to_the_end,
    set_steps,
    shown,
    steps_of,
    visit,
    write,
)
from tests.scripted_editor import DEAF, HELD

pytestmark = BROWSER

MOST_CONTROLS, MOST_WORDS = 25, 150
CONTROLS = """() => [...document.querySelectorAll('button, input, select, textarea, a[href], summary')]
  .filter((control) => (control.matches('input[type=radio]') ? control.parentElement : control)
    .checkVisibility({visibilityProperty: true})
    && !control.matches('.skip, [type=file]')).length"""
SMALL = """() => [...document.querySelectorAll('button, select, textarea, a[href], summary, input, label:has(input)')]
  .filter((control) => control.checkVisibility({visibilityProperty: true})
    && !control.matches('.skip, [type=file], [type=radio], [type=checkbox]'))
  .filter((control) => Math.min(control.offsetWidth, control.offsetHeight) < 24).map((control) => control.outerHTML)"""


def test_the_page_is_quiet_and_asks_nobody_else(chromium: Any, address: str) -> None:
    page = chromium.new_context().new_page()  # nothing cached: all that the page asks for is seen
    page.set_default_timeout(PATIENCE)
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    opened(page)
    assert errors == []
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
    assert page.locator("img:not([alt])").count() == 0
    page.context.close()


def test_the_first_look_is_small_and_shows_what_comes_of_it(context: Any, address: str) -> None:
    page = visit(context, address)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(CONTROLS) <= MOST_CONTROLS
        assert len(page.inner_text("body").split()) <= MOST_WORDS
        assert page.evaluate(SMALL) == []
        assert out_of_sight(page, "#run", "#prompt textarea", "#kind .kind", "#kind .kind:nth-child(2)") == []
        assert out_of_sight(page, "#source .other", "#reference .other") == [], "the way to own pictures"
    after, before = (np.asarray(shown(page, f".compare img:nth-of-type({number})")) for number in (1, 2))
    assert after.shape == before.shape and (after != before).any(), "a finished example"
    expect(page.locator("#source .pane.filled")).to_have_count(1)
    run_to_the_end(page)  # with one click
    page.close()


def stop_at_the_preview(page: Any, steps: int) -> None:
    choose_example(page, 1, steps)
    page.locator("#run").click()
    expect(page.locator("#preview")).to_be_visible()
    page.locator("#stop").click()


def test_stop_keeps_the_preview_and_the_next_run_works(shared_page: Any) -> None:
    page = shared_page
    stop_at_the_preview(page, HELD)
    expect(page.locator("#status .stopped")).to_be_visible()
    kept = page.locator("#preview").get_attribute("src")
    page.wait_for_timeout(300)
    assert page.locator("#preview").get_attribute("src") == kept, "nothing runs on behind the page"
    expect(page.locator("#status .stopped")).to_be_visible()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)


def test_run_is_free_once_a_stopped_step_that_takes_long_is_over(shared_page: Any) -> None:
    page = shared_page
    stop_at_the_preview(page, DEAF)
    expect(page.locator("#status .stopped")).to_contain_text("Stopping")
    expect(page.locator("#run")).to_be_disabled()
    expect(page.locator("#run")).to_be_enabled()
    expect(page.locator("#status .stopped")).to_contain_text("Stopped")
    set_steps(page, "baret", 2)
    run_to_the_end(page)


def test_what_is_missing_is_marked_at_once_and_nothing_is_lost(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    write(page, "prompt", " ")
    page.locator("#run").click()
    expect(page.locator("#prompt.missing")).to_have_count(1)
    expect(page.locator("#status .failed")).to_be_visible()
    expect(page.locator("#prompt textarea")).to_be_focused()
    assert not [url for url in asked if "queue/join" in url and "device" in url]
    page.evaluate("refedit.panes.reference.empty()")
    write(page, "prompt", "a yellow mug")
    expect(page.locator(".missing")).to_have_count(0)
    page.locator("#run").click()
    expect(page.locator("#reference.missing")).to_have_count(1)
    expect(page.locator("#run")).to_be_enabled()
    assert mask_of(page, "source").any()
    page.evaluate("refedit.panes.reference.undo()")  # what was removed has a way back
    run_to_the_end(page)


def test_a_number_that_cannot_be_used_is_marked_and_named(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    seed, steps = page.locator("#specref-seed input"), steps_of(page, "specref")
    for typed in ("", "2.5"):
        seed.fill(typed)
        page.locator("#run").click()
        expect(page.locator("#specref-seed.missing")).to_have_count(1)
        expect(page.locator("#status .failed")).to_contain_text("Noise seed")
    seed.fill("3")
    expect(page.locator(".missing")).to_have_count(0)
    steps.fill("500")
    steps.press("Tab")
    expect(steps).to_have_value("100")
    expect(page.locator("#status")).to_contain_text("100 is used")
    set_steps(page, "specref", 2)


def test_a_full_queue_is_a_sentence_and_run_is_free_again(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.route("**/queue/join*", lambda route: route.fulfill(status=503, json={"detail": "Queue is full."}))
    page.locator("#run").click()
    expect(page.locator("#status .failed")).to_be_visible()
    expect(page.locator("#run")).to_be_enabled()
    expect(page.locator("#stop")).to_be_disabled()
    page.unroute("**/queue/join*")
    run_to_the_end(page)


def test_visitors_wait_for_each_other_and_stop_only_themselves(shared_page: Any, context: Any, address: str) -> None:
    first, second = shared_page, visit(context, address)
    choose_example(first, 0)
    for page, steps in ((first, HELD), (second, 2)):
        page.bring_to_front()  # a page behind another one draws nothing
        set_steps(page, "specref", steps)
        page.locator("#run").click()
        expect(page.locator("#status .running")).to_be_visible()
        if page is first:
            expect(page.locator("#status .step")).not_to_have_text("")
    expect(second.locator("#status")).to_contain_text("1 other edit")
    first.bring_to_front()
    first.locator("#stop").click()
    expect(first.locator("#status .stopped")).to_be_visible()
    second.bring_to_front()
    expect(second.locator("#status .done")).to_be_visible()
    second.close()
    first.bring_to_front()


def test_a_running_edit_is_in_sight_in_every_window(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    write_over = ("#prompt textarea", "#source-prompt textarea")
    set_steps(page, "specref", HELD)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.locator("#run").click()
        expect(page.locator("#preview")).to_be_visible()
        expect(page.locator("#status .running .step")).to_be_visible()
        assert out_of_sight(page, "#stage .screen", "#status .bar", "#stop", "#run", *write_over) == [], (width, height)
        page.locator("#stop").click()
        expect(page.locator("#status .stopped")).to_be_visible()
    set_steps(page, "specref", 2)
    page.evaluate("scrollTo(0, 0)")
    run_to_the_end(page)
    assert out_of_sight(page, "#result", "#status .done", *write_over) == []
