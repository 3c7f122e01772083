"""The editor's promises: one edit at a time, a stop before the next call, nothing changed outside."""

import gc
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from refedit.bench.golden.trace import finish
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.editor import WAITING, Editor
from refedit.editing.metered_model import MeteredModel
from refedit.editing.prepare import prepare, task_of
from refedit.editing.request import EditEvent, EditRequest, Finished, Preview, Progress, Reference
from refedit.errors import EditError, Stopped
from refedit.imaging.masks import Mask
from refedit.methods import METHODS, Baret, Method, SpecRef
from tests.conftest import box_mask, picture, request_for

BOTH: list[Method] = [SpecRef(steps=3), Baret(steps=3)]
TWICE = [SpecRef(steps=3, reference_at="aligned"), SpecRef(steps=3, reference_at="noised")]


def result(events: Iterator[EditEvent]) -> Finished:
    last = list(events)[-1]
    assert isinstance(last, Finished)
    return last


@pytest.mark.parametrize("method", [*BOTH, *TWICE])
def test_an_edit_tells_its_way_and_ends_with_a_picture(editor: Editor, method: Method) -> None:
    events = list(editor.edit(request_for(method)))
    fractions = [event.fraction for event in events if isinstance(event, Progress)]
    assert fractions == sorted(set(fractions)) and fractions[-1] == pytest.approx(1)
    previews = [event for event in events if isinstance(event, Preview)]
    assert len(previews) >= 5 and all(preview.image.size == (256, 256) for preview in previews)
    finished = result(iter(events))
    assert finished.image.size == (64, 64) and finished.rows > 0
    assert finished.parameters["prompt"] == "a dog" and finished.parameters["steps"] == "3"


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize("size", [(64, 64), (150, 90)])
def test_outside_the_region_the_result_is_the_source(editor: Editor, method: Method, size: tuple[int, int]) -> None:
    request = request_for(method, box_mask(size, (10, 12, 40, 44)), size)
    finished = result(editor.edit(request))
    before, after = np.asarray(request.source), np.asarray(finished.image)
    outside = request.region.values == 0  # type: ignore[union-attr]
    assert np.array_equal(before[outside], after[outside])
    assert not np.array_equal(before, after)


@pytest.mark.parametrize("method", BOTH)
def test_the_vae_holds_one_picture_at_a_time(editor: Editor, method: Method) -> None:
    held: list[int] = []
    vae: Any = editor.model.networks["vae"]
    hooks = [
        part.register_forward_pre_hook(lambda _, given: held.append(len(given[0])))
        for part in (vae.encoder, vae.decoder)
    ]
    result(editor.edit(request_for(method)))
    for hook in hooks:
        hook.remove()
    assert set(held) == {1}


PAINTED = box_mask((64, 64), (0, 0, 48, 64))
WORDS = SpecRef(steps=5, blend_source_words="cat", blend_threshold=0.99)


@pytest.mark.parametrize(
    "method",
    [
        replace(WORDS, combine="both"),
        replace(WORDS, combine="both", paste="square"),
        replace(WORDS, stay_source_words="cat", stay_threshold=0.9),
    ],
)
def test_words_and_paint_together_decide_what_is_pasted(editor: Editor, method: SpecRef) -> None:
    request = request_for(method, PAINTED)
    finished = result(editor.edit(request))
    task = task_of(request, prepare(request, 64), editor.model, metered(editor), editor.cache)
    mask = finish(method.edit(editor.model, task)).mask
    # One place of 8 pixels more, and half of one for the soft edge.
    reach = Mask(np.kron(mask.numpy(), np.ones((8, 8), np.float32))).grow(12)
    assert finished.pasted.values.max() > 0.5 and reach.values.min() == 0
    assert (finished.pasted.values <= np.minimum(PAINTED.values, reach.values)).all()
    outside = finished.pasted.values == 0
    assert np.array_equal(np.asarray(request.source)[outside], np.asarray(finished.image)[outside])


def metered(editor: Editor) -> MeteredModel:
    return MeteredModel(editor.model, editor.cache, threading.Event())


