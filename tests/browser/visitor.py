"""What a person sees of the page and does with it, by Chromium."""

import base64
import importlib
import io
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
BUILT_IN = (builtin_folder() / "model_index.json").is_file()
STEPS = 6 if BUILT_IN else 20  # a random model of 64 px takes milliseconds a step, too fast to be watched
FILES = "**/file=**"  # the addresses of pictures that the server hands out
PATIENCE = 60_000  # ms; the other tests may have one of the cores
SIZE, BOX = 256, (60, 100, 140, 180)
SIZES = ((1440, 900), (1280, 600), (1024, 768), (390, 844))
"""Windows in which everything has to be in sight."""
KINDS = ("swap", "pose")
"""The kinds of the two examples."""
PROMPTS = ("a yellow mug", "a red mug")

# A browser that keeps no results and no draft, as a private window may: visitors of one context know nothing of others.
KEEPS_NOTHING = """
  const request = () => { const asked = {}; setTimeout(() => asked.onerror()); return asked; };
  Object.defineProperty(window, 'indexedDB', {value: {open: request}});
"""

WATCH = """() => {
  window.seen = {previews: new Set(), stages: new Set(), steps: new Set()};
  new MutationObserver(() => {
    const text = (selector) => document.querySelector(selector)?.innerText;
    const preview = document.querySelector('#preview')?.src;
    if (preview) seen.previews.add(preview);
    if (text('#status .what')) seen.stages.add(text('#status .what'));
    if (text('#status .step')) seen.steps.add(text('#status .step'));
  }).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
}"""

AS_DATA = """async (address) => {
  const reader = new FileReader(), read = new Promise((done) => (reader.onload = () => done(reader.result)));
  reader.readAsDataURL(await (await fetch(address)).blob());
  return read;
}"""

IN_SIGHT = """(element) => {
  const {left, top, right, bottom, width, height} = element.getBoundingClientRect();
  const bar = document.querySelector('#bar');
  const foot = bar.contains(element) ? innerHeight : bar.getBoundingClientRect().top;
  return width > 0 && height > 0 && left >= -1 && top >= -1 && right <= innerWidth + 1 && bottom <= foot + 1;
}"""


def scene(size: tuple[int, int], colour: str) -> Image.Image:
    """A box of a colour on grey."""
    image = Image.new("RGB", size, "#c8c8c8")
    ImageDraw.Draw(image).rectangle(BOX, fill=colour)
    return image


def write_examples(folder: Path) -> None:
    """One example of each method; both have a mask for the source, the first one a stored result."""
    for name, colour in (("source", "#3060c0"), ("reference", "#a0b0c0"), ("result", "#e0d040")):
        scene((SIZE, SIZE), colour).save(folder / f"{name}.png")
    mask = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(mask).rectangle(BOX, fill=255)
    mask.save(folder / "mask.png")
    common = {"source": "source.png", "region": "mask.png", "settings": {"steps": STEPS}}
    both = {
        "reference": "reference.png",
        "subject": "mask.png",
        "result": "result.png",
        "source_prompt": "a blue mug",
        "prompt": PROMPTS[0],
    }
    rows = [
        {"title": "Mug", "method": "specref", "preset": "recommended"} | common | both,
        {"title": "Red", "method": "baret", "preset": "non-rigid", "prompt": PROMPTS[1]} | common,
    ]
    (folder / "examples.json").write_text(json.dumps(rows))


def visit(context: Any, address: str) -> Any:
    """A new visitor's page, once it is filled in."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.goto(address)
    opened(page)
    page.evaluate(WATCH)
    return page


def opened(page: Any) -> None:
    """Waits until the page has what it opens with."""
    page.wait_for_function("window.refedit?.ready")


def shown(page: Any, selector: str) -> Image.Image:
    """The picture that an image shows, as its file."""
    source = page.locator(selector).get_attribute("src")
    if source.startswith("blob:"):
        source = page.evaluate(AS_DATA, source)
    if source.startswith("data:"):
        return Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))
    return Image.open(io.BytesIO(page.request.get(source).body()))


def mask_of(page: Any, name: str) -> np.ndarray:
    """The mask of a pane, in the pixels of its sheet; an empty array where nothing is selected."""
    spelled = page.evaluate("(name) => refedit.panes[name].mask()", name)
    if not spelled:
        return np.zeros((0, 0), bool)
    picture = Image.open(io.BytesIO(base64.b64decode(spelled.split(",")[1])))
    return np.asarray(picture.getchannel("A")) > 127


def masked(page: Any, name: str) -> None:
    """Waits until something is selected in a pane, as in an example's once its picture is there."""
    page.wait_for_function("(name) => refedit.panes[name].mask()", arg=name)


def centre(mask: np.ndarray) -> tuple[float, float]:
    """(x, y) of the middle of what is inside, as parts of the width and the height."""
    ys, xs = np.nonzero(mask)
    return float(xs.mean()) / mask.shape[1], float(ys.mean()) / mask.shape[0]


def changed_mask(page: Any, name: str, act: Any) -> np.ndarray:
    """The mask of a pane once an action has changed it."""
    before = page.evaluate("(name) => refedit.panes[name].mask()", name)
    act()
    page.wait_for_function("([name, before]) => refedit.panes[name].mask() !== before", arg=[name, before])
    return mask_of(page, name)


