"""A live study's edit: two arms on a person's own picture, in random order, shown only when both are done.

What a person reads meanwhile is the same for every arm: how far both are, and errors that name no method.
"""

import secrets
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

import numpy as np

from refedit.editing.request import EditRequest, Finished, Progress
from refedit.editing.service import EditingService
from refedit.errors import EditError
from refedit.imaging.images import png
from refedit.methods import METHODS, Input, Method, method_of
from refedit.study.data.definition import Definition, MethodArm
from refedit.study.data.pairs import Pair, Side
from refedit.study.data.said import LiveEdit
from refedit.ui.events.running_edits import Failed, Halted, Started, run
from refedit.ui.state.form import Form
from refedit.ui.state.picture_with_mask import PictureWithMask

NOT_THESE = "This edit did not work with these pictures and words. Change something, and try again."
_ASKED_FOR = {
    Input.REFERENCE: "Add a reference picture.",
    Input.SOURCE_PROMPT: "Describe the picture as it is now.",
    Input.REGION: "Paint over what may change.",
}


@dataclass(frozen=True, kw_only=True)
class Own:
    """What a person brings: pictures with masks, and sentences."""

    source: PictureWithMask | None
    reference: PictureWithMask | None
    source_prompt: str
    prompt: str


@dataclass(frozen=True, kw_only=True)
class Along:
    """How far both edits are together, 0 to 1."""

    fraction: float


@dataclass(frozen=True, kw_only=True)
class Ready:
    """Both results."""

    results: Mapping[Side, Finished]


@dataclass(frozen=True, kw_only=True)
class Broken:
    """The edits cannot go on; `message` is for the person, `detail` for the researcher."""

    message: str
    detail: str


BlindEvent = Along | LiveEdit | Ready | Broken | Halted
"""A `LiveEdit` is what is to be kept of an arm's edit; the person hears nothing of it."""


def needs_of(definition: Definition) -> frozenset[Input]:
    """What any of the arms cannot do without; EditError names a method, preset or setting that there is not."""
    arms = [arm for arm in definition.arms.values() if isinstance(arm, MethodArm)]
    methods = [method_of(arm.method, arm.preset, arm.settings) for arm in arms]
    return frozenset().union(*(method.needs for method in methods))


def takes_of(definition: Definition) -> frozenset[Input]:
    """What any of the arms can use."""
    methods = [METHODS[arm.method] for arm in definition.arms.values() if isinstance(arm, MethodArm)]
    return needs_of(definition).union(*(method.takes for method in methods))


def run_both(
    editor: EditingService, definition: Definition, pair: Pair, showing: int, own: Own, cancel: threading.Event
) -> Generator[BlindEvent, None, None]:
    """The events of a pair's two edits; the last one is Ready, Broken or Halted."""
    order = list(Side)
    Random(secrets.randbits(62)).shuffle(order)
    arms = {Side.FIRST: pair.first_arm, Side.SECOND: pair.second_arm}
    try:
        _check(own, needs_of(definition))
        forms = [_form(definition.arms[arms[side]], own) for side in order]
    except EditError as error:
        yield Broken(message=str(error), detail="incomplete")
        return
    results: dict[Side, Finished] = {}
    begun, request = time.monotonic(), None
    for event in run(editor, forms, cancel):
        side = order[min(len(results), 1)]
        match event:
            case Started():
                begun, request = time.monotonic(), event.request
            case Progress():
                yield Along(fraction=(len(results) + event.fraction) / 2)
            case Finished():
                results[side] = event
                yield _kept(arms[side], showing, request, event)
            case Failed():
                yield _failed(arms[side], showing, own, time.monotonic() - begun, event.message)
                yield Broken(message=_neutral(event.message, definition), detail=event.message)
                return
            case Halted():
                yield event
                return
    yield Ready(results=results)


def _check(own: Own, needs: frozenset[Input]) -> None:
    """EditError for what is missing, in words that tell no arm."""
    if own.source is None:
        raise EditError("Add the picture that you want to edit.")
    given = {
        Input.REFERENCE: own.reference is not None,
        Input.SOURCE_PROMPT: bool(own.source_prompt.strip()),
        Input.REGION: own.source.mask is not None,
    }
    for need in Input:
        if need in needs and not given[need]:
            raise EditError(_ASKED_FOR[need])
    if not own.prompt.strip():
        raise EditError("Describe the picture that you want.")


def _form(arm: object, own: Own) -> Form:
    assert isinstance(arm, MethodArm), "a live study has no other arms"
    return Form(
        method=arm.method,
        preset=arm.preset or next(iter(METHODS[arm.method].presets())),
        values=arm.settings,
        source=own.source,
        reference=own.reference,
        source_prompt=own.source_prompt,
        prompt=own.prompt,
    )


def _neutral(message: str, definition: Definition) -> str:
    """The message, unless it would tell which arm failed."""
    told = message.lower()
    return NOT_THESE if any(name.lower() in told for name in _names(definition)) else message


def _names(definition: Definition) -> Iterator[str]:
    yield from definition.arms
    for name, method in METHODS.items():
        yield from (name, method.title, *_own_presets(method))


def _own_presets(method: type[Method]) -> Iterable[str]:
    """The names of a method's presets, unless it has only what every method has by itself, which tells nothing."""
    inherited = method.presets.__func__ is Method.presets.__func__  # type: ignore[attr-defined]
    return () if inherited else method.presets()


def _kept(arm: str, showing: int, request: EditRequest | None, done: Finished) -> LiveEdit:
    assert request is not None
    painted = {} if request.region is None else {"painted": f"{float(np.mean(request.region.values)):.4f}"}
    told = dict(done.parameters) | painted | {"size": f"{request.source.width}x{request.source.height}"}
    return LiveEdit(
        uuid=secrets.token_hex(16),
        showing=showing,
        arm=arm,
        request=told,
        seconds=done.seconds,
        rows=done.rows,
        source=png(request.source),
        result=png(done.image),
    )


def _failed(arm: str, showing: int, own: Own, seconds: float, message: str) -> LiveEdit:
    told = {"prompt": own.prompt, "source_prompt": own.source_prompt}
    return LiveEdit(
        uuid=secrets.token_hex(16), showing=showing, arm=arm, request=told, seconds=seconds, rows=0, failed=message
    )
