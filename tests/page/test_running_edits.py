"""Running edits: requests, events, stopping."""

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from refedit.editing.editor import Editor
from refedit.editing.request import EditEvent, Finished, Preview, Progress
from refedit.keeping.janitor import sweep
from refedit.keeping.private_folder import PrivateFolder
from refedit.keeping.promise import Promise
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.running_edits import REMEMBERED, Failed, Halted, RunEvent, RunningEdits, Started, paced, run
from refedit.ui.events.telling import NEVER_CAME
from refedit.ui.page import build_page
from refedit.ui.settings import Settings
from refedit.ui.state.examples import Example
from refedit.ui.state.form import Form
from tests.conftest import picture
from tests.page.parts import reacting
from tests.page_server import tiny_segmenter


def test_a_form_asks_for_what_the_method_takes(form: Form) -> None:
    request = form.request()
    assert request.region is not None and request.reference is not None and request.reference.subject is None
    baret = replace(form, method="baret", preset="rigid", values={}, source_prompt="left over").request()
    assert baret.reference is None and baret.source_prompt == "" and baret.region is not None


def test_a_run_ends_with_the_result(form: Form, editor: Editor) -> None:
    events = list(run(editor, [form], threading.Event()))
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    assert any(isinstance(event, Preview) for event in events)


def test_an_error_is_the_last_event(form: Form, editor: Editor) -> None:
    assert list(run(editor, [replace(form, prompt=" ")], threading.Event())) == [
        Failed(message="The target prompt is empty. Describe the picture you want.")
    ]


