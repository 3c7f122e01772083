"""Results: downloaded, remembered, restored."""

from typing import Any

import numpy as np
from PIL import Image

from refedit.editing.result_png import read_result
from tests.browser.visitor import (
    BROWSER,
    CHOSEN,
    SIZE,
    choose_example,
    downloaded,
    expect,
    run_to_the_end,
    set_steps,
    settled,
    shown,
    tool_button,
    visit,
    wait_until_tinted,
)

pytestmark = BROWSER


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


def test_results_come_back_from_the_strip_and_from_a_file(page: Any, context: Any, address: str) -> None:
    choose_example(page, 0)
    set_steps(page, "specref", 2)
    page.locator("#method").get_by_text("BARET").click()
    set_steps(page, "baret", 2)
    page.locator("#method").get_by_text("SpecRef").click()
    page.get_by_role("button", name="Run both methods").click()
    expect(page.locator("#status .done")).to_be_visible()
    expect(page.locator("#both img")).to_have_count(4)  # two results, and where each was edited
    expect(page.locator("#region-used")).to_be_hidden()
    for name in ("specref", "baret"):
        used = np.asarray(shown(page, f"#used-{name}").convert("L"))
        page.locator(f"#choose-{name}").click()
        expect(page.locator("#result label, #result [data-testid=block-label]").first).to_contain_text(
            {"specref": "SpecRef", "baret": "BARET"}[name]
        )
        assert np.array_equal(np.asarray(shown(page, "#region-used").convert("L")), used)
        page.locator("#view").get_by_text("Both methods").click()
        expect(page.locator("#both")).to_be_visible()
    expect(page.locator("#history button.thumbnail-item")).to_have_count(2)
    page.locator("#prompt textarea").fill("something else")
    page.locator("#history button.thumbnail-item").nth(1).click()
    expect(page.locator("#status")).to_contain_text("Restored")
    expect(page.locator("#prompt textarea")).to_have_value("a yellow mug")
    expect(page.locator("#source-prompt textarea")).to_have_value("a blue mug")
    page.locator("#view").get_by_text("Before and after").click()
    expect(page.locator("#compare img")).to_have_count(2)
    file = downloaded(page)

    other = visit(context, address)
    with other.expect_file_chooser() as chooser:
        other.locator("#restore").click()
    chooser.value.set_files({"name": "result.png", "mimeType": "image/png", "buffer": file.read_bytes()})
    expect(other.locator("#status")).to_contain_text("Restored")
    for editor in ("#source", "#reference"):
        wait_until_tinted(other, editor)
    run_to_the_end(other)
    first, again = read_result(file), read_result(downloaded(other))
    assert again.recipe.method == first.recipe.method and again.image.tobytes() == first.image.tobytes()
    other.locator("#use").click()
    expect(other.locator("#source-prompt textarea")).to_have_value("a yellow mug")
    expect(tool_button(other, "#source", "brush")).to_have_class(CHOSEN)
    settled(other, "#source", lambda tint: not tint.any())  # the new source has no mask
    other.close()
