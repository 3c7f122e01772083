"""One number of an outcome by name: what tables, contrasts and curves are made of."""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields

from refedit.bench.experiment.outcome import Outcome
from refedit.picturebook.world.factors import FACTORS

IDENTITY = ("kind", "colour", "pattern", "background")
"""What an edit of a pose must keep."""
_NUMBERS = {item.name for item in fields(Outcome) if item.type in (int, float, float | None)} - {"number"}
"""The fields of an outcome that are readings. The number of its case measures nothing."""


def reading(outcome: Outcome, name: str) -> float | bool | None:
    """A reading by name, None where it can't be known.

    Besides the numbers of `Outcome`: "chance X" (of a factor), "right X Y" (all read as they are in the truth),
    "changed right" (the factors that the edit changes), "identity kept" (those of IDENTITY that it does not), "look"
    (mean chance of colour and pattern), "pose" (its chance, None for things), "log loss" (see `Outcome.log_loss`).
    """
    check_reading(name)
    first, _, rest = name.partition(" ")
    if name in _OTHERS:
        return _OTHERS[name](outcome)
    if first == "chance":
        return outcome.chance.get(rest)
    if first == "right":
        return _right(outcome, tuple(rest.split()))
    value: float | None = getattr(outcome, name)
    return None if value is None else float(value)  # UNet rows are whole numbers, but no yes or no


def is_chance(name: str) -> bool:
    """True for the readings that are a probability: in most cases near 0 or 1, and rarely in between."""
    return name.startswith("chance ") or name in ("look", "pose")


def check_reading(name: str) -> None:
    """Raises ValueError for a reading that there is not: a slip in a name would only ever be "not decided"."""
    first, _, rest = name.partition(" ")
    known = name in _OTHERS or name in _NUMBERS
    known = known or (first == "chance" and rest in FACTORS)
    known = known or (first == "right" and bool(rest) and set(rest.split(" ")) <= set(FACTORS))
    if not known:
        raise ValueError(f"there is no reading '{name}'")


def readings(*names: str) -> tuple[str, ...]:
    """The names as they are, for a table; raises as `check_reading`."""
    for name in names:
        check_reading(name)
    return names


def by_case(outcomes: Mapping[int, Outcome], name: str) -> dict[int, float | bool | None]:
    return {number: reading(outcome, name) for number, outcome in outcomes.items()}


def _right(outcome: Outcome, factors: tuple[str, ...]) -> bool | None:
    return all(outcome.read[name] == outcome.truth[name] for name in factors) if outcome.read else None


def _changed(outcome: Outcome) -> bool | None:
    return _right(outcome, outcome.changed)


def _kept(outcome: Outcome) -> bool | None:
    return _right(outcome, tuple(name for name in IDENTITY if name not in outcome.changed))


def _look(outcome: Outcome) -> float | None:
    return _mean_chance(outcome, "colour", "pattern")


def _pose(outcome: Outcome) -> float | None:
    """None for things: they have one pose, which can't be read wrongly."""
    return outcome.chance.get("pose") if outcome.truth["pose"] else None


def _mean_chance(outcome: Outcome, *factors: str) -> float | None:
    return sum(outcome.chance[name] for name in factors) / len(factors) if outcome.chance else None


def _log_loss(outcome: Outcome) -> float | None:
    return None if outcome.loss is None else math.log10(max(outcome.loss, 1e-12))


_OTHERS: Mapping[str, Callable[[Outcome], float | bool | None]] = {
    "changed right": _changed,
    "identity kept": _kept,
    "look": _look,
    "pose": _pose,
    "log loss": _log_loss,
}
