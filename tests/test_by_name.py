"""What is known by names that anybody can invent does not grow without end."""

import pytest

from refedit.machine.by_name import Recent, UnderWay


def test_what_was_set_last_is_kept() -> None:
    recent: Recent[int] = Recent(2)
    for number, name in enumerate("abac"):
        recent[name] = number
    assert dict(recent) == {"a": 2, "c": 3} and "b" not in recent


def test_what_has_ended_leaves_room_also_by_an_error() -> None:
    under_way = UnderWay(1)
    with pytest.raises(KeyError), under_way.one_of("a"):
        raise KeyError
    with under_way.one_of("a") as first, under_way.one_of("a") as second:
        assert first and not second
