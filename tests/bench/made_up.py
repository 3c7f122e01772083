"""Outcomes made by hand."""

from collections.abc import Mapping
from typing import Any

from refedit.bench.experiment.cases import POSE
from refedit.bench.experiment.outcome import Outcome
from refedit.picturebook.world.factors import FACTORS

TRUTH = {"kind": "cat", "pose": "sitting", "colour": "red", "pattern": "plain", "background": "sea", "style": "flat"}


def outcome(number: int = 0, wrong: tuple[str, ...] = (), read: bool = True, **fields: Any) -> Outcome:
    """An outcome in which the factors in `wrong` are read wrongly; `fields` replaces any of its fields."""
    seen = {name: "?" if name in wrong else word for name, word in TRUTH.items()}
    plain: dict[str, Any] = {
        "number": number,
        "kind": POSE,
        "method": "made up",
        "changed": ("pose",),
        "inside": 20.0,
        "outside": 30.0,
        "truth": TRUTH,
        "read": seen if read else {},
        "chance": dict.fromkeys(FACTORS, 0.5) if read else {},
        "rows": 1,
        "seconds": 1.0,
    }
    return Outcome(**{**plain, **fields})


def with_readings(number: int, readings: Mapping[str, float]) -> Outcome:
    """An outcome that gives these readings; look is given to both factors that it is the mean of."""
    fields: dict[str, Any] = {}
    chance: dict[str, float] = {}
    for name, value in readings.items():
        if name == "look":
            chance |= {"colour": value, "pattern": value}
        elif name == "pose":
            chance["pose"] = value
        elif name.startswith("chance "):
            chance[name.removeprefix("chance ")] = value
        elif name == "log loss":
            fields["loss"] = 10**value
        else:
            fields[name] = round(value) if name == "rows" else value
    return outcome(number, chance={**dict.fromkeys(FACTORS, 0.5), **chance}, **fields)
