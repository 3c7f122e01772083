"""Pictures that people really have: large, turned, moving, or none that a browser can read."""

from typing import Any

import pytest
from PIL import Image

from tests.browser.visitor import (
    BROWSER,
    FILES,
    PROMPTS,
    attempts,
    changed_mask,
    choose_example,
    choose_kind,
    drag,
    encoded,
    expect,
    run_to_the_end,
    set_steps,
    shown,
    upload,
    upload_picture,
    use_tool,
    write,
)

pytestmark = BROWSER
GREY = (200, 200, 200)
NOTE = "#source .note"


def emptied(page: Any) -> Any:
    """The shared page without a source, for an edit by a sentence."""
    choose_kind(page, "pose")
    page.evaluate("refedit.panes.source.empty()")
    expect(page.locator("#source .pane.filled")).to_have_count(0)
    return page


def edited(page: Any) -> Image.Image:
    write(page, "prompt", "a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)
    return shown(page, "#result")


def filled(page: Any) -> Any:
    return expect(page.locator("#source .pane.filled")).to_have_count(1)


def test_a_large_photograph_keeps_its_size_and_can_be_painted(shared_page: Any) -> None:
    page = emptied(shared_page)
    size = (4000, 750)
    upload(page, "source", encoded(Image.new("RGB", size, GREY), "JPEG"), "large.jpg", "image/jpeg")
    filled(page)
    use_tool(page, "source", "brush")
    assert changed_mask(page, "source", lambda: drag(page, "source", (0.4, 0.5), (0.6, 0.5))).shape[1] == 1280
    assert edited(page).size == size


def test_a_bomb_is_refused_and_the_page_stays_usable(shared_page: Any) -> None:
    page = emptied(shared_page)
    upload(page, "source", encoded(Image.new("1", (13000, 13000))), "bomb.png")
    expect(page.locator(NOTE)).to_contain_text("“bomb.png” has 169 megapixels; the limit is 100.")
    expect(page.locator("#source .pane.filled")).to_have_count(0)
    upload(page, "source", encoded(Image.new("RGB", (64, 64), GREY)), "fine.png")
    filled(page)
    expect(page.locator(NOTE)).to_have_text("")


@pytest.mark.parametrize(("name", "kind"), [("photo.heic", "image/heic"), ("cut.jpg", "image/jpeg")])
def test_what_no_browser_reads_is_named(name: str, kind: str, shared_page: Any) -> None:
    page = emptied(shared_page)
    cut = encoded(Image.new("RGB", (64, 64), GREY), "JPEG")[:100]
    upload(page, "source", b"\0\0\0\x18ftypheic" if name.endswith("heic") else cut, name, kind)
    expect(page.locator(NOTE)).to_contain_text(f"“{name}”")
    expect(page.locator("#source .pane.filled")).to_have_count(0)


FRAMES = [Image.new("RGB", (96, 64), colour) for colour in ("#c8c8c8", "#2050c0")]
MOVING: dict[str, Any] = {"save_all": True, "append_images": FRAMES[1:]}
ODD = {
    "bmp": (encoded(FRAMES[0], "BMP"), "image/bmp", ""),
    "gif": (encoded(FRAMES[0], "GIF", **MOVING), "image/gif", "first frame"),
    "still gif": (encoded(FRAMES[0], "GIF"), "image/gif", ""),
    "webp": (encoded(FRAMES[0], "WEBP", lossless=True, **MOVING), "image/webp", "first frame"),
    "png": (encoded(FRAMES[0], "PNG", **MOVING), "image/png", "first frame"),
}


@pytest.mark.parametrize("format", ODD)
def test_what_browsers_read_is_shown(format: str, shared_page: Any) -> None:
    page = emptied(shared_page)
    data, kind, says = ODD[format]
    upload(page, "source", data, f"picture.{format}", kind)
    filled(page)
    expect(page.locator(NOTE)).to_contain_text(says) if says else expect(page.locator(NOTE)).to_have_text("")


def test_of_an_animation_the_first_frame_is_edited(shared_page: Any) -> None:
    page = emptied(shared_page)
    upload(page, "source", ODD["webp"][0], "picture.webp", "image/webp")
    expect(page.locator(NOTE)).to_contain_text("first frame")
    edited(page)
    page.locator("#stage .views label").nth(1).click()
    before = shown(page, ".compare .over").convert("RGB")
    assert before.size == (96, 64) and before.getpixel((5, 5)) == GREY


def test_a_photograph_that_was_taken_upright_stays_so(shared_page: Any) -> None:
    page = emptied(shared_page)
    exif = Image.Exif()
    exif[0x0112] = 6
    upload(page, "source", encoded(Image.new("RGB", (400, 200), GREY), "JPEG", exif=exif), "turned.jpg", "image/jpeg")
    filled(page)
    use_tool(page, "source", "box")
    assert changed_mask(page, "source", lambda: drag(page, "source", (0.2, 0.6), (0.7, 0.8))).shape == (400, 200)
    assert edited(page).size == (200, 400)


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_may_come_another_way(shared_page: Any, way: str) -> None:
    page = emptied(shared_page)
    page.evaluate(
        """async (way) => {
          const canvas = Object.assign(document.createElement("canvas"), {width: 400, height: 100});
          canvas.getContext("2d").fillRect(0, 0, 400, 100);
          const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
          const files = new DataTransfer();
          files.items.add(new File([blob], "image.png", {type: "image/png"}));
          const known = {bubbles: true, cancelable: true};
          const event = way === "paste" ? new ClipboardEvent("paste", {...known, clipboardData: files})
            : new DragEvent("drop", {...known, dataTransfer: files});
          (way === "paste" ? document.body : document.querySelector("#source .well")).dispatchEvent(event);
        }""",
        way,
    )
    filled(page)
    assert page.evaluate("refedit.panes.source.size()") == [400, 100]


def test_a_picture_is_sent_again_if_the_server_has_it_no_more(shared_page: Any) -> None:
    page = emptied(shared_page)
    upload(page, "source", encoded(Image.new("RGB", (200, 100), GREY)))
    filled(page)
    page.evaluate("refedit.panes.source.settled()")
    page.route(FILES, lambda route: route.fulfill(status=403) if route.request.method == "HEAD" else route.fallback())
    with page.expect_request("**/upload*"):
        edited(page)
    page.unroute(FILES)


def test_an_examples_sentences_go_with_its_picture_and_own_ones_stay(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    write(page, "prompt", "a mug of my own")
    upload_picture(page, "source", Image.new("RGB", (200, 100), GREY))
    expect(page.locator("#source-prompt textarea")).to_have_value("")
    expect(page.locator("#prompt textarea")).to_have_value("a mug of my own")


def test_the_picture_that_was_wished_for_last_is_there(shared_page: Any) -> None:
    page = emptied(shared_page)
    held: list[Any] = []
    page.route(FILES, lambda route: held.append(route))
    choose_kind(page, "swap")
    page.locator("#example-0").click()
    expect(page.locator("#prompt textarea")).to_have_value(PROMPTS[0])
    for _ in attempts(page):
        if len(held) > 1:
            break
    upload(page, "source", encoded(Image.new("RGB", (222, 111), GREY)))
    filled(page)
    for route in [*held]:
        route.continue_()
    page.unroute(FILES)
    page.wait_for_function("refedit.panes.reference.filled()")  # the slow pictures have come
    page.wait_for_timeout(300)
    assert page.evaluate("refedit.panes.source.size()") == [222, 111]
