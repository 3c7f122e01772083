"""Results: downloaded, compared, several of one request, kept by the browser, restored."""

from typing import Any

from PIL import Image

from refedit.editing import provenance
from refedit.editing.result_png import read_result
from refedit.methods import values_of
from tests.browser.visitor import (
    BROWSER,
    FILES,
    PROMPTS,
    SIZE,
    SIZES,
    attempts,
    choose_example,
    choose_kind,
    downloaded,
    drawn,
    expect,
    out_of_sight,
    run_to_the_end,
    scene,
    set_steps,
    shown,
    upload_picture,
    visit,
    write,
)

pytestmark = BROWSER
UPLOADS = "**/upload*"


def view(page: Any, number: int) -> None:
    page.locator("#stage .views label").nth(number).click()


def test_a_result_is_compared_at_one_size_and_carries_what_made_it(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    run_to_the_end(page)
    with Image.open(downloaded(page)) as result:
        assert result.format == "PNG" and result.size == (SIZE, SIZE)
        assert result.info["prompt"] == PROMPTS[0] and result.info["steps"] == "2"
        assert provenance.SOURCE_TYPE in result.info[provenance.KEY]
    view(page, 1)
    slider, before = page.locator(".compare input"), page.locator(".compare .over")
    clips = []
    for value in ("10", "90"):
        slider.fill(value)
        clips.append(before.evaluate("(image) => getComputedStyle(image).clipPath"))
    assert clips[0] != clips[1] and shown(page, ".compare .over").convert("RGB").getpixel((100, 140)) == (48, 96, 192)
    view(page, 2)
    boxes = [page.locator(".beside img").nth(number).bounding_box() for number in (0, 1)]
    assert all(abs(boxes[0][side] - boxes[1][side]) < 1 for side in ("y", "width", "height"))
    page.locator("#stage summary").click()
    expect(page.locator("#region-used")).to_be_visible()
    assert page.locator("#stage .details tr").count() > 10


def test_of_several_results_one_is_picked_and_repeated(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    page.locator("#tries select").select_option("3")
    run_to_the_end(page)
    expect(page.locator("#stage .all img")).to_have_count(3)
    expect(page.locator("#download")).to_have_count(0)  # before one is picked, nobody knows of which
    page.locator("#stage .all button").nth(2).click()
    for width, height in (*SIZES[1:3], SIZES[0]):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator("#keep")).to_be_in_viewport()
        assert out_of_sight(page, "#result", "#keep", "#download", "#stage .picks") == [], (width, height)
    picked = read_result(downloaded(page))
    assert values_of(picked.recipe.method)["seed"] == 2, "each has a seed of its own"
    page.locator("#keep").click()
    run_to_the_end(page)
    assert values_of(read_result(downloaded(page)).recipe.method) == values_of(picked.recipe.method)
    page.locator(".lock").click()
    run_to_the_end(page)
    assert values_of(read_result(downloaded(page)).recipe.method)["seed"] != 2, "an open lock rolls the dice"
    page.locator(".lock").click()

    choose_kind(page, "pose")  # where nothing is random, tries differ in how far they go
    choose_example(page, 1)
    page.locator("#tries select").select_option("2")
    run_to_the_end(page)
    expect(page.locator("#stage .all img")).to_have_count(2)
    page.locator("#stage .all button").nth(1).click()
    assert values_of(read_result(downloaded(page)).recipe.method)["eta"] != 0.85
    page.locator("#tries select").select_option("1")


def test_both_methods_run_on_the_same_inputs(shared_page: Any) -> None:
    page = shared_page
    choose_example(page, 0)
    page.locator("#tries select").select_option("both")
    run_to_the_end(page)
    methods = []
    for number in (0, 1):
        view(page, 0)
        page.locator("#stage .all button").nth(number).click()
        methods.append(read_result(downloaded(page)).recipe.method.name)
    assert {*methods} == {"specref", "baret"}
    expect(page.locator("#stage .views label")).to_have_count(4)  # beside the reference, too, which one of them took
    page.locator("#stage .picks label").nth(methods.index("baret")).click()
    page.locator("#keep").click()
    page.wait_for_function("document.body.dataset.kind === 'pose'")
    run_to_the_end(page)
    assert read_result(downloaded(page)).recipe.method.name == "baret", "what is kept is what Run repeats"


def test_several_results_are_shown_as_large_as_they_can_be(shared_page: Any) -> None:
    page = shared_page
    choose_kind(page, "pose")
    upload_picture(page, "source", scene((600, 200), "#30a040"))
    write(page, "prompt", "a red mug")
    set_steps(page, "baret", 2)
    page.locator("#tries select").select_option("2")
    run_to_the_end(page)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        drawn(page)
        screen = page.locator("#stage .screen").bounding_box()
        boxes = [page.locator("#stage .all img").nth(number).bounding_box() for number in (0, 1)]
        beside, below = min(screen["width"] / 2, screen["height"] * 3), min(screen["width"], screen["height"] * 1.5)
        assert min(boxes[0]["width"], boxes[0]["height"] * 3) >= 0.97 * max(beside, below) - 8
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("#tries select").select_option("1")


def test_what_the_server_has_deleted_is_still_looked_at_downloaded_and_used(chromium: Any, address: str) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = visit(context, address)
    choose_example(page, 0)
    run_to_the_end(page)
    first = read_result(downloaded(page))
    expect(page.locator("#history .strip img")).to_have_count(1)
    page.route(FILES, lambda route: route.fulfill(status=403))
    for number, pictures in ((1, 2), (2, 2), (0, 1)):
        view(page, number)
        is_there = f"[...document.querySelectorAll('#stage .screen img')].filter((one) => one.naturalWidth === {SIZE})"
        page.wait_for_function(f"{is_there}.length === {pictures}")
    assert read_result(downloaded(page)).image.tobytes() == first.image.tobytes()
    write(page, "source-prompt", "")
    page.locator("#use").click()
    expect(page.locator("#source-prompt textarea")).to_have_value(PROMPTS[0])
    context.close()


def test_the_result_that_was_wished_for_last_is_restored_and_a_refusal_is_said(shared_page: Any) -> None:
    page, field = shared_page, shared_page.locator("#history input[type=file]")
    choose_example(page, 1)
    files, sent = [], []
    for prompt in ("a green mug", "a red mug"):
        write(page, "prompt", prompt)
        run_to_the_end(page)
        files.append(downloaded(page))
    write(page, "prompt", "")
    page.route(UPLOADS, lambda route: sent.append(route))
    field.set_input_files(files[0])
    field.set_input_files(files[1])
    for _ in attempts(page):
        if len(sent) == 2:
            break
    for route in reversed(sent):
        with page.expect_response(UPLOADS):
            route.continue_()
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    page.wait_for_timeout(300)
    expect(page.locator("#prompt textarea")).to_have_value("a red mug")
    page.unroute(UPLOADS)

    page.route(UPLOADS, lambda route: route.fulfill(status=413, json={"error": "It is too large."}))
    field.set_input_files(files[0])
    expect(page.locator("#status .failed")).to_contain_text("It is too large.")
    page.unroute(UPLOADS)


def test_a_downloaded_result_is_restored_and_used_again(shared_page: Any, context: Any, address: str) -> None:
    page = shared_page
    choose_example(page, 0)
    run_to_the_end(page)
    file = downloaded(page).read_bytes()
    other = visit(context, address)
    choose_kind(other, "pose")
    other.locator("#history input[type=file]").set_input_files(
        {"name": "result.png", "mimeType": "image/png", "buffer": file}
    )
    other.wait_for_function("document.body.dataset.kind === 'swap'")
    expect(other.locator(".stage[data-shows=results]")).to_have_count(1)
    other.locator("#use").click()
    expect(other.locator("#source-prompt textarea")).to_have_value(PROMPTS[0])
    other.wait_for_function("!refedit.panes.source.mask()")  # the new source has no mask
    other.evaluate("refedit.panes.source.undo()")
    other.wait_for_function("refedit.panes.source.mask()")  # and the old one a way back
    other.close()
