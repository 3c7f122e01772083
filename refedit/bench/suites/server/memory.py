"""Trials of what memory a server takes, and what it holds on to."""

from concurrent.futures import ThreadPoolExecutor

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import MEBIBYTE, begin, edit, edited, hostile, noise, told, upload

PEAK, ANSWER = 600, 1.0


def _hostile_pictures(site: Site, quick: bool) -> Found:
    """Many visitors send a small file that is 40 megapixels, and ask for an edit of it, while another looks in."""
    count = 8 if quick else 40
    pictures = [hostile(number) for number in range(count)]
    with site.client() as client:
        edited(client, noise(0))
    before, slowest = site.memory(), 0.0
    site.forget_peak()

    def visit(number: int) -> str:
        with site.client(300) as client:
            event = begin(client, "edit", edit(upload(client, pictures[number])))
            return [kind for kind, _ in told(client, "edit", event)][-1]

    with ThreadPoolExecutor(count) as visitors:
        asked = [visitors.submit(visit, number) for number in range(count)]
        while not all(each.done() for each in asked):
            slowest = max(slowest, site.answer_seconds())
    gained = (site.peak() - before) / MEBIBYTE
    return Found(
        measured=f"+{gained:.0f} MB at most, the page within {slowest:.2f} s",
        held=gained < PEAK and slowest < ANSWER,
    )


TRIALS = (
    Trial(
        name="hostile-pictures",
        does="40 visitors at once ask for edits of 40-megapixel pictures of 40 KB",
        goal=f"below +{PEAK} MB, the page within {ANSWER:g} s",
        run=_hostile_pictures,
    ),
)
