"""The draft: what stands on the page survives a reload, belongs to one tab, and is not lost to an example."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from refedit.editing.result_png import read_result
from tests.browser.visitor import (
    BROWSER,
    KINDS,
    PROMPTS,
    SIZE,
    STEPS,
    choose_example,
    choose_kind,
    downloaded,
    expect,
    mask_of,
    opened,
    run_to_the_end,
    scene,
    set_steps,
    steps_of,
    upload_picture,
    visit,
    write,
)
from tests.scripted_editor import HELD

pytestmark = BROWSER

OWN = "something of my own"
KEPT = "refedit.kept('draft', 'readonly', (store) => store.getAll())"


@pytest.fixture
def keeping(chromium: Any) -> Iterator[Any]:
    """A browser of one visitor, which keeps what the page gives it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    yield context
    context.close()


def sentence(page: Any) -> Any:
    return page.locator("#prompt textarea")


def reloaded(page: Any) -> None:
    page.evaluate("refedit.saved()")
    page.reload()
    opened(page)


def all_is_forgotten(page: Any) -> None:
    """Forgets all results, and sees that nothing is left but what stands on the page."""
    for _ in range(2):  # it asks once more
        page.locator("#history .forget").click()
    expect(page.locator("#history .strip img")).to_have_count(0)
    page.wait_for_function(f"{KEPT}.then((kept) => kept.length === 1 && 'kind' in kept[0])")


def test_results_and_the_draft_survive_a_reload_and_come_back(keeping: Any, address: str) -> None:
    page = visit(keeping, address)
    choose_example(page, 0)
    page.locator("#specref-guidance input[type=number]").fill("4.5")
    run_to_the_end(page)
    expect(page.locator("#history .strip img")).to_have_count(1)
    page.locator("#tries select").select_option("2")
    first = read_result(downloaded(page))
    write(page, "prompt", "something of my own")
    reloaded(page)
    expect(page.locator("#prompt textarea")).to_have_value("something of my own")
    expect(page.locator(".pane.filled")).to_have_count(2)
    assert mask_of(page, "source").any()
    expect(page.locator("#specref-guidance input[type=number]")).to_have_value("4.5")
    expect(steps_of(page, "specref")).to_have_value("2")
    expect(page.locator("#tries select")).to_have_value("2")
    page.locator("#tries select").select_option("1")
    expect(page.locator("#result")).to_have_js_property("naturalWidth", SIZE)  # what was on show, too
    expect(page.locator(".views label")).to_have_count(3)
    expect(page.locator("#download-bare")).to_have_count(1)
    page.locator("#history .strip button").click()
    expect(page.locator("#prompt textarea")).to_have_value(PROMPTS[0])
    expect(page.locator("#source-prompt textarea")).to_have_value("a blue mug")
    expect(page.locator(".stage[data-shows=results]")).to_have_count(1)
    run_to_the_end(page)
    again = read_result(downloaded(page))
    assert again.recipe.method == first.recipe.method and again.image.tobytes() == first.image.tobytes()
    assert again.request is not None and first.request is not None
    assert np.array_equal(again.request.region.values, first.request.region.values)  # type: ignore[union-attr]
    expect(page.locator("#history .strip img")).to_have_count(2)
    all_is_forgotten(page)


def test_without_locks_a_tab_goes_on_with_its_own_draft_after_every_reload(keeping: Any, address: str) -> None:
    keeping.add_init_script("Object.defineProperty(navigator, 'locks', {value: undefined})")  # as over plain HTTP
    page = visit(keeping, address)
    write(page, "prompt", OWN)
    reloaded(page)
    expect(sentence(page)).to_have_value(OWN)
    page.wait_for_timeout(600)  # until it is kept again, though nothing has changed
    page.reload()
    opened(page)
    expect(sentence(page)).to_have_value(OWN)


def test_a_draft_whose_picture_cannot_be_read_is_no_obstacle(keeping: Any, address: str) -> None:
    page = visit(keeping, address)
    write(page, "prompt", "something of my own")
    page.evaluate("refedit.panes.source.blob = async () => new File(['nothing'], 'picture.png')")
    reloaded(page)
    expect(page.locator("#prompt textarea")).to_have_value("something of my own")
    expect(page.locator("#source .pane.filled")).to_have_count(0)
    page.close()


def test_each_tab_has_its_own_draft_and_a_new_one_takes_that_of_a_closed_one(keeping: Any, address: str) -> None:
    one, two = visit(keeping, address), visit(keeping, address)
    for tab, text in ((one, "one"), (two, "two")):
        expect(sentence(tab)).to_have_value(PROMPTS[0])  # nothing of the other tab
        write(tab, "prompt", text)
        tab.evaluate("refedit.saved()")
    reloaded(one)
    expect(sentence(one)).to_have_value("one")
    one.goto(f"{address}/?example=mug")
    opened(one)
    expect(sentence(one)).to_have_value(PROMPTS[0])
    reloaded(one)
    one.goto(address)
    opened(one)
    expect(sentence(one)).to_have_value("one")  # the link was nobody's work, and the other tab is open


def test_a_links_page_keeps_what_was_written_over_a_reload(keeping: Any, address: str) -> None:
    page = visit(keeping, f"{address}/?example=mug")
    write(page, "prompt", OWN)
    reloaded(page)
    expect(sentence(page)).to_have_value(OWN)


def test_an_example_is_left_for_what_was_there_before(shared_page: Any) -> None:
    page, back = shared_page, shared_page.locator("#back")
    choose_example(page, 1, STEPS)
    choose_example(page, 0, STEPS)
    expect(page.locator("#status .example")).to_be_visible()
    expect(back).to_be_hidden()  # nothing was the visitor's own
    upload_picture(page, "source", scene((300, 200), "#30a040"))
    write(page, "prompt", OWN)
    write(page, "source-prompt", OWN)
    set_steps(page, "specref", 7)
    run_to_the_end(page)
    for number in (0, 1):
        choose_kind(page, KINDS[number])
        page.locator(f"#example-{number}").click()
        expect(sentence(page)).to_have_value(PROMPTS[number])
    back.click()
    expect(sentence(page)).to_have_value(OWN)
    expect(steps_of(page, "specref")).to_have_value("7")
    assert page.evaluate("refedit.panes.source.size()") == [300, 200]
    assert page.evaluate("document.body.dataset.kind") == "swap"
    expect(page.locator("#result")).to_have_js_property("naturalWidth", 300)
    expect(back).to_be_hidden()


def test_an_examples_own_words_go_once_something_is_the_visitors(shared_page: Any) -> None:
    page = shared_page
    for change in (
        lambda: write(page, "prompt", OWN),
        lambda: page.evaluate("refedit.chooseKind('pose')"),
        lambda: page.locator("#source .remove").dispatch_event("click"),
    ):
        choose_example(page, 0, STEPS)
        expect(page.locator("#status .example")).to_be_visible()
        change()
        expect(page.locator("#status .example")).to_have_count(0)


def test_a_reload_that_stops_an_edit_says_so(page: Any) -> None:
    set_steps(page, "specref", HELD)
    page.locator("#run").click()
    expect(page.locator("#preview")).to_be_visible()
    page.reload()
    opened(page)
    expect(page.locator("#status")).to_contain_text("stopped")
    reloaded(page)
    expect(page.locator("#status")).not_to_contain_text("stopped")
