"""A visitor's form, a folder of examples, a drawn page and a finished result."""

import json
import threading
from pathlib import Path

import gradio as gr
import pytest

from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.editor import Editor
from refedit.editing.request import Finished
from refedit.editing.result import Result
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.running_edits import Started, run
from refedit.ui.events.selecting import answers_of
from refedit.ui.state.examples import Example, read_examples
from refedit.ui.state.form import Form
from refedit.ui.state.picture_with_mask import PictureWithMask
from refedit.ui.view.layout import Page, Told, draw
from tests.conftest import picture
from tests.page.parts import BOX
from tests.page_server import tiny_segmenter


@pytest.fixture
def form() -> Form:
    return Form(
        method="specref",
        source=PictureWithMask(picture=picture(1), mask=BOX),
        reference=PictureWithMask(picture=picture(2)),
        source_prompt="a cat",
        prompt="a dog",
        preset="recommended",
        values={"steps": 2},
    )


@pytest.fixture
def examples(tmp_path: Path) -> tuple[Example, ...]:
    for name, seed in (("cat", 1), ("dog", 2)):
        picture(seed).save(tmp_path / f"{name}.png")
    BOX.to_image().save(tmp_path / "region.png")
    both = {"title": "Both", "method": "specref", "source": "cat.png", "region": "region.png", "reference": "dog.png"}
    rows = [
        both
        | {
            "subject": None,
            "source_prompt": "a cat",
            "prompt": "a dog",
            "preset": "official",
            "settings": {"steps": 3},
        },
        {"title": "One", "method": "baret", "source": "dog.png", "prompt": "a red dog", "preset": "rigid"},
    ]
    (tmp_path / "examples.json").write_text(json.dumps(rows))
    return read_examples(tmp_path)


@pytest.fixture(scope="session")
def page(model: StableDiffusion) -> Page:
    """Drawn once, since nothing changes it; its canvases ask an editor of its own."""
    with gr.Blocks(analytics_enabled=False):
        return draw(Told(kept="an hour"), (), (), answers_of(Editor(model), EmbeddingCache(tiny_segmenter)))


@pytest.fixture
def result(form: Form, editor: Editor) -> Result:
    events = list(run(editor, [form], threading.Event()))
    assert isinstance(events[0], Started) and isinstance(events[-1], Finished)
    return Result.of(events[0].request, events[-1])
