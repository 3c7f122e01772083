"""Readable in light and dark, and on a phone."""

from typing import Any

import pytest

from tests.browser.visitor import BROWSER, PATIENCE, expect, visit

pytestmark = BROWSER

CONTRAST = """(selector) => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((level) => level / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const element = document.querySelector(selector);
  let behind = element;
  const clear = () => /, 0\\)$|transparent/.test(getComputedStyle(behind).backgroundColor);
  while (clear() && behind.parentElement) behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}"""
TEXTS = ("#introduction h1", "#summary p", "#source-hint p", ".status", "#keys p", "#run", "#source-tool label span")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_light_and_dark(scheme: str, chromium: Any, address: str) -> None:
    page = chromium.new_context(color_scheme=scheme).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    for text in TEXTS:
        page.locator(text).first.wait_for()
    assert {text: ratio for text in TEXTS if (ratio := page.evaluate(CONTRAST, text)) < 4.5} == {}
    page.context.close()


def test_a_phone_shows_one_column_without_sideways_scrolling(chromium: Any, address: str) -> None:
    page = visit(chromium.new_context(viewport={"width": 390, "height": 844}), address)
    for number in (0, 1):
        page.locator(f"#example-{number}").click()
        expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
        expect(page.locator("#reference-column")).to_be_visible(visible=number == 0)
        page.wait_for_timeout(500)  # until nothing moves any more
        page.wait_for_function("document.documentElement.scrollWidth === 390")
        for button in ["#run", "#stop", *(["#run-both"] if number == 0 else [])]:
            box = page.locator(button).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        boxes = [page.locator(f"#{name}-column").bounding_box() for name in ("source", "result", "parameters")]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
        assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    page.context.close()
