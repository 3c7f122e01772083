"""Brush, clicks and files: one mask, and the edit uses it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refedit.editing.result_png import read_result
from tests.browser.visitor import (
    BOX,
    BROWSER,
    SIZE,
    centre,
    changed_overlay,
    choose_example,
    downloaded,
    expect,
    in_picture,
    paint,
    run_to_the_end,
    scene,
    set_steps,
    shown,
    shown_mask,
    wait_until_tinted,
)

pytestmark = BROWSER


def test_a_visitor_paints_on_an_own_picture(page: Any, tmp_path: Path) -> None:
    scene((480, 320), "#30a040").save(tmp_path / "own.png")
    scene((200, 200), "#a0b0c0").save(tmp_path / "other.png")
    for editor, name in (("#source", "own"), ("#reference", "other")):
        page.locator(f"{editor} input[type=file]").set_input_files(tmp_path / f"{name}.png")
        expect(page.locator(f"{editor} .empty")).to_have_count(0)
    page.locator("#source-prompt textarea").fill("a green mug")
    page.locator("#prompt textarea").fill("a yellow mug")
    set_steps(page, "specref", 2)
    paint(page, "#source")
    painted = wait_until_tinted(page, "#source")

    run_to_the_end(page)
    assert shown(page, "#result").size == (480, 320)
    mask = np.asarray(shown(page, "#region-used").convert("L")) > 127
    assert centre(mask) == pytest.approx(in_picture(page, "#source", painted), abs=0.04)
    expect(page.locator("#subject-used")).to_have_count(0)


def test_brush_and_clicks_share_one_mask_and_the_edit_uses_it(page: Any) -> None:
    choose_example(page, 1)
    wait_until_tinted(page, "#source")
    paint(page, "#source")
    page.locator("#source-tool").get_by_text("Click").click()
    expect(page.locator("#source-clicker img")).to_be_visible()
    painted = shown_mask(page)
    box = np.zeros_like(painted)
    left, top, right, bottom = (round(edge * len(painted) / SIZE) for edge in BOX)
    box[top:bottom, left:right] = True
    assert painted[box].mean() > 0.97 and painted[~box].mean() > 0.001, "the example's box and the stroke"

    image = page.locator("#source-clicker img")
    clicked = changed_overlay(page, lambda: image.click(position={"x": 40, "y": 40}))
    assert (clicked & ~painted).any() and not (painted & ~clicked).sum() > 0.001 * painted.size
    assert (changed_overlay(page, lambda: page.locator("#source-undo").click()) == painted).mean() > 0.999
    page.locator("#source-sign").get_by_text("remove").click()
    changed_overlay(page, lambda: image.click(position={"x": 200, "y": 200}))
    page.locator("#source-more > button").click()
    last = changed_overlay(page, lambda: page.locator("#source-invert").click())

    run_to_the_end(page)
    inputs = read_result(downloaded(page)).request
    assert inputs is not None and inputs.region is not None
    used = np.asarray(inputs.region.to_image().resize(last.shape[::-1], Image.Resampling.BILINEAR)) > 127
    assert (used & last).sum() / (used | last).sum() > 0.97
    page.locator("#source-tool").get_by_text("Brush").click()
    assert wait_until_tinted(page, "#source").mean() > 0.05


def test_a_result_is_reached_without_any_canvas(page: Any, tmp_path: Path) -> None:
    page.locator("#method").get_by_text("BARET").click()
    scene((SIZE, SIZE), "#30a040").save(tmp_path / "own.png")
    Image.new("L", (SIZE, SIZE), 255).save(tmp_path / "mask.png")
    page.locator("#source-more > button").click()

    def choose(part: str, name: str) -> None:
        with page.expect_file_chooser() as chooser:
            page.locator(f"#source-{part}-file").click()
        chooser.value.set_files(tmp_path / f"{name}.png")

    choose("picture", "own")
    expect(page.locator("#source-clicker img")).to_be_visible()
    assert changed_overlay(page, lambda: choose("mask", "mask")).mean() > 0.99
    page.locator("#source-places textarea").fill("999,1")
    page.locator("#source-select-places").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("lies outside the picture")
    page.locator("#source-places textarea").fill("80,120,-")
    before = changed_overlay(page, lambda: page.locator("#source-select-places").click())
    assert 0 < before.mean() < 1, "a typed place takes away from the uploaded mask"
    page.locator("#prompt textarea").fill("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)
