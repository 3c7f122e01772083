"""Pictures that people really have: large, turned, moving, or none that a browser can read."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.visitor import (
    BROWSER,
    expect,
    paint,
    run_to_the_end,
    set_steps,
    shown,
    wait_for_grey,
    wait_until_tinted,
)

pytestmark = BROWSER
GREY = (200, 200, 200)
NOTE = "#source-note p"


def upload(page: Any, data: bytes, name: str, kind: str) -> None:
    file = {"name": name, "mimeType": kind, "buffer": data}
    page.locator("#source input[type=file]").set_input_files(file)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def emptied(page: Any) -> Any:
    """The shared page without a source: Clear all of the editor, where it has one."""
    if not page.locator("#source .empty").count():
        page.locator("#source").get_by_label("Clear canvas").click()
    expect(page.locator("#source .empty")).to_have_count(1)
    return page


def choose_baret(page: Any) -> None:
    page.locator("#method").get_by_text("BARET").click()
    page.locator("#prompt textarea").fill("a red mug")
    set_steps(page, "baret", 2)


def test_a_photograph_of_many_megapixels_can_be_painted_and_edited(page: Any, tmp_path: Path) -> None:
    choose_baret(page)
    size = (8000, 1500)  # a wide one: without a GPU, drawing 1280 x 960 takes longer than all other tests
    Image.new("RGB", size, GREY).save(tmp_path / "large.jpg")
    page.locator("#source input[type=file]").set_input_files(tmp_path / "large.jpg")
    expect(page.locator(NOTE)).to_contain_text(f"{size[0]}×{size[1]} is now 1280×")
    expect(page.locator("#source .empty")).to_have_count(0)
    paint(page, "#source", strokes=4)  # the brush is thin on a large picture
    wait_until_tinted(page, "#source")
    run_to_the_end(page)
    assert shown(page, "#result").size == (1280, round(1280 * size[1] / size[0]))


def test_a_bomb_is_refused_and_the_page_stays_usable(page: Any) -> None:
    bomb = encoded(Image.new("1", (13000, 13000)), "PNG")
    upload(page, bomb, "bomb.png", "image/png")
    expect(page.locator(NOTE)).to_contain_text("“bomb.png” has 169 megapixels; the limit is 100.")
    expect(page.locator("#source .empty")).to_have_count(1)
    upload(page, encoded(Image.new("RGB", (64, 64), GREY), "PNG"), "fine.png", "image/png")
    expect(page.locator("#source .empty")).to_have_count(0)
    expect(page.locator(NOTE)).to_have_text("")


@pytest.mark.parametrize(("name", "kind"), [("photo.heic", "image/heic"), ("cut.jpg", "image/jpeg")])
def test_what_no_browser_reads_is_named(name: str, kind: str, shared_page: Any) -> None:
    page = emptied(shared_page)
    cut = encoded(Image.new("RGB", (64, 64), GREY), "JPEG")[:100]
    upload(page, b"\0\0\0\x18ftypheic" if name.endswith("heic") else cut, name, kind)
    expect(page.locator(NOTE)).to_contain_text(f"“{name}” is no picture that this browser can read. Save it as PNG")
    expect(page.locator("#source .empty")).to_have_count(1)


FRAMES = [Image.new("RGB", (96, 64), colour) for colour in ("#c8c8c8", "#2050c0")]
ODD = {
    "bmp": (encoded(FRAMES[0], "BMP"), "image/bmp", ""),
    "gif": (encoded(FRAMES[0], "GIF", save_all=True, append_images=FRAMES[1:]), "image/gif", "first frame"),
    "webp": (
        encoded(FRAMES[0], "WEBP", save_all=True, append_images=FRAMES[1:], lossless=True),
        "image/webp",
        "first frame",
    ),
    "png": (encoded(FRAMES[0], "PNG", save_all=True, append_images=FRAMES[1:]), "image/png", "first frame"),
}


@pytest.mark.parametrize("format", ODD)
def test_what_browsers_read_is_shown(format: str, shared_page: Any) -> None:
    page = emptied(shared_page)
    data, kind, says = ODD[format]
    upload(page, data, f"picture.{format}", kind)
    expect(page.locator("#source .empty")).to_have_count(0)
    expect(page.locator(NOTE)).to_contain_text(says)


def test_of_an_animation_the_first_frame_is_edited(page: Any) -> None:
    choose_baret(page)
    upload(page, ODD["webp"][0], "picture.webp", "image/webp")
    expect(page.locator(NOTE)).to_contain_text("first frame")
    expect(page.locator("#source .empty")).to_have_count(0)
    run_to_the_end(page)
    assert shown(page, "#before").size == (96, 64) and shown(page, "#before").convert("RGB").getpixel((5, 5)) == GREY


def test_a_photograph_that_was_taken_upright_stays_so(page: Any) -> None:
    choose_baret(page)
    exif = Image.Exif()
    exif[0x0112] = 6
    upload(page, encoded(Image.new("RGB", (400, 200), GREY), "JPEG", exif=exif), "turned.jpg", "image/jpeg")
    expect(page.locator("#source .empty")).to_have_count(0)
    paint(page, "#source")
    wait_until_tinted(page, "#source")
    run_to_the_end(page)
    assert shown(page, "#result").size == (200, 400)


@pytest.mark.parametrize("way", ["dropped", "pasted"])
def test_a_picture_that_comes_another_way_is_made_smaller_too(shared_page: Any, way: str) -> None:
    page = emptied(shared_page)
    page.evaluate(
        """async (way) => {
          const canvas = Object.assign(document.createElement("canvas"), {width: 4000, height: 1000});
          canvas.getContext("2d").fillStyle = "rgb(200, 200, 200)";
          canvas.getContext("2d").fillRect(0, 0, 4000, 1000);
          const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([blob], "image.png", {type: "image/png"}));
          const known = {bubbles: true, cancelable: true};
          if (way === "pasted") {
            document.body.dispatchEvent(new ClipboardEvent("paste", {...known, clipboardData: dataTransfer}));
            return;
          }
          const target = document.querySelector("#source .image-container, #source .wrap:last-child");
          for (const kind of ["dragenter", "dragover", "drop"])
            target.dispatchEvent(new DragEvent(kind, {...known, dataTransfer}));
        }""",
        way,
    )
    expect(page.locator(NOTE)).to_contain_text("4000×1000 is now 1280×320")
    expect(page.locator("#source .empty")).to_have_count(0)
    wait_for_grey(page, "#source")


def test_a_large_picture_keeps_its_size_for_clicks(page: Any, tmp_path: Path) -> None:
    choose_baret(page)
    Image.new("RGB", (3000, 1500), GREY).save(tmp_path / "large.png")
    page.locator("#source-more > button").click()
    with page.expect_file_chooser() as chooser:
        page.locator("#source-picture-file").click()
    chooser.value.set_files(tmp_path / "large.png")
    expect(page.locator("#source-clicker img")).to_be_visible()
    page.locator("#source-tool").get_by_text("Brush").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("3000x1500 pixels, too many for the brush")
    expect(page.locator("#source-tool input[value=Click]")).to_be_checked()
    run_to_the_end(page)
    assert shown(page, "#result").size == (3000, 1500)
