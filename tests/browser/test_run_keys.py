"""Keys that run, stop and compare."""

from typing import Any

from tests.browser.visitor import BROWSER, choose_example, expect, run_to_the_end, set_steps
from tests.scripted_editor import HELD

pytestmark = BROWSER


def test_keys_run_stop_and_show_the_original(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.locator("#prompt textarea").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status .done")).to_be_visible()
    result = page.locator("#result img")
    edited = result.get_attribute("src")
    page.keyboard.down("o")
    expect(result).to_have_attribute("src", edited)
    page.keyboard.up("o")
    assert page.locator("#prompt textarea").input_value().endswith("o"), "in a field, o is a letter"
    page.locator("#run").focus()
    page.keyboard.down("o")
    expect(result).to_have_attribute("src", page.locator("#before img").get_attribute("src"))
    page.keyboard.up("o")
    expect(result).to_have_attribute("src", edited)
    set_steps(page, "baret", HELD)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status .running .step")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#status .stopped")).to_be_visible()


def test_esc_closes_lists_and_full_screen_before_it_stops(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    run_to_the_end(page)
    page.locator("#result").hover()
    page.locator("#result").get_by_label("Fullscreen").click()
    expect(page.locator(".block.fullscreen")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".block.fullscreen")).to_have_count(0)

    set_steps(page, "baret", HELD)
    page.locator("#run").click()
    expect(page.locator("#status .running .step")).to_be_visible()
    preset = page.locator("#baret-preset input")
    preset.click()
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[role=option]")).to_have_count(0)
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<i class=\"block fullscreen\" id=\"full\"></i>')")
    page.locator("#run").evaluate("(button) => document.activeElement.blur()")
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    expect(page.locator("#status .running")).to_be_visible()
    expect(page.locator("#announced [role=status]")).not_to_have_text("")
    page.evaluate("document.getElementById('full').remove()")
    page.keyboard.press("Escape")
    expect(page.locator("#status .stopped")).to_be_visible()