def test_an_unexpected_error_keeps_its_details_in_the_log(
    form: Form, editor: Editor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Iterator[EditEvent]:
        raise RuntimeError("secret detail")
        yield

    monkeypatch.setattr(editor, "edit", broken)
    last = list(run(editor, [form], threading.Event()))[-1]
    assert isinstance(last, Failed) and "secret detail" not in last.message
    assert "secret detail" in caplog.text


def test_a_set_flag_halts_and_the_next_run_works(form: Form, editor: Editor) -> None:
    flag, seen = threading.Event(), []
    for event in run(editor, [form], flag):
        seen.append(event)
        flag.set()
    assert isinstance(seen[-1], Halted)
    assert isinstance(list(run(editor, [form], threading.Event()))[-1], Finished)


def test_a_closed_run_frees_the_device(form: Form, editor: Editor) -> None:
    events = run(editor, [form], threading.Event())
    next(events)
    next(events)
    events.close()
    assert isinstance(list(run(editor, [form], threading.Event()))[-1], Finished)


def test_nobody_stops_anothers_edit() -> None:
    edits = RunningEdits()
    mine, yours = edits.start("me"), edits.start("you")
    edits.stop("me")
    assert mine.stop.is_set() and not yours.stop.is_set()
    edits.stop("nobody")
    newer = edits.start("you")
    assert yours.stop.is_set() and not newer.stop.is_set(), "a visitor has one edit at a time"
    edits.end("you", yours)
    edits.stop("you")
    assert newer.stop.is_set(), "an old edit's end does not forget the newer ticket"


def test_a_visitor_wants_an_edit_from_asking_to_stopping() -> None:
    edits = RunningEdits()
    edits.ask("me")
    assert edits.wants("me") and not edits.wants("you")
    edits.stop("me")
    assert not edits.wants("me")


def test_stopping_waits_until_the_edit_has_ended() -> None:
    edits = RunningEdits()
    ticket = edits.start("me")

    def obey() -> None:
        ticket.stop.wait(5)
        edits.end("me", ticket)

    worker = threading.Thread(target=obey)
    worker.start()
    edits.stop("me", patience=5)
    assert ticket.ended.is_set()
    worker.join()


def test_a_stop_that_comes_before_the_edit_stops_it_and_no_later_one() -> None:
    edits = RunningEdits()
    edits.ask("me")
    edits.stop("me")
    assert edits.start("me").stop.is_set()
    for _ in range(2):
        edits.ask("me")
        ticket = edits.start("me")
        assert not ticket.stop.is_set()
        edits.end("me", ticket)
        edits.stop("me")


def test_of_each_stopped_edit_one_failure_is_expected() -> None:
    edits = RunningEdits()
    edits.stop("me")
    assert not edits.was_stopped("me"), "there was none"
    edits.ask("me")
    edits.stop("me")
    assert edits.was_stopped("me") and not edits.was_stopped("me")
    edits.ask("me")
    edits.end("me", edits.start("me"))
    edits.stop("me")
    assert not edits.was_stopped("me"), "it had ended"
    edits.start("me")
    edits.stop("me")
    assert edits.was_stopped("me")
    edits.stop("me")
    assert not edits.was_stopped("me"), "it was stopped before"


def test_an_edit_runs_until_its_step_is_over() -> None:
    edits = RunningEdits()
    ticket = edits.start("me")
    edits.stop("me")
    assert edits.runs("me") and not edits.runs("you")
    edits.end("me", ticket)
    assert not edits.runs("me")


def test_invented_visitors_are_forgotten_and_those_with_an_edit_are_not() -> None:
    edits = RunningEdits()
    ticket = edits.start("me")
    for number in range(2 * REMEMBERED):
        edits.ask(f"invented {number}")
    assert edits.wants(f"invented {2 * REMEMBERED - 1}") and not edits.wants("invented 0")
    edits.stop("me")
    assert ticket.stop.is_set()


def test_pacing_drops_only_hasty_progress() -> None:
    def progress(stage: str, step: int) -> Progress:
        return Progress(stage=stage, step=step, of=9, fraction=0.1)

    preview = Preview(image=picture(1), stage="b", step=1, of=9)
    events: list[RunEvent] = [progress("a", 1), progress("a", 2), progress("b", 1), preview, progress("b", 2)]
    assert list(paced(events, seconds=60)) == [events[0], events[2], preview]
    assert list(paced(events, seconds=0)) == events


def test_nothing_runs_unless_every_form_is_complete(form: Form, editor: Editor) -> None:
    events = list(run(editor, [form, replace(form, source=None)], threading.Event()))
    assert len(events) == 1 and isinstance(events[0], Failed)


def test_the_page_is_built_and_keeps_all_but_its_endpoints_private(
    examples: tuple[Example, ...], editor: Editor, tmp_path: Path
) -> None:
    blocks = build_page(editor, Settings(examples=tmp_path), EmbeddingCache(tiny_segmenter))
    assert set(blocks.get_api_info()["named_endpoints"]) == {"/edit", "/find", "/segment"}
    limits = {fn.concurrency_limit for fn in blocks.fns.values() if fn.queue}
    assert limits <= {None, "default"} and blocks._queue.default_concurrency_limit is None, "edits wait in our own line"


def test_a_refused_edit_unlocks_run_and_a_stopped_one_is_not_called_refused(
    examples: tuple[Example, ...], editor: Editor, tmp_path: Path
) -> None:
    blocks = build_page(editor, Settings(examples=tmp_path), EmbeddingCache(tiny_segmenter))
    fns: list[Any] = list(blocks.fns.values())
    refusals = [fn for fn in fns if fn.trigger_only_on_failure]
    edits = [fn for fn in fns if fn.api_visibility == "private" and fn._id in {one.trigger_after for one in refusals}]
    assert len(edits) == 1
    stop = reacting(blocks, "stop", "click")
    visitor = gr.Request(session_hash="me")
    for edit in edits:
        refused = next(fn for fn in fns if fn.trigger_after == edit._id and fn.trigger_only_on_failure)
        asked = next(fn for fn in fns if fn._id == edit.trigger_after)
        assert not refused.queue, "no place in the queue is needed to say that it is full"
        locked = parts(asked.fn(visitor))
        assert not locked["run"].interactive
        shown = parts(refused.fn(visitor))
        assert shown["run"].interactive and NEVER_CAME in shown["status"]
        stop.fn(visitor)
        assert "Stopped" in parts(refused.fn(visitor))["status"]
        assert refused.fn(visitor) == gr.skip(), "nothing was asked for since"


def test_an_edit_that_was_stopped_is_told_of_unless_the_next_one_was_asked_for(
    examples: tuple[Example, ...], editor: Editor, tmp_path: Path
) -> None:
    blocks = build_page(editor, Settings(examples=tmp_path), EmbeddingCache(tiny_segmenter))
    stop, run = reacting(blocks, "stop", "click"), reacting(blocks, "run", "click")
    fns: list[Any] = list(blocks.fns.values())
    tell = next(fn for fn in fns if fn.trigger_after == stop._id)
    visitor = gr.Request(session_hash="me")
    run.fn(visitor)
    stop.fn(visitor)
    assert parts(tell.fn(visitor))["run"].interactive
    run.fn(visitor)
    assert tell.fn(visitor) == gr.skip(), "its Stop would be locked while it runs"
    failed = next(fn for fn in fns if fn.trigger_only_on_failure)
    assert failed.fn(visitor) == gr.skip(), "that of the stopped one, which comes late"
    assert NEVER_CAME in parts(failed.fn(visitor))["status"], "that of the next one"


def parts(updates: dict[Any, Any]) -> dict[str, Any]:
    return {part.elem_id: value for part, value in updates.items()}


def test_the_tiles_outlive_what_visitors_leave(
    examples: tuple[Example, ...], editor: Editor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(kept := tmp_path / "kept"))
    blocks = build_page(editor, Settings(examples=tmp_path), EmbeddingCache(tiny_segmenter))
    buttons = [block for block in blocks.blocks.values() if isinstance(block, gr.Button) and block.icon]
    icons = [Path(button.icon["path"]) for button in buttons if button.icon]
    assert len(icons) == len(examples)
    for icon in icons:
        os.utime(icon, (0, 0))
    sweep(PrivateFolder(kept, Promise()))
    assert all(icon.is_file() for icon in icons)