def canvas(page: Any, name: str) -> np.ndarray:
    """What a pane's canvas shows."""
    return np.asarray(Image.open(io.BytesIO(page.locator(f"#{name} .view").screenshot())).convert("RGB"), np.int16)


def place(page: Any, name: str, x: float, y: float) -> tuple[float, float]:
    """Where a place of a pane's picture, in parts of its sides, is in the window."""
    box = page.locator(f"#{name} .view").bounding_box()
    width, height = page.evaluate("(name) => refedit.panes[name].size()", name)
    scale = min(box["width"] / width, box["height"] / height)
    left = box["x"] + (box["width"] - width * scale) / 2
    top = box["y"] + (box["height"] - height * scale) / 2
    return left + x * width * scale, top + y * height * scale


def drag(page: Any, name: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A drag with the mouse from one place of a picture to another."""
    page.locator(f"#{name} .view").scroll_into_view_if_needed()
    page.mouse.move(*place(page, name, *start))
    page.mouse.down()
    page.mouse.move(*place(page, name, *end), steps=4)
    page.mouse.up()


def click(page: Any, name: str, x: float, y: float) -> None:
    page.locator(f"#{name} .view").scroll_into_view_if_needed()
    page.mouse.click(*place(page, name, x, y))


def use_tool(page: Any, name: str, tool: str) -> None:
    page.locator(f"#{name}").hover()
    page.locator(f"#{name} .tools label", has=page.locator(f"[value={tool}]")).click()


def more(page: Any, name: str) -> Any:
    """The opened tools of a pane that are folded away."""
    page.locator(f"#{name}").hover()
    if page.locator(f"#{name} .more").is_hidden():
        page.locator(f"#{name} .open-more").click()
    return page.locator(f"#{name} .more")


def upload(page: Any, name: str, data: bytes, file: str = "own.png", kind: str = "image/png") -> None:
    """Gives a pane a file, as its file chooser does."""
    page.locator(f"#{name} .file").set_input_files({"name": file, "mimeType": kind, "buffer": data})


def upload_picture(page: Any, name: str, picture: Image.Image) -> None:
    """Gives a pane a picture, and waits until it is there and sent."""
    page.evaluate("(name) => refedit.panes[name].empty()", name)
    expect(page.locator(f"#{name} .pane.filled")).to_have_count(0)
    upload(page, name, encoded(picture))
    expect(page.locator(f"#{name} .pane.filled")).to_have_count(1)
    page.evaluate("(name) => refedit.panes[name].settled()", name)


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def choose_kind(page: Any, kind: str) -> None:
    """Chooses a card, and within it the kind."""
    if page.evaluate("document.body.dataset.kind") != kind:
        page.evaluate("(kind) => refedit.chooseKind(kind)", kind)
    page.wait_for_function("(kind) => document.body.dataset.kind === kind", arg=kind)


def write(page: Any, field: str, text: str) -> None:
    page.locator(f"#{field} textarea").fill(text)


def steps_of(page: Any, method: str) -> Any:
    """The field of a method's steps, behind the door that is opened."""
    number = page.locator(f"#{method}-steps input[type=number]")
    if not number.is_visible():
        page.locator(f"#{method}-door button").first.click()
    return number


def set_steps(page: Any, method: str, steps: int) -> None:
    number, slider = steps_of(page, method), page.locator(f"#{method}-steps input[type=range]")
    for _ in range(10):  # what the page opens or is filled with may come after what is typed
        number.fill(str(steps))
        number.press("Tab")
        page.wait_for_timeout(200)
        if slider.input_value() == str(steps):
            break
    expect(slider).to_have_value(str(steps))  # Gradio has taken it


def choose_example(page: Any, number: int, steps: int = 2) -> None:
    choose_kind(page, KINDS[number])
    write(page, "prompt", "")  # an earlier visitor's choice of the same example is no answer
    page.locator(f"#example-{number}").click()
    expect(page.locator("#prompt textarea")).to_have_value(PROMPTS[number])
    method = ("specref", "baret")[number]
    expect(steps_of(page, method)).to_have_value(str(STEPS))  # all of the example has come
    set_steps(page, method, steps)


def run_to_the_end(page: Any) -> None:
    page.evaluate("document.querySelector('#status .status')?.classList.add('earlier')")  # its Done is no answer
    page.locator("#run").click()
    expect(page.locator("#status .done:not(.earlier)")).to_be_visible()
    expect(page.locator(".stage[data-shows=results] .screen img").first).to_be_visible()


def downloaded(page: Any) -> Path:
    with page.expect_download() as download:
        page.locator("#download").click()
    return Path(download.value.path())


def drawn(page: Any) -> None:
    """Waits until the page is drawn as it now is, and a little for what follows from that."""
    page.evaluate("new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")
    page.wait_for_timeout(150)


def attempts(page: Any) -> Iterator[None]:
    """Ten a second, until the patience with everything is over."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        yield
        page.wait_for_timeout(100)


def out_of_sight(page: Any, *selectors: str) -> list[str]:
    """Those of the selectors whose element does not lie in the window, above the bar or in it."""
    return [selector for selector in selectors if not page.locator(selector).first.evaluate(IN_SIGHT)]
