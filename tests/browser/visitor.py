"""What a person sees of the page and does with it, by Chromium."""

import importlib
import io
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from PIL import Image, ImageDraw

from refedit.models import builtin_folder

CHROMIUM = shutil.which("chromium")
REQUIRED = bool(os.environ.get("CI") or os.environ.get("REFEDIT_REQUIRE_BROWSER"))
NAME = "playwright.sync_api"
playwright: Any = importlib.import_module(NAME) if REQUIRED else pytest.importorskip(NAME)
expect = playwright.expect
BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None and not REQUIRED, reason="there is no chromium on the path"),
]

# Without a GPU the editor's canvas needs Chromium's software WebGL, which has to be asked for.
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-gpu-compositing",  # what is no WebGL is drawn in less time without any GL
    "--disable-background-networking",
]
BUILT_IN = (builtin_folder() / "model_index.json").is_file()
CHOSEN = re.compile("highlight")  # the class of the tool that is in use
STEPS = 6 if BUILT_IN else 20  # a random model of 64 px takes milliseconds a step, too fast to be watched
PATIENCE = 120_000  # ms; without a GPU chromium draws with both cores, one of which the other tests may have
SIZE, BOX = 256, (60, 100, 140, 180)

# Every frame of a canvas is drawn by the CPU: fifteen a second are enough to be tested.
FEW_FRAMES = """
  window.requestAnimationFrame = (draw) => setTimeout(() => draw(performance.now()), 66);
  window.cancelAnimationFrame = clearTimeout;
"""

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


def visit(context: Any, address: str) -> Any:
    """A new visitor's page, once its editors are ready."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.goto(address)
    page.locator("#source .pixi-target canvas").wait_for(state="attached")
    page.get_by_label("Brush").first.wait_for()
    page.evaluate(WATCH)
    return page


def shown(page: Any, selector: str) -> Image.Image:
    """The picture that a component shows, as its file."""
    source = page.locator(f"{selector} img").get_attribute("src")
    return Image.open(io.BytesIO(page.request.get(source).body()))


def centre(mask: np.ndarray) -> tuple[float, float]:
    """(x, y) of the middle of what is inside, as parts of the width and the height."""
    ys, xs = np.nonzero(mask)
    return float(xs.mean()) / mask.shape[1], float(ys.mean()) / mask.shape[0]


def attempts(page: Any) -> Iterator[None]:
    """Four a second, until the patience with everything is over."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        yield
        page.wait_for_timeout(250)


def tool_button(page: Any, editor: str, tool: Literal["brush", "eraser"]) -> Any:
    """The button of one of an editor's own tools; the first button uploads."""
    return page.locator(f"{editor} .toolbar-wrap button").nth(("brush", "eraser").index(tool) + 1)


def canvas(page: Any, editor: str) -> np.ndarray:
    """What an editor's canvas shows, without the tools that float on it."""
    bare = f"{editor} > label, {editor} .image-container > :not(.pixi-target) {{ visibility: hidden }}"
    for _ in attempts(page):
        try:
            png = page.locator(f"{editor} .pixi-target canvas").screenshot(style=bare, timeout=PATIENCE / 6)
        except playwright.Error:  # the editor was just making itself a new canvas, for a picture that came
            continue
        return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)
    raise AssertionError(f"{editor} has no canvas that stays")


def wait_for_grey(page: Any, editor: str) -> None:
    """Waits until a grey picture is on an editor's canvas, and stays as large as it is."""
    grey = (int((np.abs(canvas(page, editor) - 200).max(2) < 4).sum()) for _ in attempts(page))
    still = any(before == after > 5000 for before, after in pairwise(grey))
    assert still, f"the picture is not on the canvas of {editor}"


def tinted(page: Any, editor: str) -> np.ndarray:
    """Where an editor's canvas shows the brush's colour."""
    red, green, blue = np.moveaxis(canvas(page, editor), 2, 0)
    return (red - green > 60) & (blue - green > 60)


def settled(page: Any, editor: str, right: Callable[[np.ndarray], Any]) -> np.ndarray:
    """The tint of an editor, once it is right and stays: a picture comes bare, then its mask, the zoom comes last."""
    before = -1
    for _ in attempts(page):
        tint = tinted(page, editor)
        if right(tint) and int(tint.sum()) == before:
            return tint
        before = int(tint.sum())
    raise AssertionError(f"the mask on {editor} does not come right: {before} pixels are tinted")


def wait_until_tinted(page: Any, editor: str) -> np.ndarray:
    return settled(page, editor, lambda tint: tint.sum() > 500)


def set_steps(page: Any, method: str, steps: int) -> None:
    field = page.locator(f"#{method}-steps input[type=number]")
    field.fill(str(steps))
    field.press("Tab")


def run_to_the_end(page: Any) -> None:
    page.evaluate("document.querySelector('#status .status')?.classList.add('earlier')")  # its Done is no answer
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("#status .done:not(.earlier)")).to_contain_text("Done in")
    expect(page.locator("#result img")).to_be_visible()


def paint(page: Any, editor: str, strokes: int = 1) -> None:
    """Strokes with the mouse in the lower right of the canvas's middle, one below the other."""
    page.locator(editor).get_by_label("Brush").first.click()
    box = page.locator(f"{editor} .pixi-target canvas").bounding_box()
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.55
    for number in range(strokes):
        page.mouse.move(x, y + 4 * number)
        page.mouse.down()
        page.mouse.move(x + 30, y + 4 * number + 10, steps=8)
        page.mouse.up()
    page.mouse.move(box["x"], box["y"] - 30)  # away, so that the brush's outline is not taken for a stroke


def in_picture(page: Any, editor: str, tint: np.ndarray) -> tuple[float, float]:
    """The centre of a tint on a canvas in parts of the picture, which is the grey on it."""
    ys, xs = np.nonzero(np.abs(canvas(page, editor) - 200).max(2) < 4)
    x, y = centre(tint)
    left, top, right, bottom = xs.min(), ys.min(), xs.max() + 1, ys.max() + 1
    return (x * tint.shape[1] - left) / (right - left), (y * tint.shape[0] - top) / (bottom - top)


def choose_example(page: Any, number: int, steps: int = 2) -> None:
    page.locator("#prompt textarea").fill("")  # an earlier visitor's choice of the same example is no answer
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
