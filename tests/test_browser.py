"""The page in a real browser: what a visitor sees and does, from the first click to the result."""

import importlib
import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refedit.models import builtin_folder
from refedit.recipe import read_result
from tests.page_server import serving

CHROMIUM = shutil.which("chromium")
REQUIRED = bool(os.environ.get("CI") or os.environ.get("REFEDIT_REQUIRE_BROWSER"))
NAME = "playwright.sync_api"
playwright: Any = importlib.import_module(NAME) if REQUIRED else pytest.importorskip(NAME)
expect = playwright.expect
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="there is no chromium on the path"),
]

# Without a GPU the editor's canvas needs Chromium's software WebGL, which has to be asked for.
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
]
BUILT_IN = (builtin_folder() / "model_index.json").is_file()
BUILT_IN_SAM = (builtin_folder() / "sam" / "config.json").is_file()
STEPS = 6 if BUILT_IN else 20  # a random model of 64 px takes milliseconds a step, too fast to be watched
SECONDS = 60_000
SIZE, BOX = 256, (60, 100, 140, 180)

WATCH = """() => {
  window.seen = {previews: new Set(), stages: new Set(), steps: new Set()};
  new MutationObserver(() => {
    const text = (selector) => document.querySelector(selector)?.innerText;
    const preview = document.querySelector('#preview img')?.src;
    if (preview) seen.previews.add(preview);
    if (text('#status .stage')) seen.stages.add(text('#status .stage'));
    if (text('#status .step')) seen.steps.add(text('#status .step'));
  }).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


def scene(size: tuple[int, int], colour: str) -> Image.Image:
    """A box of a colour on grey, so that the tint of a mask is easily told."""
    image = Image.new("RGB", size, "#c8c8c8")
    ImageDraw.Draw(image).rectangle(BOX, fill=colour)
    return image


def write_examples(folder: Path) -> None:
    """One example of each method; both have a mask for the source."""
    for name, colour in (("source", "#3060c0"), ("reference", "#a0b0c0")):
        scene((SIZE, SIZE), colour).save(folder / f"{name}.png")
    mask = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(mask).rectangle(BOX, fill=255)
    mask.save(folder / "mask.png")
    common = {"source": "source.png", "region": "mask.png", "settings": {"steps": STEPS}}
    both = {
        "reference": "reference.png",
        "subject": "mask.png",
        "source_prompt": "a blue mug",
        "prompt": "a yellow mug",
    }
    rows = [
        {"title": "Mug", "method": "specref", "preset": "recommended"} | common | both,
        {"title": "Red", "method": "baret", "preset": "non-rigid", "prompt": "a red mug"} | common,
    ]
    (folder / "examples.json").write_text(json.dumps(rows))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the app listens, started as a user starts it, unless there are no weights for clicks yet."""
    folder = tmp_path_factory.mktemp("page")
    write_examples(folder)
    variables = {} if BUILT_IN else {"REFEDIT_MODEL": str(request.getfixturevalue("tiny_folder"))}
    program = ["app.py"] if BUILT_IN_SAM else ["-m", "tests.page_server"]
    with serving(program, folder, variables) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(chromium: Any, address: str, width: int = 1440, height: int = 1300) -> Any:
    """A new visitor's page, once its editors are ready."""
    page = chromium.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(SECONDS)
    expect.set_options(timeout=SECONDS)
    page.goto(address)
    page.locator("#source .pixi-target canvas").wait_for(state="attached")
    page.get_by_label("Brush").first.wait_for()
    page.evaluate(WATCH)
    return page


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    page = visit(chromium, address)
    yield page
    page.context.close()


def shown(page: Any, selector: str) -> Image.Image:
    """The picture that a component shows, as its file."""
    source = page.locator(f"{selector} img").get_attribute("src")
    return Image.open(io.BytesIO(page.request.get(source).body()))


