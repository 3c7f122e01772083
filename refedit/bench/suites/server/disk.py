"""Trials of what a server leaves on disk."""

import signal

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import edited, noise


def _ended(by: signal.Signals) -> Trial:
    def run(site: Site, quick: bool) -> Found:
        with site.client() as client:
            edited(client, noise(1))
        before = len(site.files())
        site.end(by)
        left = len(site.files())
        return Found(measured=f"{left} of {before} files left", held=left == 0)

    name = f"ended-by-{by.name.lower()}"
    return Trial(name=name, does=f"one edit, then {by.name}", goal="no file left", run=run)


TRIALS = tuple(_ended(by) for by in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL))
