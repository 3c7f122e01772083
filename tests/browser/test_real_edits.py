"""An example in two clicks, edited by the app as a user starts it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.browser.visitor import (
    BOX,
    BROWSER,
    SIZE,
    STEPS,
    centre,
    expect,
    run_to_the_end,
    shown,
    visit,
    wait_until_tinted,
)

pytestmark = BROWSER


@pytest.fixture
def page(context: Any, app: str) -> Iterator[Any]:
    page = visit(context, app)
    yield page
    page.close()


@pytest.mark.parametrize(("number", "method"), [(0, "specref"), (1, "baret")])
def test_an_example_runs_with_two_clicks(page: Any, number: int, method: str) -> None:
    page.locator(f"#example-{number}").click()
    expect(page.locator("#prompt textarea")).to_have_value(["a yellow mug", "a red mug"][number])
    expect(page.locator(f"#{method}-steps input[type=number]")).to_have_value(str(STEPS))
    for part in ("#reference", "#source-prompt"):
        expect(page.locator(part)).to_be_visible(visible=method == "specref")
    for editor in ["#source", "#reference"][: 2 - number]:
        tint = wait_until_tinted(page, editor)
        ys, xs = np.nonzero(tint)
        assert 0.8 < (np.ptp(xs) + 1) / (np.ptp(ys) + 1) < 1.25, "the mask is as square as it was drawn"

    run_to_the_end(page)
    seen = page.evaluate("Object.fromEntries(Object.entries(seen).map(([name, set]) => [name, [...set]]))")
    assert "Editing" in seen["stages"] and len(seen["stages"]) >= 2
    assert any(step.endswith(f"of {STEPS}") for step in seen["steps"])
    assert seen["previews"], "a preview is shown on the way"
    assert shown(page, "#result").size == (SIZE, SIZE)
    middle = (BOX[0] + BOX[2]) / 2 / SIZE, (BOX[1] + BOX[3]) / 2 / SIZE
    assert centre(np.asarray(shown(page, "#region-used").convert("L")) > 127) == pytest.approx(middle, abs=0.02)
