"""Parameters: every field is described, reads its spelling, and keeps its range."""

from dataclasses import fields
from typing import Any

import pytest

from refedit.errors import EditError
from refedit.methods import METHODS, Baret, Method, SpecRef, nearest_preset, parameters_of, with_values

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
    assert any(not item.advanced for item in described)


@pytest.mark.parametrize("method", CLASSES)
def test_presets_can_be_spelled_and_read_again(method: type[Method]) -> None:
    for preset in method.presets().values():
        spelled = {item.name: str(getattr(preset, item.name)) for item in parameters_of(method)}
        assert with_values(method(), spelled) == preset


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": "1"}, "SpecRef has no parameter 'speed'. It has: steps, guidance"),
        ({"steps": "many"}, "'many' is no value for steps: int expected"),
        ({"steps": "0"}, "steps is 0, but has to lie between 1 and 100"),
        ({"steps": float("inf")}, "'inf' is no value for steps: int expected"),
        ({"steps": float("nan")}, "'nan' is no value for steps: int expected"),
        ({"steps": 20.9}, "'20.9' is no value for steps: int expected"),
        ({"steps": True}, "'True' is no value for steps: int expected"),
        ({"guidance": True}, "'True' is no value for guidance: float expected"),
        ({"guidance": 10**400}, "is no value for guidance: float expected"),
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
