"""Keys on a mask do what hands would, and are only letters in a field."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.browser.visitor import (
    BROWSER,
    CHOSEN,
    canvas,
    changed_overlay,
    choose_example,
    expect,
    paint,
    settled,
    shown_mask,
    tool_button,
    wait_for_grey,
    wait_until_tinted,
)

pytestmark = BROWSER


def drag(page: Any, editor: str, start: tuple[float, float]) -> None:
    """A short stroke with whatever tool is chosen, from a place in parts of the canvas."""
    box = page.locator(f"{editor} .pixi-target canvas").bounding_box()
    x, y = box["x"] + box["width"] * start[0], box["y"] + box["height"] * start[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y + 6, steps=4)
    page.mouse.up()
    page.mouse.move(box["x"], box["y"] - 30)


def tint(page: Any, editor: str, than: int, more: bool) -> int:
    """The tinted pixels, once there are clearly more (or fewer) than there were."""
    found = settled(page, editor, lambda tint: tint.sum() > than + 100 if more else tint.sum() < than - 100)
    return int(found.sum())


def back_at(page: Any, editor: str, pixels: int) -> None:
    """Waits until about so many pixels are tinted again; none, if there were none."""
    settled(page, editor, lambda tint: abs(int(tint.sum()) - pixels) < (100 if pixels else 1))


def upload(page: Any, editor: str, folder: Path) -> None:
    Image.new("RGB", (300, 300), (200, 200, 200)).save(folder / "own.png")
    page.locator(f"{editor} input[type=file]").set_input_files(folder / "own.png")
    expect(page.locator(f"{editor} .empty")).to_have_count(0)
    expect(tool_button(page, editor, "brush")).to_have_class(CHOSEN)
    wait_for_grey(page, editor)  # a stroke before it is there is lost


def test_brush_eraser_size_and_undo_are_keys(page: Any, tmp_path: Path) -> None:
    upload(page, "#source", tmp_path)
    brush, eraser = tool_button(page, "#source", "brush"), tool_button(page, "#source", "eraser")
    eraser.click()
    expect(eraser).to_have_class(CHOSEN)
    page.keyboard.press("b")
    expect(brush).to_have_class(CHOSEN)
    drag(page, "#source", (0.5, 0.4))
    usual = tint(page, "#source", 0, more=True)
    page.keyboard.press("Control+z")
    back_at(page, "#source", 0)
    for _ in range(3):
        page.keyboard.press("Control+z")
    page.wait_for_timeout(1000)
    assert (np.abs(canvas(page, "#source") - 200).max(2) < 4).sum() > 5000, "undo stops before the picture"

    for _ in range(5):
        page.keyboard.press("]")
    expect(page.locator("#source .toolbar-wrap input[type=range]")).to_have_value("76")
    drag(page, "#source", (0.5, 0.4))
    large = tint(page, "#source", usual, more=True)
    assert large > 1.5 * usual
    page.keyboard.press("e")
    expect(eraser).to_have_class(CHOSEN)
    drag(page, "#source", (0.5, 0.4))
    assert tint(page, "#source", large, more=False) < 0.95 * large
    page.keyboard.press("Control+z")
    tint(page, "#source", int(0.97 * large) - 100, more=True)

    page.locator("#prompt textarea").fill("")
    page.locator("#prompt textarea").press_sequentially("eb[x]")
    assert page.locator("#prompt textarea").input_value() == "eb[x]", "in a field, they are letters"
    expect(eraser).to_have_class(CHOSEN)


def test_the_undo_button_takes_one_stroke_back_and_the_other_changes_too(page: Any, tmp_path: Path) -> None:
    upload(page, "#source", tmp_path)
    drag(page, "#source", (0.45, 0.35))
    one = tint(page, "#source", 0, more=True)
    drag(page, "#source", (0.5, 0.6))
    two = tint(page, "#source", one, more=True)
    page.locator("#source-undo").click()
    back_at(page, "#source", one)

    page.locator("#source-more > button").click()
    page.locator("#source-invert").click()
    tint(page, "#source", two, more=True)
    page.locator("#source-undo").click()
    back_at(page, "#source", one)  # strokes are no longer what is undone first
    page.locator("#source-undo").click()
    back_at(page, "#source", 0)
    wait_for_grey(page, "#source")


def test_nothing_that_undoes_strokes_takes_the_picture_away(page: Any, tmp_path: Path) -> None:
    for editor in ("#source", "#reference"):
        upload(page, editor, tmp_path)
        drag(page, editor, (0.5, 0.4))
        tint(page, editor, 0, more=True)
        for _ in range(2):
            drag(page, editor, (0.93, 0.4))  # beside the picture, where nothing is painted
        for _ in range(2):
            page.keyboard.press("Control+z")
        page.locator(f"{editor}-undo").click()
        page.locator(f"{editor} .top-panel button").nth(3).click(force=True)
        back_at(page, editor, 0)
        page.wait_for_timeout(1000)
        wait_for_grey(page, editor)


def test_keys_are_for_the_pane_used_last(page: Any, tmp_path: Path) -> None:
    for editor in ("#source", "#reference"):
        upload(page, editor, tmp_path)
    erasers = [tool_button(page, editor, "eraser") for editor in ("#source", "#reference")]
    paint(page, "#reference")
    wait_until_tinted(page, "#reference")
    page.keyboard.press("e")
    expect(erasers[1]).to_have_class(CHOSEN)
    expect(erasers[0]).not_to_have_class(CHOSEN)
    page.locator("#method").get_by_text("BARET").click()
    expect(page.locator("#reference-column")).to_be_hidden()
    page.keyboard.press("e")
    expect(erasers[0]).to_have_class(CHOSEN)


def test_x_swaps_what_a_click_does_and_b_goes_back_to_the_brush(page: Any) -> None:
    choose_example(page, 1)
    wait_until_tinted(page, "#source")
    page.locator("#source-tool").get_by_text("Click").click()
    image = page.locator("#source-clicker img")
    expect(image).to_be_visible()
    before = shown_mask(page)
    expect(page.locator("#source-sign input[value=add]")).to_be_checked()
    page.keyboard.press("x")
    expect(page.locator("#source-sign input[value=remove]")).to_be_checked()
    after = changed_overlay(page, lambda: image.click(position={"x": 160, "y": 190}))
    assert after.sum() < before.sum()
    # An answer that is still on its way would bring the click tool back after the tool was changed.
    undone = changed_overlay(page, lambda: page.keyboard.press("Control+z"))
    assert undone.sum() == before.sum()
    page.keyboard.press("x")
    expect(page.locator("#source-sign input[value=add]")).to_be_checked()
    page.keyboard.press("e")
    expect(page.locator("#source-tool input[value=Brush]")).to_be_checked()
    full = int(wait_until_tinted(page, "#source").sum())
    expect(tool_button(page, "#source", "eraser")).to_have_class(CHOSEN)
    box = page.locator("#source .pixi-target canvas").bounding_box()
    drag(page, "#source", (0.4, 0.55))
    assert box and tint(page, "#source", full, more=False) < full
