"""A live study in Chromium: own pictures, two results at once, a vote, and the way out; no word of what edits."""

import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from refedit.study.data import records
from refedit.study.data.said import Choice
from tests.browser.visitor import BROWSER, PATIENCE, expect, scene
from tests.serving import serving
from tests.study.made_up import write_study

pytestmark = BROWSER
ARMS = {
    "specref": {"method": "specref", "settings": {"steps": 2}},
    "baret": {"method": "baret", "settings": {"steps": 2}},
}
QUESTIONS = [{"id": "asked", "text": "Which does what you asked?"}, {"id": "keep", "text": "Which keeps the rest?"}]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    write_study(
        folder, kind="live", cases=None, checks=None, repeats=None, trials=1, arms=ARMS, questions=QUESTIONS,
        minimum_ms=20, recruit={"link": "https://example.org/done"},
    )  # fmt: skip
    scene((256, 256), "#3060c0").save(folder / "source.png")
    scene((256, 256), "#a0b0c0").save(folder / "reference.png")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    with serving(["-m", "tests.study.live_server", str(folder)], folder, {}) as address:
        yield address


def test_a_person_edits_own_pictures_and_judges_two_results(chromium: Any, address: str, folder: Path) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page.goto(f"{address}/study/")
    page.get_by_label("You may also keep the pictures").check()
    page.get_by_role("button", name="I agree").click()
    expect(page.locator("#live-place")).to_contain_text("Edit 1 of 1")
    assert "#" not in page.url, "the token is not left in the address"
    for name in ("source", "reference"):
        page.locator(f"#{name} input.file").set_input_files(folder / f"{name}.png")
    page.get_by_label("The picture as it is now").fill("a blue mug")
    page.get_by_label("The picture that you want").fill("a red mug")
    page.locator("#live-run").click()
    expect(page.locator("#live-question")).to_contain_text(QUESTIONS[0]["text"])
    expect(page.locator("#live-results img")).to_have_count(2)
    page.locator("#live-left").click()
    expect(page.locator("#live-question")).to_contain_text(QUESTIONS[1]["text"])
    page.locator("#live-none").click()
    expect(page.locator("#live-place")).to_contain_text("That was the last one")
    page.get_by_role("link", name="Go to the study").click()
    expect(page.get_by_role("link", name="Finish")).to_have_attribute("href", "https://example.org/done")
    context.close()

    db = records.open_records(folder)
    rows, edits = records.answers(db), records.edits(db)
    assert [(row.question, row.choice) for row in rows] == [("asked", Choice.LEFT), ("keep", Choice.NONE)]
    assert {edit.arm for edit in edits} == set(ARMS) and all("a red mug" in edit.request for edit in edits)
    assert [row[0] for row in db.execute("SELECT count(*) FROM live_edit WHERE result NOTNULL")] == [2]


def test_the_page_names_no_method(address: str) -> None:
    for path in ("/live", "/config", "/study/page.js"):
        with urllib.request.urlopen(f"{address}{path}", timeout=20) as answer:
            seen = answer.read().decode().lower()
        assert not any(name in seen for name in ("specref", "baret", "recommended", "non-rigid"))