def centre(mask: np.ndarray) -> tuple[float, float]:
    """(x, y) of the middle of what is inside, as parts of the width and the height."""
    ys, xs = np.nonzero(mask)
    return float(xs.mean()) / mask.shape[1], float(ys.mean()) / mask.shape[0]


def canvas(page: Any, editor: str) -> np.ndarray:
    """What an editor's canvas shows, without the tools that float on it."""
    bare = f"{editor} > label, {editor} .image-container > :not(.pixi-target) {{ visibility: hidden }}"
    png = page.locator(f"{editor} .pixi-target canvas").screenshot(style=bare)
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)


def tinted(page: Any, editor: str) -> np.ndarray:
    """Where an editor's canvas shows the brush's colour."""
    red, green, blue = np.moveaxis(canvas(page, editor), 2, 0)
    return (red - green > 60) & (blue - green > 60)


def wait_until_tinted(page: Any, editor: str) -> np.ndarray:
    for _ in range(60):
        if (tint := tinted(page, editor)).sum() > 500:
            return tint
        page.wait_for_timeout(250)
    raise AssertionError(f"no mask shows on {editor}")


def set_steps(page: Any, method: str, steps: int) -> None:
    field = page.locator(f"#{method}-steps input[type=number]")
    field.fill(str(steps))
    field.press("Tab")


def run_to_the_end(page: Any) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#status .done")).to_be_visible()
    expect(page.locator("#result img")).to_be_visible()


def test_the_page_is_quiet_and_asks_nobody_else(chromium: Any, address: str) -> None:
    page = chromium.new_context().new_page()
    errors: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(address)
    page.locator("#source .pixi-target canvas").wait_for(state="attached")
    assert errors == []
    assert [url for url in requests if not url.startswith((address, "data:", "blob:"))] == []
    assert page.locator("img:not([alt])").count() == 0
    page.context.close()


@pytest.mark.parametrize(("number", "method"), [(0, "specref"), (1, "baret")])
def test_an_example_runs_with_two_clicks(page: Any, number: int, method: str) -> None:
    page.locator(f"#example-{number}").click()
    expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
    expect(page.locator(f"#{method}-steps input[type=number]")).to_have_value(str(STEPS))
    assert (
        page.locator("#reference").is_visible() == page.locator("#source-prompt").is_visible() == (method == "specref")
    )
    for editor in ["#source", "#reference"][: 2 - number]:
        tint = wait_until_tinted(page, editor)
        ys, xs = np.nonzero(tint)
        assert 0.8 < (np.ptp(xs) + 1) / (np.ptp(ys) + 1) < 1.25, "the mask is as square as it was drawn"

    run_to_the_end(page)
    seen = page.evaluate("Object.fromEntries(Object.entries(seen).map(([name, set]) => [name, [...set]]))")
    assert "Editing" in seen["stages"] and len(seen["stages"]) >= 2
    assert any(step.endswith(f"of {STEPS}") for step in seen["steps"])
    assert len(seen["previews"]) >= 5
    assert shown(page, "#result").size == (SIZE, SIZE)
    middle = (BOX[0] + BOX[2]) / 2 / SIZE, (BOX[1] + BOX[3]) / 2 / SIZE
    assert centre(np.asarray(shown(page, "#region-used").convert("L")) > 127) == pytest.approx(middle, abs=0.02)


def test_the_downloaded_result_carries_its_parameters(page: Any) -> None:
    page.locator("#example-1").click()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)
    with page.expect_download() as download:
        page.locator("#download").click()
    with Image.open(download.value.path()) as result:
        assert result.format == "PNG" and result.size == (SIZE, SIZE)
        assert result.info["prompt"] == "a red mug" and result.info["steps"] == "2"
    page.get_by_text("All parameters of this result").click()
    expect(page.get_by_role("row", name="prompt a red mug")).to_be_visible()


