"""Clicks, brush, box and files: one mask, and the edit uses it."""

from typing import Any

import numpy as np
import pytest
from PIL import Image

from refedit.editing.result_png import read_result
from refedit.methods import SpecRef
from tests.browser.visitor import (
    BOX,
    BROWSER,
    SIZE,
    canvas,
    centre,
    changed_mask,
    choose_example,
    choose_kind,
    click,
    downloaded,
    drag,
    drawn,
    encoded,
    expect,
    mask_of,
    more,
    out_of_sight,
    run_to_the_end,
    scene,
    set_steps,
    shown,
    upload_picture,
    use_tool,
    write,
)

pytestmark = BROWSER
MIDDLE = ((BOX[0] + BOX[2]) / 2 / SIZE, (BOX[1] + BOX[3]) / 2 / SIZE)


def test_a_visitor_paints_on_own_pictures(shared_page: Any) -> None:
    page = shared_page
    upload_picture(page, "source", scene((480, 320), "#30a040"))
    upload_picture(page, "reference", scene((200, 200), "#a0b0c0"))
    write(page, "source-prompt", "a green mug")
    write(page, "prompt", "a yellow mug")
    set_steps(page, "specref", 2)
    use_tool(page, "source", "brush")
    painted = changed_mask(page, "source", lambda: drag(page, "source", (0.6, 0.5), (0.7, 0.6)))
    assert painted.shape == (320, 480) and centre(painted) == pytest.approx((0.65, 0.55), abs=0.01)
    run_to_the_end(page)
    assert shown(page, "#result").size == (480, 320)
    inputs = read_result(downloaded(page)).request
    assert inputs is not None and inputs.region is not None and inputs.reference is not None
    assert np.array_equal(inputs.region.values >= 0.5, painted), "what is shown is what is used, to the pixel"
    assert inputs.reference.subject is None


def test_a_clicked_thing_gets_room_on_the_source_only(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    for name in ("source", "reference"):
        picture = scene((SIZE, SIZE), "#30a040")
        upload_picture(page, name, picture)
        use_tool(page, name, "click")
    thing = changed_mask(page, "reference", lambda: click(page, "reference", *MIDDLE))
    asked_for = page.locator("#status .guide").inner_text()
    roomy = changed_mask(page, "source", lambda: click(page, "source", *MIDDLE))
    expect(page.locator("#status .guide")).not_to_have_text(asked_for)  # the next step is told
    room = round(SpecRef.room * SIZE)
    assert not (thing & ~roomy).any() and roomy.sum() > thing.sum()
    grown = np.asarray([np.abs(np.array(edges(roomy)) - np.array(edges(thing)))])
    inside = [edge for edge in edges(thing) if room < edge < SIZE - room]
    assert not inside or grown.max() == pytest.approx(room, abs=1)
    slider = page.locator("#source .room")

    def set_room(per_cent: str) -> None:
        slider.evaluate(
            "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('change')) }", per_cent
        )

    page.locator("#source").hover()
    assert out_of_sight(page, "#source .room", "#source .undo", "#source .open-more") == []
    bare = changed_mask(page, "source", lambda: set_room("0"))
    assert np.array_equal(bare, thing), "the room is adjustable after the click"


def edges(mask: np.ndarray) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(mask)
    return int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())


def test_box_brush_and_undo_share_one_mask(shared_page: Any) -> None:
    page = shared_page
    upload_picture(page, "source", scene((SIZE, SIZE), "#30a040"))
    use_tool(page, "source", "box")
    box = changed_mask(page, "source", lambda: drag(page, "source", (0.25, 0.25), (0.5, 0.75)))
    assert edges(box) == pytest.approx((64, 64, 127, 191), abs=2) and box[70:185, 70:120].all()
    use_tool(page, "source", "brush")
    page.locator("#source .sign").click()
    less = changed_mask(page, "source", lambda: drag(page, "source", (0.3, 0.5), (0.45, 0.5)))
    assert (box & ~less).sum() > 200 and not (less & ~box).any()
    inverted = changed_mask(page, "source", lambda: more(page, "source").locator("[data-operation=invert]").click())
    assert np.array_equal(inverted, ~less)
    for before in (less, box):
        assert np.array_equal(changed_mask(page, "source", lambda: page.locator("#source .undo").click()), before)
    page.locator("#source .sign").click()
    cleared = changed_mask(page, "source", lambda: more(page, "source").locator(".clear").click())
    assert not cleared.size
    more(page, "source").locator(".remove").click()
    expect(page.locator("#source .pane.filled")).to_have_count(0)
    for _ in range(2):
        page.evaluate("refedit.panes.source.undo()")
    expect(page.locator("#source .pane.filled")).to_have_count(1)
    assert np.array_equal(mask_of(page, "source"), box), "a picture that was removed comes back with its mask"


def test_a_mask_is_an_outline_and_a_light_tint_and_hidden_beside_a_result(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 1)
    page.mouse.move(5, 5)
    page.evaluate("refedit.panes.source.hide()")
    drawn(page)
    bare = canvas(page, "source")
    page.evaluate("refedit.panes.source.setTool('click')")
    drawn(page)
    apart = np.abs(canvas(page, "source") - bare).max(2)
    height, width = apart.shape
    left, top = (width - height) // 2 if width > height else 0, (height - width) // 2 if height > width else 0
    side, x, y = min(width, height), MIDDLE[0], MIDDLE[1]
    tint = apart[
        top + int(side * (y - 0.1)) : top + int(side * (y + 0.1)),
        left + int(side * (x - 0.1)) : left + int(side * (x + 0.1)),
    ]
    assert 2 < np.median(tint) < 60, "the inside is seen as it is"
    assert (apart > 60).sum() > side, "and its edge is marked"
    page.locator("#run").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".stage[data-shows=results]")).to_have_count(1)
    expect(page.locator("#source .pane.quiet")).to_have_count(1)
    assert (np.abs(canvas(page, "source") - bare).max(2) > 60).sum() < side / 4


def test_a_result_is_reached_without_any_canvas(shared_page: Any) -> None:
    page = shared_page
    choose_kind(page, "pose")
    upload_picture(page, "source", scene((SIZE, SIZE), "#30a040"))
    panel = more(page, "source")
    mask = {"name": "mask.png", "mimeType": "image/png", "buffer": encoded(Image.new("L", (SIZE, SIZE), 255))}
    assert changed_mask(page, "source", lambda: panel.locator(".mask-input").set_input_files(mask)).all()
    panel.locator(".place").fill("999,1")
    panel.locator(".typed button").click()
    expect(page.locator("#source .note")).not_to_have_text("")
    panel.locator(".place").fill("80,120,-")
    before = changed_mask(page, "source", lambda: panel.locator(".typed button").click())
    assert not before.all(), "a typed place takes away from the uploaded mask"
    panel.locator(".word").fill("unicorn")
    changed_mask(page, "source", lambda: panel.locator(".find button").click())
    expect(page.locator("#source .note")).not_to_have_text("")
    write(page, "prompt", "a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)
