"""Keys do what hands would, and are only letters in a field."""

from typing import Any

import numpy as np

from tests.browser.visitor import (
    BROWSER,
    SIZE,
    changed_mask,
    choose_example,
    choose_kind,
    drag,
    expect,
    mask_of,
    more,
    run_to_the_end,
    scene,
    set_steps,
    shown,
    upload_picture,
)
from tests.scripted_editor import HELD

pytestmark = BROWSER


def chosen(page: Any, name: str, tool: str, takes: bool) -> None:
    expect(page.locator(f"#{name} .tools [value={tool}]")).to_be_checked()
    expect(page.locator(f"#{name} .sign")).to_have_attribute("aria-pressed", str(takes).lower())


def test_brush_eraser_box_size_and_undo_are_keys(shared_page: Any) -> None:
    page = shared_page
    choose_kind(page, "swap")
    upload_picture(page, "source", scene((SIZE, SIZE), "#30a040"))
    page.locator("#source .view").hover()
    page.locator("#source .open-more").focus()
    page.keyboard.press("b")
    chosen(page, "source", "brush", False)
    line = ((0.3, 0.5), (0.6, 0.5))
    usual = changed_mask(page, "source", lambda: drag(page, "source", *line))
    assert not changed_mask(page, "source", lambda: page.keyboard.press("Control+z")).size
    expect(page.locator("#source .pane.filled")).to_have_count(1)
    assert np.array_equal(changed_mask(page, "source", lambda: page.keyboard.press("Control+Shift+z")), usual)
    for _ in range(3):
        page.keyboard.press("]")
    large = changed_mask(page, "source", lambda: drag(page, "source", *line))
    assert large.sum() > 1.5 * usual.sum()
    page.keyboard.press("e")
    chosen(page, "source", "brush", True)
    assert changed_mask(page, "source", lambda: drag(page, "source", *line)).sum() < 0.5 * large.sum()
    page.keyboard.press("r")
    chosen(page, "source", "box", True)
    page.keyboard.press("x")
    chosen(page, "source", "box", False)
    page.locator("#prompt textarea").fill("")
    page.locator("#prompt textarea").press_sequentially("ebc[x]")
    assert page.locator("#prompt textarea").input_value() == "ebc[x]", "in a field, they are letters"
    chosen(page, "source", "box", False)


def test_keys_are_for_the_pane_used_last(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    page.locator("#reference .view").click(position={"x": 3, "y": 3})
    page.keyboard.press("e")
    chosen(page, "reference", "brush", True)
    choose_kind(page, "pose")
    expect(page.locator("#reference")).to_be_hidden()
    page.keyboard.press("c")
    page.keyboard.press("e")
    chosen(page, "source", "brush", True)
    page.keyboard.press("c")
    page.keyboard.press("x")
    chosen(page, "source", "click", False)


def test_keys_run_stop_and_show_the_original(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.locator("#prompt textarea").focus()
    page.keyboard.press("Control+Enter")
    result = page.locator("#result")
    expect(result).to_be_visible()
    edited = shown(page, "#result").tobytes()
    page.keyboard.down("o")
    assert shown(page, "#result").tobytes() == edited
    page.keyboard.up("o")
    assert page.locator("#prompt textarea").input_value().endswith("o"), "in a field, o is a letter"
    page.locator("#run").focus()
    page.keyboard.down("o")
    assert shown(page, "#result").tobytes() != edited
    page.keyboard.up("o")
    assert shown(page, "#result").tobytes() == edited
    assert mask_of(page, "source").any()


def test_esc_closes_lists_and_a_large_pane_before_it_stops(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    run_to_the_end(page)
    set_steps(page, "baret", HELD)
    page.locator("#run").click()
    expect(page.locator("#status .running .step")).to_be_visible()
    page.locator("#baret-preset input").click()
    expect(page.locator("[role=option]").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[role=option]")).to_have_count(0)
    page.evaluate("document.activeElement.blur()")
    page.evaluate("refedit.panes.source.large(true)")
    page.keyboard.press("Escape")
    expect(page.locator(".large-view")).to_have_count(0)
    expect(page.locator("#status .running")).to_be_visible()
    expect(page.locator("#announced [role=status]")).not_to_have_text("")
    page.keyboard.press("Escape")
    expect(page.locator("#status .stopped")).to_be_visible()


def test_a_picture_that_is_removed_is_large_no_more_and_comes_back(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.evaluate("refedit.panes.source.large(true)")
    more(page, "source").locator(".remove").click()
    expect(page.locator("#source .pane.filled")).to_have_count(0)
    expect(page.locator(".large-view")).to_have_count(0)
    page.evaluate("refedit.panes.source.undo()")
    expect(page.locator("#source .pane.filled")).to_have_count(1)