@pytest.mark.parametrize("method", [*BOTH, replace(WORDS, paste="square"), replace(WORDS, shared_mask=True)])
def test_paint_in_the_words_place_is_pasted_as_it_is(editor: Editor, method: Method) -> None:
    request = request_for(method, PAINTED)
    expected = PAINTED.feather(max(1.0, prepare(request, 64).square.side / 128))
    assert np.array_equal(result(editor.edit(request)).pasted.values, expected.values)


def test_paint_that_misses_the_words_is_said(editor: Editor) -> None:
    for change in ({"stay_source_words": "cat", "stay_threshold": 0.0}, {"combine": "both", "blend_threshold": 1.0}):
        with pytest.raises(EditError, match="leave nothing of the painted region to edit. Paint elsewhere"):
            list(editor.edit(request_for(replace(WORDS, **change), PAINTED)))  # type: ignore[arg-type]


@pytest.mark.parametrize("method", BOTH)
def test_a_stopped_edit_runs_no_further_call_and_leaves_the_next_one_unchanged(
    model: StableDiffusion, method: Method
) -> None:
    expected = result(Editor(model).edit(request_for(method)))
    editor, cancel = Editor(model), threading.Event()
    events = editor.edit(request_for(method), cancel)
    for _ in range(4):
        next(events)
    cancel.set()
    with pytest.raises(Stopped):
        while isinstance(next(events), Preview):
            pass
    again = result(editor.edit(request_for(method)))
    assert again.image.tobytes() == expected.image.tobytes()


@pytest.mark.long
def test_an_edit_leaves_nothing_but_what_is_remembered(model: StableDiffusion) -> None:
    """Not in the memory either: without a cache no tensor and no picture outlives its edit."""
    editor, kept = Editor(model, cache_bytes=0), []
    for seed in range(3):
        for method in BOTH:
            result(editor.edit(replace(request_for(method), source=picture(seed))))
        gc.collect()
        kept.append(sum(issubclass(type(item), Tensor | Image.Image) for item in gc.get_objects()))
    assert kept[1] == kept[2] and not list(editor.cache.values())


def test_closing_the_iterator_frees_the_device(editor: Editor) -> None:
    events = editor.edit(request_for(BOTH[0]))
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert result(editor.edit(request_for(BOTH[0])))


def test_a_second_edit_waits_for_the_first(editor: Editor) -> None:
    first, second = editor.edit(request_for(BOTH[0])), editor.edit(request_for(BOTH[1]))
    next(first)
    waiting = next(second)
    assert isinstance(waiting, Progress) and waiting.stage == WAITING
    result(first)
    assert result(second)


def test_a_waiting_edit_can_be_stopped(editor: Editor) -> None:
    first, cancel = editor.edit(request_for(BOTH[0])), threading.Event()
    next(first)
    cancel.set()
    with pytest.raises(Stopped):
        next(editor.edit(request_for(BOTH[1]), cancel))


