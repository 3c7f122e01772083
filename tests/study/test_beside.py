"""A study beside a Gradio page: both answer, and the page's limits hold for both."""

import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from refedit.errors import EditError
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.study.running import Study
from refedit.study.serving import VARIABLE, put_beside, study_beside
from refedit.ui.events.telling import TellingBlocks
from refedit.ui.kept_files import kept_files
from refedit.ui.launching import served
from refedit.ui.page import launch_options
from refedit.ui.settings import Settings
from tests.page_server import tiny_segmenter
from tests.scripted_editor import ScriptedEditor
from tests.serving import free_port
from tests.study.made_up import write_study
from tests.study.server import ADMIN, Server, vote


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Server]:
    write_study(tmp_path)
    study, port = study_beside({VARIABLE: str(tmp_path), "REFEDIT_STUDY_ADMIN": ADMIN}), free_port()
    assert isinstance(study, Study)
    settings = Settings(port=port)
    options: dict[str, Any] = launch_options(settings)
    with kept_files(settings.promise) as janitor, closing(study):
        with TellingBlocks() as blocks:
            gr.HTML("the demo")
        put_beside(study, blocks, options, ScriptedEditor(), EmbeddingCache(tiny_segmenter))
        with served(blocks, settings, options, janitor):
            yield Server(tmp_path, port=port)


def test_both_answer_and_the_limits_hold_for_both(beside: Server) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{beside.port}/config", timeout=20) as answer:
        assert b"the demo" in answer.read()
    token = beside.agree()
    assert beside.ask("answer", vote(0, "left"), token)[0] == 200
    assert beside.ask("answer", vote(0, "right"), token)[0] == 409
    assert beside.ask("answer", {"answer": "x" * (1 << 20)}, token)[0] == 413
    assert beside.ask("admin/status", None, ADMIN)[1]["answers"] == 1


def test_without_the_variable_there_is_no_study_and_a_wrong_folder_is_told(tmp_path: Path) -> None:
    assert study_beside({}) is None
    with pytest.raises(EditError, match=r"no study\.yaml"):
        study_beside({VARIABLE: str(tmp_path)})
