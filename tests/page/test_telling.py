"""Every failure of the page and of its endpoints is one sentence, whatever fails, and no sentence becomes HTML."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import pytest
from gradio.exceptions import InvalidPathError

from refedit.errors import EditError
from refedit.ui.events.telling import NEVER_CAME, NOT_UPLOADED, TellingBlocks

IMAGE = "There is no '<img src=x>'. Choose another."


def failing(error: Exception, visibility: str) -> TellingBlocks:
    def fail() -> None:
        raise error

    with TellingBlocks() as blocks:
        gr.Button().click(fail, None, None, api_name="fail", api_visibility=visibility)
    return blocks


def told(blocks: TellingBlocks) -> str:
    with ThreadPoolExecutor(1) as other:  # a browser of earlier tests leaves its event loop running in this thread
        answered = other.submit(asyncio.run, blocks.process_api(0, [], session_hash="s"))
    with pytest.raises(gr.Error) as failed:
        answered.result()
    return str(failed.value.message)


def test_what_is_unexpected_has_a_number_that_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    said = told(failing(RuntimeError("secret"), "public"))
    number = said.partition("(number ")[2][:6]
    assert number and f"error {number}" in caplog.text and "secret" not in said


@pytest.mark.parametrize("made", [EditError, gr.Error])
def test_the_page_gets_no_html_and_programs_get_plain_text(made: Callable[[str], Exception]) -> None:
    assert told(failing(made(IMAGE), "public")) == IMAGE
    blocks = failing(made(IMAGE), "private")
    assert "<img" not in told(blocks)
    assert blocks.failure_of("s") == IMAGE and blocks.failure_of("other") == NEVER_CAME
    blocks.forget_failure("s")
    assert blocks.failure_of("s") == NEVER_CAME


def test_files_from_elsewhere_are_told_without_their_paths() -> None:
    assert told(failing(InvalidPathError("Cannot move /srv/secret"), "public")) == NOT_UPLOADED
