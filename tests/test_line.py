"""The line of edits: fair between addresses, closed to those whom nobody listens to, stopped when they leave."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from refedit.editing import line as lines
from refedit.editing.line import OF_ALL, OF_AN_ADDRESS, EditorInLine, Line, Visitor, check_work
from refedit.editing.request import EditEvent, EditRequest, Progress
from refedit.errors import EditError, Stopped
from refedit.methods import Baret
from tests.conftest import picture
from tests.scripted_editor import ScriptedEditor


def visitor(name: str, address: str = "a", silent: float = 0.0) -> Visitor:
    return Visitor(name=name, address=address, silent=lambda since: silent)


def goes_on(line: Line, place: lines.Place) -> bool:
    """Whether a place has its turn now."""
    return next(line.waited(place), None) is None


def test_a_visitor_and_an_address_may_have_few_waiting() -> None:
    line, many = Line(), ExitStack()
    with many:
        first = many.enter_context(line.place(visitor("0"), threading.Event()))
        assert goes_on(line, first), "what runs does not wait"
        for number in range(OF_AN_ADDRESS):
            many.enter_context(line.place(visitor(str(number)), threading.Event()))
        with pytest.raises(EditError, match="of yours"), line.place(visitor("1", "elsewhere"), threading.Event()):
            pass
        with pytest.raises(EditError, match="address"), line.place(visitor("new"), threading.Event()):
            pass
        for number in range(OF_ALL - OF_AN_ADDRESS):
            many.enter_context(line.place(visitor(f"o{number}", f"o{number}"), threading.Event()))
        with pytest.raises(EditError, match="waiting already, so"), line.place(visitor("z", "z"), threading.Event()):
            pass


def test_turns_go_round_the_addresses() -> None:
    line, many = Line(), ExitStack()
    with many:
        running = ExitStack()
        assert goes_on(line, running.enter_context(line.place(visitor("1", "flood"), threading.Event())))
        flood = many.enter_context(line.place(visitor("2", "flood"), threading.Event()))
        other = many.enter_context(line.place(visitor("3", "other"), threading.Event()))
        told = next(line.waited(other))
        assert "1 other edit" in told.stage
        running.close()
        assert not goes_on(line, flood)
        assert goes_on(line, other)


def test_nobody_waits_for_an_edit_that_nobody_listens_for(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line()
    with line.place(visitor("unheard", silent=1.0), threading.Event()) as unheard:
        assert not goes_on(line, unheard)
        with line.place(visitor("heard"), threading.Event()) as heard:
            assert goes_on(line, heard)
    monkeypatch.setattr(lines, "GRACE", 0.5)
    with line.place(visitor("unheard", silent=1.0), threading.Event()) as unheard, pytest.raises(Stopped):
        list(line.waited(unheard))


class LongStep(ScriptedEditor):
    """An editor with one step that ends only once the flag is set."""

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        assert cancel is not None
        yield Progress(stage="Fitting", step=0, of=1, fraction=0.0)
        assert cancel.wait(20)
        raise Stopped


def test_a_listener_who_leaves_ends_the_step_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "FAREWELL", 0.0)
    left = threading.Event()
    editor = EditorInLine(LongStep())
    asked = editor.asked_by(Visitor(name="v", silent=lambda since: float(left.is_set())))
    events = asked.edit(EditRequest(method=Baret(), source=picture(1), prompt="a dog"), threading.Event())
    assert isinstance(next(events), Progress)
    left.set()
    began = time.monotonic()
    with pytest.raises(Stopped):
        list(events)
    assert time.monotonic() - began < 15
    with editor.line.place(visitor("next"), threading.Event()) as place:
        assert goes_on(editor.line, place)


def test_one_request_has_its_bounds() -> None:
    check_work([Baret()] * 4)
    with pytest.raises(EditError, match="fewer steps"):
        check_work([Baret(steps=100, inner_steps=50)])