def test_two_edits_never_compute_at_once_though_one_begins_as_the_other_is_stopped(
    model: StableDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, inside, most = model.predict_noise, list[int](), list[int]()

    def counted(*arguments: Any) -> Tensor:
        inside.append(1)
        most.append(len(inside))
        try:
            return predict(*arguments)
        finally:
            inside.pop()

    monkeypatch.setattr(model, "predict_noise", counted)
    editor, edits = Editor(model), list[threading.Thread]()

    def run(cancel: threading.Event) -> None:
        with suppress(Stopped):
            list(editor.edit(request_for(BOTH[0]), cancel))

    for _ in range(20):
        before, cancel = len(most), threading.Event()
        edits.append(threading.Thread(target=run, args=(cancel,)))
        edits[-1].start()
        while len(most) == before and edits[-1].is_alive():  # until it computes
            time.sleep(0.001)
        cancel.set()
    for edit in edits:
        edit.join()
    assert len(most) >= 20 and max(most) == 1


@pytest.mark.long
def test_every_step_may_run_on_another_thread(model: StableDiffusion) -> None:
    """Gradio resumes a generator on whichever thread is free; gradient mode is a thread's own."""
    for method in BOTH:
        expected = result(Editor(model).edit(request_for(method)))
        events = Editor(model).edit(request_for(method))
        seen: list[EditEvent] = []
        while not seen or not isinstance(seen[-1], Finished):
            thread = threading.Thread(target=lambda stream=events, out=seen: out.append(next(stream)))
            thread.start()
            thread.join()
        assert seen[-1].image.tobytes() == expected.image.tobytes()


def test_numbers_that_overflow_are_said(model: StableDiffusion, monkeypatch: pytest.MonkeyPatch) -> None:
    editor, predict = Editor(model), model.predict_noise
    monkeypatch.setattr(model, "predict_noise", lambda *arguments: predict(*arguments) * float("nan"))
    with pytest.raises(EditError, match="overflowed"):
        list(editor.edit(request_for(BOTH[0])))
    monkeypatch.undo()
    assert result(editor.edit(request_for(BOTH[0])))


def test_running_out_of_memory_is_said_and_the_next_edit_runs(
    model: StableDiffusion, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor, calls = Editor(model), iter(range(100))

    def predict(*arguments: object) -> Tensor:
        if next(calls) == 7:
            raise torch.OutOfMemoryError("out of memory")
        return StableDiffusion.predict_noise(model, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(model, "predict_noise", predict)
    with pytest.raises(EditError, match="ran out of memory"):
        list(editor.edit(request_for(BOTH[0])))
    assert editor.cache.bytes == 0
    monkeypatch.undo()
    assert result(editor.edit(request_for(BOTH[0])))


EMPTY = Mask(np.zeros((64, 64), np.float32))
GOOD = request_for(BOTH[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"prompt": "  "}, "target prompt is empty"),
        ({"source_prompt": ""}, "source prompt is empty"),
        ({"reference": None}, "needs a reference picture"),
        ({"source": Image.new("L", (64, 64))}, "A picture is L and not RGB"),
        ({"region": EMPTY}, "Nothing is painted on the source's mask"),
        ({"region": box_mask((32, 32), (0, 0, 9, 9))}, "mask of the source is 32x32 pixels, its picture 64x64"),
        ({"reference": Reference(image=picture(1), subject=EMPTY)}, "Nothing is painted on the reference's mask"),
    ],
)
def test_what_is_missing_is_said_in_one_sentence(change: dict[str, object], message: str) -> None:
    with pytest.raises(EditError, match=message):
        replace(GOOD, **change)  # type: ignore[arg-type]


def test_a_prompt_that_is_too_long_is_said(editor: Editor) -> None:
    request = replace(GOOD, prompt="a dog " * 40)
    with pytest.raises(EditError, match="the model reads 38. Shorten 'a dog a dog"):
        list(editor.edit(request))


def test_every_method_is_listed_under_its_name() -> None:
    assert all(name == method.name and isinstance(method(), Method) for name, method in METHODS.items())
    assert isinstance(EditRequest(method=Baret(), source=Image.new("RGB", (64, 64)), prompt="a dog"), EditRequest)


def test_a_small_thing_in_a_large_picture_is_enlarged_for_the_model(model: StableDiffusion) -> None:
    """And a picture that fits the model is seen as it is."""
    for side, seen in ((64, 64), (512, 40)):
        mask = box_mask((side, side), (20, 20, 40, 40))
        request = EditRequest(method=Baret(), source=picture(1, (side, side)), prompt="a dog", region=mask)
        square = prepare(request, model.size).square
        assert square.side == seen


def test_half_a_character_in_a_prompt_is_named(model: StableDiffusion) -> None:
    with pytest.raises(EditError, match="half of a character"):
        EditRequest(method=Baret(), source=picture(1), prompt="a \ud83d dog")
    with pytest.raises(EditError, match="half of a character"):
        Editor(model).locate(picture(1), "\ud83d")


def test_what_is_beside_the_references_subject_decides_nothing(editor: Editor) -> None:
    request = request_for(SpecRef(steps=3), box_mask((64, 64), (8, 8, 40, 40)))
    assert request.reference is not None and request.reference.subject is not None
    inside = request.reference.subject.to_image()
    other = Image.composite(request.reference.image, Image.new("RGB", (64, 64), "white"), inside)
    assert other != request.reference.image
    on_white = replace(request, reference=replace(request.reference, image=other))
    seen = [result(editor.edit(one)).image for one in (request, on_white)]
    assert seen[0] == seen[1]
    as_it_is = replace(SpecRef(steps=3), plain_ground=False)
    seen = [result(editor.edit(replace(one, method=as_it_is))).image for one in (request, on_white)]
    assert seen[0] != seen[1]