def test_stop_keeps_the_preview_and_the_next_run_works(page: Any) -> None:
    page.locator("#example-1").click()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 100)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#preview img")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.locator("#status .stopped")).to_be_visible()
    kept = page.locator("#preview img").get_attribute("src")
    page.wait_for_timeout(2000)
    assert page.locator("#preview img").get_attribute("src") == kept, "nothing runs on behind the page"
    expect(page.locator("#status .stopped")).to_be_visible()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)


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


def paint(page: Any, editor: str) -> None:
    """A stroke with the mouse in the lower right of the canvas's middle."""
    page.locator(editor).get_by_label("Brush").first.click()
    box = page.locator(f"{editor} .pixi-target canvas").bounding_box()
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.55
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 10, steps=8)
    page.mouse.up()
    page.mouse.move(box["x"], box["y"] - 30)  # away, so that the brush's outline is not taken for a stroke


def in_picture(page: Any, editor: str, tint: np.ndarray) -> tuple[float, float]:
    """The centre of a tint on a canvas in parts of the picture, which is the grey on it."""
    ys, xs = np.nonzero(np.abs(canvas(page, editor) - 200).max(2) < 4)
    x, y = centre(tint)
    left, top, right, bottom = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    return (x * tint.shape[1] - left) / (right - left), (y * tint.shape[0] - top) / (bottom - top)


def test_an_error_is_a_sentence_and_loses_nothing(page: Any) -> None:
    page.locator("#example-1").click()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    page.locator("#prompt textarea").fill(" ")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#status .failed")).to_contain_text("The target prompt is empty.")
    expect(page.get_by_test_id("toast-body")).to_contain_text("The target prompt is empty.")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    assert tinted(page, "#source").sum() > 500


def test_visitors_wait_for_each_other_and_stop_only_themselves(chromium: Any, address: str) -> None:
    first, second = visit(chromium, address), visit(chromium, address)
    for page, steps in ((first, 100), (second, 2)):
        page.locator("#example-1").click()
        expect(page.locator("#prompt textarea")).to_have_value("a red mug")
        set_steps(page, "baret", steps)
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator("#status .running")).to_be_visible()
    expect(second.locator("#status")).to_contain_text("queue: 1/1")
    first.get_by_role("button", name="Stop", exact=True).click()
    expect(first.locator("#status .stopped")).to_be_visible()
    expect(second.locator("#status .done")).to_be_visible()
    first.context.close()
    second.context.close()


def choose_example(page: Any, number: int, steps: int = 2) -> None:
    page.locator(f"#example-{number}").click()
    expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
    set_steps(page, ["specref", "baret"][number], steps)


def downloaded(page: Any) -> Path:
    with page.expect_download() as download:
        page.locator("#download").click()
    return Path(download.value.path())


def shown_mask(page: Any) -> np.ndarray:
    """Where the click tool shows the brush's colour."""
    red, green, blue = np.moveaxis(np.asarray(shown(page, "#source-clicker").convert("RGB"), np.int16), 2, 0)
    return (red - green > 40) & (blue - green > 40)


def changed_overlay(page: Any, change: Any) -> np.ndarray:
    """The mask that the click tool shows once an action has changed its picture."""
    image = page.locator("#source-clicker img")
    before = image.get_attribute("src")
    change()
    expect(image).not_to_have_attribute("src", before)
    return shown_mask(page)


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
    inputs = read_result(downloaded(page)).inputs
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
    for part, name in (("picture", "own"), ("mask", "mask")):
        with page.expect_file_chooser() as chooser:
            page.locator(f"#source-{part}-file").click()
        chooser.value.set_files(tmp_path / f"{name}.png")
        expect(page.locator("#source-clicker img")).to_be_visible()
    page.wait_for_function("document.querySelector('#source-clicker img').complete")
    page.locator("#source-places textarea").fill("999,1")
    page.locator("#source-select-places").click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("lies outside the picture")
    page.locator("#source-places textarea").fill("80,120,-")
    before = changed_overlay(page, lambda: page.locator("#source-select-places").click())
    assert 0 < before.mean() < 1, "a typed place takes away from the uploaded mask"
    page.locator("#prompt textarea").fill("a red mug")
    set_steps(page, "baret", 2)
    run_to_the_end(page)


