"""Parameters: every field is described, reads its spelling, and keeps its range."""

from dataclasses import fields
from typing import Any

import pytest

from refedit.errors import EditError
from refedit.methods import (
    METHODS,
    Baret,
    Method,
    SpecRef,
    nearest_preset,
    parameters_of,
    strength_of,
    tries,
    values_of,
    with_values,
)

CLASSES = list(METHODS.values())


@pytest.mark.parametrize("method", CLASSES)
def test_every_parameter_is_described_and_every_default_in_its_range(method: type[Method]) -> None:
    described = parameters_of(method)
    assert [item.name for item in described] == [item.name for item in fields(method)]  # type: ignore[arg-type]
    for item in described:
        assert item.label and item.help
        if item.kind in (int, float):
            assert item.low is not None and item.high is not None and item.low <= item.default <= item.high
        if item.choices:
            assert item.default in item.choices


@pytest.mark.parametrize("method", CLASSES)
def test_presets_can_be_spelled_and_read_again(method: type[Method]) -> None:
    for preset in method.presets().values():
        spelled = {item.name: str(getattr(preset, item.name)) for item in parameters_of(method)}
        assert with_values(method(), spelled) == preset


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": "1"}, "SpecRef has no parameter 'speed'. It has: steps, guidance"),
        ({"steps": "many"}, "'many' is no value for steps: a whole number expected"),
        ({"steps": "0"}, "steps is 0, but has to lie between 1 and 100"),
        ({"steps": float("inf")}, "'inf' is no value for steps: a whole number expected"),
        ({"steps": float("nan")}, "'nan' is no value for steps: a whole number expected"),
        ({"steps": 20.9}, "'20.9' is no value for steps: a whole number expected"),
        ({"steps": None}, "steps is empty: a whole number expected"),
        ({"steps": True}, "'True' is no value for steps: a whole number expected"),
        ({"guidance": True}, "'True' is no value for guidance: a number expected"),
        ({"guidance": 10**400}, "is no value for guidance: a number expected"),
        ({"guidance": float("inf")}, "guidance is inf, but has to lie between 1 and 20"),
        ({"guidance": float("nan")}, "guidance is nan, but has to lie between 1 and 20"),
        ({"guidance": "nan"}, "guidance is nan"),
        ({"masks": "all"}, "Choose one of both, subject, region, none"),
        ({"blend": "maybe"}, "'maybe' is no value for blend"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(EditError, match=message):
        with_values(SpecRef(), settings)


@pytest.mark.parametrize("method", CLASSES)
def test_the_nearest_preset_is_the_one_that_was_changed(method: type[Method]) -> None:
    for name, preset in method.presets().items():
        assert nearest_preset(preset) == (name, 0)
        assert nearest_preset(with_values(preset, {"steps": 3})) == (name, 1)


def test_a_whole_number_may_be_written_as_any_number() -> None:
    assert with_values(SpecRef(), {"steps": 30.0, "guidance": 5}) == SpecRef(steps=30, guidance=5.0)


def test_a_setting_changes_one_thing() -> None:
    changed = with_values(Baret(), {"eta": "0.5", "carry_over": "off"})
    assert changed == Baret(eta=0.5, carry_over=False)


def test_tries_differ_by_seed_where_something_is_random_and_by_strength_elsewhere() -> None:
    specref, baret = METHODS["specref"](), METHODS["baret"]()
    painted = tries(specref, 4, painted=True)
    assert specref.draws_by_lot(painted=True) and [values_of(one)["seed"] for one in painted] == [0, 1, 2, 3]
    for method, seen in ((specref, False), (baret, True), (baret, False)):
        strength = strength_of(type(method)).name
        assert not method.draws_by_lot(seen)
        varied = tries(method, 4, painted=seen)
        assert varied[0] == method and len({values_of(one)[strength] for one in varied}) == len(varied) > 1
        assert all(one == with_values(method, {strength: values_of(one)[strength]}) for one in varied)


def test_every_method_has_one_strength_and_every_parameter_plain_words() -> None:
    for name, method in METHODS.items():
        assert sum(item.strength for item in parameters_of(method)) == 1, name
        assert all(item.plain and item.label in item.told for item in parameters_of(method)), name
