"""Small networks take one thread, in whichever thread they are called; large ones what PyTorch would take."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.machine import device
from refedit.machine.device import SMALL, all_threads, use_threads


def threads_after(*work: Callable[[], object]) -> int:
    """PyTorch's number in a new thread once it has done some work."""

    def run() -> int:
        for part in work:
            part()
        return torch.get_num_threads()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def two_threads() -> None:
    torch.set_num_threads(2)


def test_a_call_of_few_cells_takes_one_thread_and_of_many_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "all_threads", lambda: 2)  # also on a machine, or in a test run, with one
    assert threads_after(lambda: use_threads(SMALL // 256, 16)) == 1
    assert threads_after(lambda: use_threads(SMALL // 256 + 1, 16)) == 2
    assert threads_after(lambda: use_threads(1, 16), lambda: use_threads(1, 64)) == 2, "large ones are not held down"


def test_what_pytorch_takes_by_itself_is_not_what_was_set() -> None:
    every = all_threads()
    threads_after(two_threads, lambda: use_threads(1, 16))
    assert all_threads() == every


def test_a_small_models_own_calls_take_one_thread(model: StableDiffusion) -> None:
    text, latents = model.embed("a dog"), torch.zeros(1, 4, 8, 8)
    calls: list[Callable[[], object]] = [
        lambda: model.embed("a cat"),
        lambda: model.encode(torch.zeros(1, 3, 64, 64)),
        lambda: model.decode(latents),
        lambda: model.predict_noise(latents, 500, text),
    ]
    for call in calls:
        assert threads_after(two_threads) == 2
        assert threads_after(two_threads, call) == 1