def test_results_come_back_from_the_strip_and_from_a_file(page: Any, chromium: Any, address: str) -> None:
    choose_example(page, 0)
    set_steps(page, "specref", 2)
    page.locator("#method").get_by_text("BARET").click()
    set_steps(page, "baret", 2)
    page.locator("#method").get_by_text("SpecRef").click()
    page.get_by_role("button", name="Run both methods").click()
    expect(page.locator("#status .done")).to_be_visible()
    expect(page.locator("#both img")).to_have_count(2)
    expect(page.locator("#history button.thumbnail-item")).to_have_count(2)
    page.locator("#prompt textarea").fill("something else")
    page.locator("#history button.thumbnail-item").nth(1).click()
    expect(page.locator("#status")).to_contain_text("Restored")
    expect(page.locator("#prompt textarea")).to_have_value("a yellow mug")
    expect(page.locator("#source-prompt textarea")).to_have_value("a blue mug")
    page.locator("#view").get_by_text("Before and after").click()
    expect(page.locator("#compare img")).to_have_count(2)
    file = downloaded(page)

    other = visit(chromium, address)
    with other.expect_file_chooser() as chooser:
        other.locator("#restore").click()
    chooser.value.set_files({"name": "result.png", "mimeType": "image/png", "buffer": file.read_bytes()})
    expect(other.locator("#status")).to_contain_text("Restored")
    for editor in ("#source", "#reference"):
        wait_until_tinted(other, editor)
    run_to_the_end(other)
    first, again = read_result(file), read_result(downloaded(other))
    assert again.method == first.method and again.image.tobytes() == first.image.tobytes()
    other.locator("#use").click()
    expect(other.locator("#source-prompt textarea")).to_have_value("a yellow mug")
    for _ in range(40):
        if not tinted(other, "#source").any():
            break
        other.wait_for_timeout(250)
    assert not tinted(other, "#source").any(), "the new source has no mask"
    other.context.close()


def test_keys_run_stop_and_show_the_original(page: Any) -> None:
    choose_example(page, 1)
    page.locator("#prompt textarea").focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status .done")).to_be_visible()
    result = page.locator("#result img")
    edited = result.get_attribute("src")
    page.keyboard.press("o")
    expect(result).to_have_attribute("src", edited)
    assert page.locator("#prompt textarea").input_value().endswith("o"), "in a field, o is a letter"
    page.locator("#run").focus()
    page.keyboard.down("o")
    expect(result).to_have_attribute("src", page.locator("#before img").get_attribute("src"))
    page.keyboard.up("o")
    expect(result).to_have_attribute("src", edited)
    set_steps(page, "baret", 100)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status .running .step")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#status .stopped")).to_be_visible()


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
    page.goto(address)
    page.locator("#source-tool label").first.wait_for()
    assert {text: ratio for text in TEXTS if (ratio := page.evaluate(CONTRAST, text)) < 4.5} == {}
    page.context.close()


def test_a_phone_shows_one_column_without_sideways_scrolling(chromium: Any, address: str) -> None:
    page = visit(chromium, address, width=390, height=844)
    for number in (0, 1):
        page.locator(f"#example-{number}").click()
        expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
        expect(page.locator("#reference-column")).to_be_visible(visible=number == 0)
        page.wait_for_timeout(1000)  # until nothing moves any more
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        for button in ["#run", "#stop", *(["#run-both"] if number == 0 else [])]:
            box = page.locator(button).bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        boxes = [page.locator(f"#{name}-column").bounding_box() for name in ("source", "result", "parameters")]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
        assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    page.context.close()
