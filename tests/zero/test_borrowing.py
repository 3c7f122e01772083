"""The app on an emulated ZeroGPU, through its endpoints: whatever is lent, refused, stopped or taken back."""

import base64
import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from gradio_client import Client, handle_file  # type: ignore[import-untyped]
from PIL import Image, ImageChops

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.editing.result_png import read_result
from refedit.hosting.zero import NONE_LENT, WAITING
from tests.server.calls import edit
from tests.zero.fixtures import EmulatedSpace

SHORT = {"method": "baret", "reference": None, "settings": {"steps": 2}}
LONG = {"method": "baret", "reference": None, "settings": {"steps": 50, "inner_steps": 25}}


@pytest.fixture(scope="module")
def client(running: EmulatedSpace) -> Iterator[Client]:
    client = Client(running.address, verbose=False, download_files=str(running.folder / "got"))
    yield client
    client.close()


def ended(client: Client, space: EmulatedSpace, **changes: Any) -> tuple[dict[str, Any], Path]:
    """The last answer of an edit: what is said, and the result's file."""
    what, path = list(edit(client, space.folder, **(SHORT | changes)))[-1]
    assert what["kind"] == "finished"
    return what, Path(path)


def refusal(client: Client, space: EmulatedSpace, **changes: Any) -> str:
    with pytest.raises(Exception) as refused:
        edit(client, space.folder, **(SHORT | changes)).result()
    return str(refused.value)


@contextlib.contextmanager
def under_way(client: Client, space: EmulatedSpace, stage: str = "") -> Iterator[Any]:
    """A long edit that has told of a stage, or if none is named of its first step; it is stopped in the end."""
    job = edit(client, space.folder, **LONG)
    try:
        for what, _ in job:
            if what["stage"] == stage or (not stage and what["step"]):
                break
        yield job
    finally:
        job.cancel()


def same(first: Path, second: Image.Image) -> bool:
    return ImageChops.difference(Image.open(first).convert("RGB"), second).getbbox() is None


def test_the_result_is_that_of_an_editor_of_this_process(
    client: Client, space: EmulatedSpace, tiny_folder: Path
) -> None:
    model = StableDiffusion.load(str(tiny_folder), torch.device("cpu"), torch.bfloat16)
    for method in ("specref", "baret"):
        _, path = ended(client, space, method=method, reference=handle_file(str(space.folder / "reference.png")))
        *_, finished = Editor(model).edit(read_result(path).again())
        assert isinstance(finished, Finished) and same(path, finished.image)


def test_a_worker_that_is_used_again_remembers_and_a_fresh_one_does_not(client: Client, space: EmulatedSpace) -> None:
    first, again = (ended(client, space)[0]["rows"] for _ in range(2))
    assert again < first and len(space.lender.pids) == 1
    space.lender.fresh = True
    assert ended(client, space)[0]["rows"] == first and len(space.lender.pids) == 2


def test_what_is_wrong_with_a_request_is_said_in_the_workers_words(client: Client, space: EmulatedSpace) -> None:
    assert "Shorten" in refusal(client, space, prompt="dog " * 50)
    assert len(space.lender.asked("/schedule")) == 1, "the worker itself has to say it"
    ended(client, space)


def test_a_stop_in_the_run_gives_the_gpu_back(client: Client, space: EmulatedSpace) -> None:
    with under_way(client, space):
        assert space.lender.held
    space.lender.wait_until_given_back()
    _, path = ended(client, space)
    space.lender.fresh = True
    assert same(path, Image.open(ended(client, space)[1]).convert("RGB")), "nothing is left of the stopped edit"


def test_a_stop_in_the_queue_gives_back_the_gpu_that_comes_later(client: Client, space: EmulatedSpace) -> None:
    space.lender.queue = True
    with under_way(client, space, WAITING):
        assert not space.lender.held
    space.lender.queue = False
    space.lender.wait_until_released()
    ended(client, space)


def token(payload: dict[str, Any]) -> str:
    return f"head.{base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip('=')}.sign"


def test_quotas_are_the_visitors_own_and_their_words_arrive(client: Client, space: EmulatedSpace) -> None:
    visitor = Client(space.address, verbose=False, headers={"x-ip-token": token({"ip": "1"})})
    space.lender.quota = 3
    said = refusal(visitor, space)
    assert "s requested vs. 3s left" in said and "Try again in 1:00:00" in said
    assert space.lender.asked("/schedule")[0]["token"] == token({"ip": "1"})
    assert "has reached its GPU limit" in refusal(client, space)
    assert "token" not in space.lender.asked("/schedule")[1]
    visitor.close()


def test_a_full_queue_is_one_sentence(client: Client, space: EmulatedSpace) -> None:
    space.lender.full = True
    assert "No GPU was available" in refusal(client, space)
    space.lender.full = False
    ended(client, space)


def test_a_worker_that_dies_is_one_sentence_and_the_next_edit_has_another(client: Client, space: EmulatedSpace) -> None:
    with under_way(client, space) as job:
        os.kill(space.lender.pids[-1], signal.SIGKILL)
        with pytest.raises(Exception, match="The GPU was taken back before the edit was done"):
            job.result()
    ended(client, space)
    assert len(space.lender.pids) == 2


def test_two_visitors_have_a_gpu_each(client: Client, space: EmulatedSpace) -> None:
    other = Client(space.address, verbose=False)
    with under_way(client, space), under_way(other, space):
        assert len(space.lender.held) == 2
    space.lender.wait_until_given_back()
    other.close()


def test_a_word_is_found_by_the_same_worker_and_clicks_need_no_gpu(client: Client, space: EmulatedSpace) -> None:
    source = handle_file(str(space.folder / "source.png"))
    client.predict(source, "30,30", api_name="/segment")
    assert not space.lender.asked("/schedule")
    ended(client, space)
    with contextlib.suppress(Exception):  # a model of random weights may see no cat
        client.predict(source, "cat", "", api_name="/find")
    assert len(space.lender.asked("/schedule")) == 2 and len(space.lender.pids) == 1


def test_as_long_a_gpu_is_asked_for_as_edits_have_taken(client: Client, space: EmulatedSpace) -> None:
    ended(client, space)  # from here on it is known what edits cost
    ended(client, space)
    with under_way(client, space):
        pass
    short, long = (int(asked["durationSeconds"]) for asked in space.lender.asked("/schedule")[1:])
    assert short < long


def test_whatever_fails_before_a_gpu_is_lent_is_one_sentence(client: Client, space: EmulatedSpace) -> None:
    space.lender.broken = True
    assert NONE_LENT in refusal(client, space)
    space.lender.broken = False
    ended(client, space)
