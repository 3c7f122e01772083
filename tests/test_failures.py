"""What people are told of errors."""

import errno
import re

import pytest
import torch

from refedit.errors import EditError
from refedit.machine.failures import NO_MEMORY, NO_SPACE, out_of_memory, said_of


def test_what_is_unexpected_has_a_number_that_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert said_of(EditError("Paint first.")) == "Paint first." and not caplog.records
    said = said_of(RuntimeError("secret"))
    number = re.search(r"number ([0-9a-f]{6})", said)
    assert number and number[1] in caplog.text and "secret" in caplog.text and "secret" not in said


def test_memory_and_disk_have_sentences_of_their_own() -> None:
    cpu = RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")
    for error in (MemoryError(), torch.OutOfMemoryError("CUDA"), cpu):
        assert out_of_memory(error) and said_of(error) == NO_MEMORY
    assert not out_of_memory(RuntimeError("shapes"))
    assert said_of(OSError(errno.ENOSPC, "No space left")) == NO_SPACE


def test_an_error_that_is_met_twice_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    error = RuntimeError("once")
    assert said_of(error) == said_of(error) and len(caplog.records) == 1


def test_an_error_that_comes_without_end_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    numbers = set()
    for _ in range(100):
        try:
            raise KeyError("place")
        except KeyError as error:
            numbers |= {*re.findall("number ([0-9a-f]{6})", said_of(error))}
    assert len(numbers) == 100 and all(number in caplog.text for number in numbers)
    assert caplog.text.count("Traceback") == 1
