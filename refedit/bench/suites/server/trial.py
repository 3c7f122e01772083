"""What a trial of the server is, and what comes of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from refedit.bench.suites.server.site import Site
from refedit.errors import EditError


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a trial has measured, in words for the table, and whether that is within its goal."""

    measured: str
    held: bool


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One thing that strangers do to a server, and what must not come of it.

    `run` gets a server that is started for this trial alone, and whether it shall be quick about it. `variables` are
    environment variables of that server, beside those that every trial has.
    """

    name: str
    does: str
    goal: str
    run: Callable[[Site, bool], Found]
    variables: tuple[tuple[str, str], ...] = ()


def run_trials(trials: Iterable[Trial], model: str, folder: Path, quick: bool) -> Iterator[tuple[Trial, Found]]:
    """Runs one trial after another, each on a server of its own; what fails to answer has not held."""
    for trial in trials:
        place = folder / trial.name
        place.mkdir(parents=True)
        with Site(place, {"REFEDIT_MODEL": model, **dict(trial.variables)}) as site:
            try:
                found = trial.run(site, quick)
            except (OSError, ValueError, httpx.HTTPError) as error:
                found = Found(measured=f"{type(error).__name__}: {error}", held=False)
        yield trial, found


def chosen(trials: Iterable[Trial], names: Iterable[str]) -> tuple[Trial, ...]:
    """The trials with these names, all of them if there are none; EditError for a name that no trial has."""
    by_name, names = {trial.name: trial for trial in trials}, list(names)
    if unknown := [name for name in names if name not in by_name]:
        raise EditError(f"There is no trial '{unknown[0]}'. Choose of {', '.join(by_name)}.")
    return tuple(by_name[name] for name in names) or tuple(by_name.values())


def as_row(trial: Trial, found: Found) -> dict[str, Any]:
    """A line of the table."""
    return {"trial": trial.name, "measured": found.measured, "goal": trial.goal, "held": found.held}
