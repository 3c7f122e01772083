"""A link carries the small settings, or an example's name: what is copied on one visit is filled in on the next."""

from typing import Any

from tests.browser.visitor import (
    BROWSER,
    PROMPTS,
    choose_example,
    encoded,
    expect,
    masked,
    opened,
    run_to_the_end,
    scene,
    set_steps,
    steps_of,
    upload,
    visit,
    write,
)

pytestmark = BROWSER


# What the button says after a copy stands there for moments.
TOLD = """() => {
  const button = document.getElementById("copy-link");
  window.told = [];
  new MutationObserver(() => told.push(button.textContent)).observe(button, {childList: true, subtree: true});
}"""


def copied_link(page: Any) -> str:
    if not page.locator("#copy-link").is_visible():
        page.locator("#models button").first.click()
    page.locator("#copy-link").click()
    field = page.locator("#link textarea, #link input")
    page.wait_for_function("document.querySelector('#link textarea, #link input')?.value.includes('?')")
    return str(field.input_value())


def test_a_copied_link_fills_in_the_next_visit(context: Any, address: str) -> None:
    page = visit(context, address)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    choose_example(page, 1, steps=3)
    write(page, "prompt", "a größer & <b>redder</b> mug")
    page.locator("#models button").first.click()
    expect(page.locator("#copy-link")).to_be_visible()
    page.evaluate(TOLD)
    before = page.locator("#copy-link").inner_text()
    link = copied_link(page)
    page.wait_for_function("async (link) => await navigator.clipboard.readText() === link", arg=link)
    page.wait_for_function("(before) => told.some((text) => text !== before)", arg=before)
    assert link.startswith(address) and "steps=3" in link and "method=baret" in link and "guidance" not in link
    page.close()

    other = visit(context, link)
    expect(other.locator("#prompt textarea")).to_have_value("a größer & <b>redder</b> mug")
    expect(other.locator("#reference")).to_be_hidden()
    expect(other.locator("#notes .note")).to_have_count(0)
    expect(steps_of(other, "baret")).to_have_value("3")
    set_steps(other, "baret", 4)
    assert copied_link(other) == link.replace("steps=3", "steps=4")
    other.close()


def test_a_links_words_stay_when_a_picture_is_chosen_for_them(context: Any, address: str) -> None:
    page = visit(context, f"{address}/?method=baret&prompt=a+dog+sleeping")
    upload(page, "source", encoded(scene((64, 64), "#30a040")))
    expect(page.locator("#source .pane.filled")).to_have_count(1)
    expect(page.locator("#prompt textarea")).to_have_value("a dog sleeping")
    page.close()


def test_an_examples_link_opens_it_and_nonsense_is_named(context: Any, address: str) -> None:
    page = visit(context, f"{address}/?example=red")
    expect(page.locator("#prompt textarea")).to_have_value(PROMPTS[1])
    masked(page, "source")
    wrong = "/?method=magic&preset=%3Cb%3E&steps=many&nonsense=1&prompt=a%20red%20mug&__theme=dark&model=somewhere/else"
    page.goto(address + wrong)
    for named in ("“magic”", "“<b>”", "somewhere/else"):
        expect(page.locator("#notes")).to_contain_text(named)
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    choose_example(page, 1)
    expect(page.locator("#notes .note")).to_have_count(0)
    run_to_the_end(page)
    choose_example(page, 0)
    page.goto(copied_link(page))
    opened(page)
    expect(steps_of(page, "specref")).to_have_value("2")
    masked(page, "source")  # of an example, with its pictures
    masked(page, "reference")
    page.close()
