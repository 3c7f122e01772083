"""Trials of what memory and time a server takes, and what it holds on to when visitors have left."""

import base64
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from refedit.bench.suites.server.page_visit import PageVisit
from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import (
    MEBIBYTE,
    begin,
    edit,
    edited,
    hostile,
    layered,
    noise,
    packed,
    session,
    told,
    upload,
)

PEAK, GROWTH, ANSWER = 600, 50, 1.0
"""MB at most while large pictures are read, MB at most that stay, seconds until the page answers."""
LARGEST = 4120
"""The side of a square picture of about 17 megapixels, the most that the page takes."""
EDITS, WARM = 200, 20


def _meanwhile(site: Site, work: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Does all at once; the MB that the server has gained at most, and the slowest answer of the page meanwhile."""
    before, slowest = site.memory(), 0.0
    site.forget_peak()
    with ThreadPoolExecutor(len(work)) as visitors:
        asked = [visitors.submit(one) for one in work]
        while not all(each.done() for each in asked):
            slowest = max(slowest, site.answer_seconds())
            time.sleep(0.2)
    for each in asked:
        each.result()
    return (site.peak() - before) / MEBIBYTE, slowest


def _hostile_pictures(site: Site, quick: bool) -> Found:
    """Many visitors send small files that are 40 megapixels, and ask for edits and clicks on them."""
    return _pictures(site, [hostile(number) for number in range(8 if quick else 40)])


def _large_pictures(site: Site, quick: bool) -> Found:
    """The same with the largest pictures that are taken."""
    return _pictures(site, [hostile(number, LARGEST) for number in range(8 if quick else 40)])


def _pictures(site: Site, pictures: Sequence[bytes]) -> Found:
    with PageVisit(site) as visitor:
        edited(visitor.client, noise(0))
        visitor.asked(upload(visitor.client, noise(0)), "cut", clicks=[[0.5, 0.5, True]])

    def by_program(number: int) -> None:
        with site.client(600) as client:
            event = begin(client, "edit", edit(upload(client, pictures[number])))
            for _ in told(client, "edit", event):
                pass

    def by_click(number: int) -> None:
        with PageVisit(site) as visit:
            visit.asked(upload(visit.client, pictures[number]), "cut", clicks=[[0.5, 0.5, True]])

    work = [partial(by_program if number % 2 else by_click, number) for number in range(len(pictures))]
    gained, slowest = _meanwhile(site, work)
    stayed, alone = (site.memory() - site.peak()) / MEBIBYTE + gained, site.answer_seconds()
    answered = f"the page within {slowest:.2f} s ({alone:.2f} s afterwards)"
    return Found(
        measured=f"+{gained:.0f} MB at most, {stayed:+.0f} MB stay, {answered}",
        held=gained < PEAK and slowest < ANSWER,
    )


def _small_bombs(site: Site, quick: bool) -> Found:
    """Small requests that would take much memory or long: packed text, layers, room round a mask, many values."""
    with PageVisit(site) as visitor:
        edited(visitor.client, noise(0))
        visitor.asked(upload(visitor.client, noise(0)), "cut", clicks=[[0.5, 0.5, True]])

    def by_picture(data: bytes) -> None:
        with site.client(600) as client:
            for _ in told(client, "edit", begin(client, "edit", edit(upload(client, data)))):
                pass

    def by_canvas(number: int) -> None:
        with PageVisit(site) as visit:
            mask = "data:image/png;base64," + base64.b64encode(noise(number, 64)).decode()
            visit.asked({}, "alter", mask=mask, operation="grow", room=1e7, size=[1280, 1280])

    many = json.dumps({"data": edit({}), "more": [[]] * 240_000}).encode()

    def by_values() -> None:
        with site.client(600) as client:
            client.post("/gradio_api/call/edit", content=many, headers={"Content-Type": "application/json"})

    work: list[Callable[[], object]] = []
    for number in range(2 if quick else 10):
        work += [partial(by_picture, make(number)) for make in (packed, layered)]
        work += [partial(by_canvas, number), by_values]
    began = time.monotonic()
    gained, slowest = _meanwhile(site, work)
    return Found(
        measured=f"+{gained:.0f} MB at most, the page within {slowest:.2f} s, all in {time.monotonic() - began:.0f} s",
        held=gained < PEAK and slowest < ANSWER,
    )


def _leaves(site: Site, quick: bool) -> Found:
    """A visitor closes the page while a long edit runs."""
    with PageVisit(site) as visitor:
        visitor.edited(noise(0))
    time.sleep(2)
    before = site.memory()
    with PageVisit(site) as visitor:
        running = visitor.run(noise(1), steps=100)
        for _ in range(20):
            next(running)
        running.close()
    time.sleep(10)
    at = site.processor_seconds()
    time.sleep(5)
    busy, gained = (site.processor_seconds() - at) / 5, (site.memory() - before) / MEBIBYTE
    return Found(
        measured=f"10 s later {100 * busy:.0f} % of a core, +{gained:.0f} MB",
        held=busy < 0.1 and gained < GROWTH,
    )


def _soak(site: Site, quick: bool) -> Found:
    """Visitors come, edit a new picture and go, again and again."""
    edits, done, failed, at_first, opened = EDITS // 5 if quick else EDITS, 0, 0, 0, 0
    while done < edits:
        with ExitStack() as pages:
            visitors = [pages.enter_context(PageVisit(site)) for _ in range(3)]
            for visitor in visitors:
                failed += not visitor.edited(noise(done))
                done += 1
        if not at_first and done >= WARM:
            at_first, opened = _settled(site), site.descriptors()
    grown, more = (_settled(site) - at_first) / MEBIBYTE, site.descriptors() - opened
    return Found(
        measured=f"{done} edits, {failed} failed: {grown:+.0f} MB, {more:+d} descriptors, {len(site.files())} files",
        held=not failed and grown < GROWTH and more <= 2,
    )


def _settled(site: Site) -> int:
    time.sleep(3)
    return site.memory()


def _invented(site: Site, quick: bool) -> Found:
    """Somebody names a thousand sessions that nobody has, with much in them, while a visitor edits."""
    count = 200 if quick else 1000
    with PageVisit(site) as visitor:
        visitor.edited(noise(0))
        before, picture = site.memory(), upload(visitor.client, noise(1))
        own = visitor.session
        for _ in range(count):
            visitor.session = session()
            visitor.asked(picture, "embed", ballast=[[]] * 9_000)
        visitor.session = own
        made = visitor.edited(noise(2))
    grown = (_settled(site) - before) / MEBIBYTE
    return Found(
        measured=f"{count} sessions: {grown:+.0f} MB, the visitor's next edit {'made' if made else 'lost'}",
        held=grown < GROWTH and made,
    )


TRIALS = (
    Trial(
        name="hostile-pictures",
        does="40 visitors at once ask for edits of, and click on, 40-megapixel pictures of 170 KB",
        goal=f"below +{PEAK} MB, the page within {ANSWER:g} s",
        run=_hostile_pictures,
    ),
    Trial(
        name="large-pictures",
        does="the same with 17 megapixels, the most that the page takes",
        goal=f"below +{PEAK} MB, the page within {ANSWER:g} s",
        run=_large_pictures,
    ),
    Trial(
        name="small-bombs",
        does="small pictures that unpack to much or for long, a mask with endless room, bodies of 240,000 values",
        goal=f"below +{PEAK} MB, the page within {ANSWER:g} s",
        run=_small_bombs,
    ),
    Trial(
        name="leaves",
        does="a visitor closes the page while a long edit runs",
        goal=f"nothing computed 10 s later, below +{GROWTH} MB",
        run=_leaves,
    ),
    Trial(
        name="soak",
        does=f"{EDITS} edits by visitors who come and go",
        goal=f"below +{GROWTH} MB after the first {WARM}, descriptors constant",
        run=_soak,
        variables=(("REFEDIT_KEEP_MINUTES", "1"),),
    ),
    Trial(
        name="invented-sessions",
        does="1,000 sessions that nobody has are named",
        goal=f"below +{GROWTH} MB, a visitor's edit is made",
        run=_invented,
    ),
)
