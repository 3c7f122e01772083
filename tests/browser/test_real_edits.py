"""An example in two clicks, edited by the app as a user starts it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.examples import scene
from tests.browser.visitor import (
    BOX,
    BROWSER,
    BUILT_IN,
    KINDS,
    PROMPTS,
    SIZE,
    STEPS,
    centre,
    choose_kind,
    expect,
    mask_of,
    run_to_the_end,
    shown,
    upload_picture,
    visit,
)

pytestmark = BROWSER


@pytest.fixture
def page(context: Any, app: str) -> Iterator[Any]:
    page = visit(context, app)
    yield page
    page.close()


@pytest.mark.parametrize("number", [0, 1])
def test_an_example_runs_with_two_clicks(page: Any, number: int) -> None:
    choose_kind(page, KINDS[number])
    page.locator(f"#example-{number}").click()
    expect(page.locator("#prompt textarea")).to_have_value(PROMPTS[number])
    for part in ("#reference", "#source-prompt"):
        expect(page.locator(part)).to_be_visible(visible=number == 0)
    middle = (BOX[0] + BOX[2]) / 2 / SIZE, (BOX[1] + BOX[3]) / 2 / SIZE
    page.wait_for_function("refedit.panes.source.mask()")
    assert centre(mask_of(page, "source")) == pytest.approx(middle, abs=0.01)

    run_to_the_end(page)
    seen = page.evaluate("Object.fromEntries(Object.entries(seen).map(([name, set]) => [name, [...set]]))")
    assert "Editing" in seen["stages"] and len(seen["stages"]) >= 2
    assert any(step.endswith(f"of {STEPS}") for step in seen["steps"])
    assert seen["previews"], "a preview is shown on the way"
    assert shown(page, "#result").size == (SIZE, SIZE)
    page.locator("#stage summary").click()
    used = np.asarray(shown(page, "#region-used").getchannel("A")) > 127
    assert centre(used) == pytest.approx(middle, abs=0.02)


@pytest.mark.skipif(not BUILT_IN, reason="no readers in this copy")
def test_chips_below_a_sentence_put_their_words_into_it(page: Any) -> None:
    dog = scene("dog", 103, pose="sitting", backdrop="beach", colour="brown")
    upload_picture(page, "source", draw(dog, SIZE).picture)
    now, wanted = (page.locator(f"#{name} textarea") for name in ("source-prompt", "prompt"))
    page.locator("#source-prompt-reading .chip").click()
    expect(now).to_have_value("a brown dog sitting on a beach")
    choose_kind(page, "look")
    for said, chip, then in (
        ("snow, please", "a brown dog sitting in the snow", "a brown dog sitting in the snow"),
        ("a dog in the snow", "brown dog", "a brown dog in the snow"),
        ("a brown dog on a meadoww", "meadow?", "a brown dog on a meadow"),
    ):
        wanted.fill(said)
        page.locator("#prompt-reading .chip", has_text=chip).click()
        expect(wanted).to_have_value(then)
