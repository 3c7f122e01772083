"""The page in a real browser: what a visitor sees and does, from the first click to the result."""

import importlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refedit.models import builtin_folder

ROOT = Path(__file__).resolve().parents[1]
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the app listens, started as a user starts it."""
    folder, port = tmp_path_factory.mktemp("page"), free_port()
    write_examples(folder)
    asked = {"REFEDIT_PORT": str(port), "REFEDIT_EXAMPLES": str(folder), "GRADIO_TEMP_DIR": str(folder / "cache")}
    if not BUILT_IN:
        asked["REFEDIT_MODEL"] = str(request.getfixturevalue("tiny_folder"))
    with open(folder / "log.txt", "wb") as log:
        server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | asked, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/config", server, folder / "log.txt")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(240):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except OSError:
            time.sleep(0.25)
    raise TimeoutError(log.read_text())


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


def test_a_phone_shows_one_column_without_sideways_scrolling(chromium: Any, address: str) -> None:
    page = visit(chromium, address, width=390, height=844)
    for number in (0, 1):
        page.locator(f"#example-{number}").click()
        expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
        expect(page.locator("#reference-column")).to_be_visible(visible=number == 0)
        page.wait_for_timeout(1000)  # until nothing moves any more
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        boxes = [page.locator(f"#{name}-column").bounding_box() for name in ("source", "result", "parameters")]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for box in boxes)
        assert boxes[0]["y"] < boxes[1]["y"] < boxes[2]["y"]
    page.context.close()
