"""A live study's edit: both arms or nothing, in either order, and no word that tells them apart."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from refedit.editing.request import EditEvent, EditRequest
from refedit.errors import EditError
from refedit.study.blinded import NOT_THESE, Along, BlindEvent, Broken, Own, Ready, needs_of, run_both
from refedit.study.data.definition import Definition, MethodArm
from refedit.study.data.pairs import Pair, Side, read_built
from refedit.study.data.said import LiveEdit
from refedit.ui.events.running_edits import Halted
from refedit.ui.state.picture_with_mask import PictureWithMask
from tests.conftest import box_mask, picture
from tests.scripted_editor import HELD, ScriptedEditor
from tests.study.made_up import write_study

ARMS: dict[str, Any] = {
    "one": {"method": "specref", "settings": {"steps": 2}},
    "two": {"method": "baret", "settings": {"steps": 3}},
}
OWN = Own(
    source=PictureWithMask(picture=picture(1), mask=box_mask((64, 64), (8, 8, 40, 40))),
    reference=PictureWithMask(picture=picture(2)),
    source_prompt="a cat",
    prompt="a dog",
)


@pytest.fixture
def definition(tmp_path: Path) -> Definition:
    return write_study(tmp_path, kind="live", cases=None, checks=None, repeats=None, trials=4, arms=ARMS)


@pytest.fixture
def pair(definition: Definition, tmp_path: Path) -> Pair:
    [pair] = read_built(tmp_path, definition).pairs
    return pair


class Failing(ScriptedEditor):
    """Cannot do what one of the arms wants, and says it in the words given."""

    def __init__(self, method: str, message: str) -> None:
        self.method, self.message = method, message

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        if request.method.name == self.method:
            raise EditError(self.message)
        yield from super().edit(request, cancel)


def both(definition: Definition, pair: Pair, own: Own = OWN, editor: Any = None) -> list[BlindEvent]:
    return list(run_both(editor or ScriptedEditor(), definition, pair, 0, own, threading.Event()))


def test_both_results_come_together_in_either_order(definition: Definition, pair: Pair) -> None:
    orders = set()
    for _ in range(30):
        *along, last = both(definition, pair)
        kept = [event for event in along if isinstance(event, LiveEdit)]
        fractions = [event.fraction for event in along if isinstance(event, Along)]
        assert len(kept) + len(fractions) == len(along) and fractions == sorted(fractions) and fractions[-1] == 1
        assert isinstance(last, Ready) and set(last.results) == set(Side)
        rows = {edit.arm: edit.rows for edit in kept}  # a scripted edit's rows are its steps
        assert {side: last.results[side].rows for side in Side} == {Side.FIRST: rows["one"], Side.SECOND: rows["two"]}
        assert all(edit.source and edit.result and edit.request["prompt"] == "a dog" for edit in kept)
        orders.add(tuple(edit.arm for edit in kept))
    assert orders == {("one", "two"), ("two", "one")}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source": None}, "picture that you want to edit"),
        ({"reference": None}, "reference"),
        ({"source_prompt": " "}, "as it is now"),
        ({"prompt": ""}, "picture that you want"),
    ],
)
def test_what_is_missing_is_said_before_anything_runs(
    changes: dict[str, Any], says: str, definition: Definition, pair: Pair
) -> None:
    [event] = both(definition, pair, replace(OWN, **changes))
    assert isinstance(event, Broken) and says in event.message


@pytest.mark.parametrize(
    "arm", [{"method": "none"}, {"method": "baret", "preset": "none"}, {"method": "baret", "settings": {"steps": "x"}}]
)
def test_an_arm_that_there_is_not_is_told_before_anybody_comes(arm: dict[str, Any], tmp_path: Path) -> None:
    arms = {"one": {"method": "baret"}, "two": arm}
    definition = write_study(tmp_path, kind="live", arms=arms, cases=None, checks=None, repeats=None, trials=2)
    with pytest.raises(EditError):
        needs_of(definition)


def test_a_failure_shows_nothing_and_names_no_arm(definition: Definition, pair: Pair) -> None:
    for message, told in (
        ("SpecRef needs more.", NOT_THESE),
        ("The model knows no 'dgo'.", "The model knows no 'dgo'."),
    ):
        for _ in range(8):
            events = both(definition, pair, editor=Failing("specref", message))
            assert not any(isinstance(event, Ready) for event in events)
            assert isinstance(events[-1], Broken) and (events[-1].message, events[-1].detail) == (told, message)
            failed = [event for event in events if isinstance(event, LiveEdit) and event.failed]
            assert [(edit.arm, edit.failed, edit.result) for edit in failed] == [("one", message, None)]


def test_stop_ends_both(definition: Definition, pair: Pair) -> None:
    held = {name: MethodArm(method=arm["method"], settings={"steps": HELD}) for name, arm in ARMS.items()}
    cancel, events = threading.Event(), []
    for event in run_both(ScriptedEditor(), replace(definition, arms=held), pair, 0, OWN, cancel):
        events.append(event)
        cancel.set()
    assert isinstance(events[-1], Halted) and not any(isinstance(event, LiveEdit) for event in events)


def test_results_are_pixels_only(definition: Definition, pair: Pair, tmp_path: Path) -> None:
    kept = [event for event in both(definition, pair) if isinstance(event, LiveEdit)]
    for edit in kept:
        (tmp_path / "result.png").write_bytes(edit.result or b"")
        assert Image.open(tmp_path / "result.png").info == {}
