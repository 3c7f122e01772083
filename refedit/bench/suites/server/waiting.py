"""Trials of who waits for whom: floods, requests that nobody listens for, visitors who leave."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from refedit.bench.suites.server.site import Site
from refedit.bench.suites.server.trial import Found, Trial
from refedit.bench.suites.server.visits import begin, edit, edited, noise, session, told, upload

FLOOD = 40
STRANGER, VISITOR = "127.0.0.2", "127.0.0.3"
"""Both are addresses of this machine."""
CLICK, OTHERS, LEFT = 1.0, 2, 10.0
TOLD = "Waiting for "


def _flood(site: Site, quick: bool) -> Found:
    """One client asks for edits and masks, and listens to all of them, while a visitor clicks and edits."""
    with site.client(300, STRANGER) as stranger, site.client(300, VISITOR) as visitor, ThreadPoolExecutor(FLOOD) as all:
        asked, mine = upload(stranger, noise(1)), upload(visitor, noise(2))
        edited(visitor, noise(3))
        _click(visitor, mine)  # the first one loads what finds things
        events = [("edit", begin(stranger, "edit", edit(asked, 20))) for _ in range(10 if quick else FLOOD)]
        events += [("segment", begin(stranger, "segment", [asked, "60,60"])) for _ in range(10 if quick else FLOOD)]
        answers = [all.submit(_end, stranger, *event) for event in events]
        time.sleep(1.0)
        click, others = _click(visitor, mine), _waited_for(visitor, mine)
        refused = sum(answer.result() == "error" for answer in answers)
    measured = f"a click {click:.2f} s, an edit after {others} others, {refused} of {len(events)} requests refused"
    return Found(measured=measured, held=click < CLICK and others <= OTHERS)


def _unheard(site: Site, quick: bool) -> Found:
    """One client asks for edits by many invented sessions and listens to none; a visitor waits for none of them."""
    with site.client(300, STRANGER) as stranger, site.client(300, VISITOR) as visitor:
        asked, mine = upload(stranger, noise(1)), upload(visitor, noise(2))
        edited(visitor, noise(3))
        for _ in range(17):
            data = {"data": edit(asked, 20), "session_hash": session()}
            stranger.post("/gradio_api/call/edit", json=data)
        others = _waited_for(visitor, mine)
        before = site.processor_seconds()
        time.sleep(12.0)
        spent = site.processor_seconds() - before
    return Found(
        measured=f"an edit after {others} others; {spent:.1f} s of processor time in the next 12 s",
        held=others == 0 and spent < 6,
    )


def _leaving(site: Site, quick: bool) -> Found:
    """A visitor leaves in the middle of a step of 50 inner ones."""
    with site.client(300, STRANGER) as stranger, site.client(300, VISITOR) as visitor:
        edited(visitor, noise(3))
        asked, mine = upload(stranger, noise(1)), upload(visitor, noise(2))
        data = edit(asked, 20)
        data[8] = {"steps": 20, "inner_steps": 50}
        for _, told_of in told(stranger, "edit", begin(stranger, "edit", data)):
            if told_of and told_of[0].get("stage", "").startswith("Fitting"):
                break
        left = time.monotonic()
        _waited_for(visitor, mine)
        seconds = time.monotonic() - left
    return Found(measured=f"another visitor's edit began {seconds:.1f} s later", held=seconds < LEFT)


def _end(client: httpx.Client, endpoint: str, event: str) -> str:
    """How a call ends."""
    return [kind for kind, _ in told(client, endpoint, event)][-1]


def _click(client: httpx.Client, picture: dict[str, Any]) -> float:
    """How many seconds a mask of a click takes."""
    began = time.monotonic()
    kind = _end(client, "segment", begin(client, "segment", [picture, "60,60"]))
    if kind != "complete":
        raise ValueError(f"the click ended with {kind}")
    return time.monotonic() - began


def _waited_for(client: httpx.Client, picture: dict[str, Any]) -> int:
    """How many edits of others come before an edit, as it is told; returns once that edit has begun."""
    most = 0
    for stage in _stages(client, picture):
        if stage.startswith(TOLD):
            most = max(most, int(stage.removeprefix(TOLD).split()[0]))
        elif stage and not stage.startswith("Waiting"):
            break
    return most


def _stages(client: httpx.Client, picture: dict[str, Any]) -> Iterator[str]:
    for kind, data in told(client, "edit", begin(client, "edit", edit(picture))):
        if kind == "error":
            raise ValueError(f"the edit was refused: {data}")
        yield str((data or [{}])[0].get("stage") or "")


TRIALS = (
    Trial(
        name="flood",
        does=f"one client asks for {FLOOD} edits and {FLOOD} masks and listens; a visitor clicks and edits",
        goal=f"a click within {CLICK:g} s, an edit after {OTHERS} others at most",
        run=_flood,
    ),
    Trial(
        name="unheard",
        does="17 invented sessions ask for edits and nobody listens",
        goal="a visitor waits for none of them, and none runs",
        run=_unheard,
    ),
    Trial(
        name="leaving",
        does="a visitor leaves in a step of 50 inner ones",
        goal=f"another's edit begins within {LEFT:g} s",
        run=_leaving,
    ),
)
