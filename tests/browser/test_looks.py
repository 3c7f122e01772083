"""Readable in light and dark and by everybody, and on a phone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visitor import (
    ARGUMENTS,
    BROWSER,
    CHROMIUM,
    choose_kind,
    expect,
    more,
    out_of_sight,
    run_to_the_end,
    set_steps,
    visit,
)

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
CUT = """() => [...document.querySelectorAll('#begin b, #desk h2, #desk button, #bar button, #bar textarea')]
  .filter((part) => part.checkVisibility({visibilityProperty: true}) && !part.closest('#examples'))
  .filter((part) => {
    const own = part.getBoundingClientRect(), whole = part.closest('.kind, .pane, .stage, #bar');
    const {left, right} = whole.getBoundingClientRect();
    return own.left < left - 1 || own.right > right + 1 || part.scrollHeight > part.clientHeight + 8;
  }).map((part) => part.outerHTML.slice(0, 90))"""
"""What is not shown whole, as wide as it is or as high as its text."""
TEXTS = ("#head h1", "#head p", ".kind .words small", "#source h2 small", ".status", "#run", ".reading .known")


def test_the_keyboard_comes_quickly_to_the_sentence(shared_page: Any) -> None:
    page = shared_page
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#bar') !== null")


@pytest.fixture(params=["light", "dark"])
def lit(request: pytest.FixtureRequest, shared_page: Any) -> Iterator[Any]:
    """The page by light and by dark, as the visitor's machine is set."""
    shared_page.emulate_media(color_scheme=request.param)
    shared_page.wait_for_function(
        "(dark) => document.body.classList.contains('dark') === dark", arg=request.param == "dark"
    )
    shared_page.wait_for_function("document.getAnimations().length === 0")  # colours have come over
    yield shared_page
    shared_page.emulate_media(color_scheme=None)


def test_text_is_readable_in_light_and_dark(lit: Any) -> None:
    expect(lit.locator(".reading p").first).to_be_attached()
    texts = [text for text in TEXTS if lit.locator(text).count()]
    assert len(texts) >= len(TEXTS) - 1, "the scripted model knows no words"
    assert {text: ratio for text in texts if (ratio := lit.evaluate(CONTRAST, text)) < 4.5} == {}


def test_axe_finds_nothing_serious(lit: Any) -> None:
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    more(lit, "source")
    lit.add_script_tag(path=Path(axe.__file__).parent / "axe.min.js")
    found = lit.evaluate("axe.run().then(({passes, violations}) => ({passes: passes.length, violations}))")
    broken = [rule for rule in found["violations"] if rule["impact"] in ("serious", "critical")]
    assert found["passes"] > 10
    assert [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in broken] == []


def test_a_phone_shows_one_column_without_sideways_scrolling(chromium: Any, address: str) -> None:
    page = visit(chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True), address)
    for kind, method in (("swap", "specref"), ("pose", "baret")):
        choose_kind(page, kind)
        page.wait_for_function("document.documentElement.scrollWidth === 390")
        for part in ("#run", "#stop", "#tries select", "#prompt textarea"):
            box = page.locator(part).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        boxes = [page.locator(part).bounding_box() for part in ("#source", "#stage", f".for-{method}")]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
        assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    choose_kind(page, "swap")
    page.evaluate("scrollTo(0, 0)")
    page.locator("#example-0").tap()
    expect(page.locator(".stage[data-shows=example]")).to_have_count(1)
    expect(page.locator(".compare")).to_be_in_viewport(ratio=0.99)
    page.evaluate("scrollTo(0, 0)")
    page.locator("#source .view").tap()
    page.locator("#source .open-more").tap()
    assert out_of_sight(page, "#source .more .remove") == [], "what a button opens comes into sight"
    page.wait_for_function("document.documentElement.scrollWidth === 390")
    box, inside = (page.locator(part).bounding_box() for part in ("#source .more", "#source .place"))
    assert inside["x"] + inside["width"] <= box["x"] + box["width"]
    set_steps(page, "specref", 2)
    run_to_the_end(page)
    assert out_of_sight(page, "#result", "#bar", "#run") == [], "the bar stays, and the result comes into sight"
    page.context.close()


def test_in_a_low_window_the_bar_lies_over_nothing(shared_page: Any) -> None:
    page = shared_page
    for width, height in ((844, 390), (390, 420)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("document.body.style.getPropertyValue('--bar') === '0px'")
        end, begin = (page.locator(part).bounding_box() for part in ("#stage", "#bar"))
        assert end["y"] + end["height"] <= begin["y"] + 1
    page.set_viewport_size({"width": 1440, "height": 900})
    page.wait_for_function("document.body.style.getPropertyValue('--bar') !== '0px'")


def test_large_letters_are_shown_whole(chromium: Any, address: str) -> None:
    large = [*ARGUMENTS, "--blink-settings=defaultFontSize=32"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=large)
    page = visit(browser.new_context(), address)
    for width, height in ((1440, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function("(width) => document.documentElement.scrollWidth === width", arg=width)
        assert page.evaluate(CUT) == []
    browser.close()
