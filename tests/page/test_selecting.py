"""What a canvas asks the server: things, changed masks, masks of files; and how it is told what is wrong."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from refedit.editing.editor import Editor
from refedit.imaging.images import png
from refedit.imaging.masks import Mask
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.ui.events.selecting import answers_of
from refedit.ui.state.picture_with_mask import file_at, read_spelled, spelled
from refedit.ui.view.pane import OPERATIONS, ROOM
from tests.conftest import box_mask, picture
from tests.page_server import tiny_segmenter

SIZE = (64, 64)
MASK = box_mask(SIZE, (16, 8, 40, 48))
ROOMS = (-1, 1e9, float("inf"), float("nan"))


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    picture(1).save(tmp_path / "own.png")
    return {"name": "source", "picture": file_at(tmp_path / "own.png"), "size": list(SIZE), "room": 0}


@pytest.fixture
def answers(editor: Editor) -> Any:
    return answers_of(editor, EmbeddingCache(tiny_segmenter))


def values(spelled_mask: str) -> np.ndarray:
    mask = read_spelled(spelled_mask, SIZE)
    return np.zeros(SIZE[::-1]) if mask is None else mask.values


def test_a_cut_thing_has_as_much_room_as_is_asked_for(answers: Any, asked: dict[str, Any]) -> None:
    bare = answers["cut"](asked | {"clicks": [[0.5, 0.5, True]]})
    roomy = answers["cut"](asked | {"clicks": [[0.5, 0.5, True]], "room": 4})
    assert bare["thing"] == bare["mask"] == roomy["thing"]
    expected = Mask(values(bare["mask"])).grow(round(0.04 * 64)).values
    assert (values(roomy["mask"]) == expected).all()
    assert ROOM["source"] > 0 == ROOM["reference"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_gives_a_mask_and_leaves_the_picture(operation: str, answers: Any, asked: dict[str, Any]) -> None:
    after = values(answers["alter"](asked | {"mask": spelled(MASK), "operation": operation, "room": 5})["mask"])
    before = MASK.values
    laws: dict[str, Any] = {
        "grow": (after >= before).all() and after.sum() > before.sum(),
        "shrink": (after <= before).all() and 0 < after.sum() < before.sum(),
        "soften": (after <= before).all() and (after[before == 0] == 0).all() and ((after > 0) & (after < 1)).any(),
        "invert": (after == 1 - before).all(),
    }
    assert laws[operation]


def test_a_mask_of_a_file_is_brought_to_the_canvas(answers: Any, asked: dict[str, Any]) -> None:
    large = box_mask((128, 128), (32, 16, 80, 96))
    file = base64.b64encode(png(large.to_image())).decode()
    assert (values(answers["from_file"](asked | {"file": file})["mask"]) == MASK.values).all()


@pytest.mark.parametrize(
    ("answer", "changes", "says"),
    [
        ("cut", {"clicks": [[1.5, 0.5, True]]}, "lies outside the picture"),
        ("cut", {"clicks": "rubbish"}, "Load the page anew"),
        ("cut", {"picture": {"path": "/etc/passwd"}, "clicks": [[0.5, 0.5, True]]}, "no longer on the server"),
        ("cut", {"picture": None, "clicks": [[0.5, 0.5, True]]}, "no longer on the server"),
        ("alter", {"mask": "", "operation": "grow"}, "Nothing is selected"),
        ("alter", {"mask": spelled(MASK), "operation": "magic"}, "Load the page anew"),
        ("alter", {"mask": spelled(MASK), "operation": "grow", "size": [9999, 9999]}, "Load the page anew"),
        *(
            ("alter", {"mask": spelled(MASK), "operation": "grow", "room": room}, "Load the page anew")
            for room in ROOMS
        ),
        ("cut", {"clicks": [[0.5, 0.5, True]], "room": 1e9}, "Load the page anew"),
        ("alter", {"mask": "%%%", "operation": "grow"}, "cannot be read"),
        ("from_file", {"file": "%%%"}, "cannot be read"),
        ("from_file", {"file": base64.b64encode(b"no picture").decode()}, "not a readable"),
        ("from_file", {"file": base64.b64encode(png(picture(1, (64, 32)))).decode()}, "picture's size"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    answer: str, changes: dict[str, Any], says: str, answers: Any, asked: dict[str, Any]
) -> None:
    answered = answers[answer](asked | changes)
    assert answered.keys() == {"error"} and says in answered["error"]
    assert answers[answer]("no question").keys() == {"error"}


def test_a_picture_is_embedded_once(editor: Editor, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter, seen = tiny_segmenter(), list[Any]()
    embed = segmenter.embed

    def counted(image: Any) -> Any:
        seen.append(image.size)
        return embed(image)

    monkeypatch.setattr(segmenter, "embed", counted)
    answers = answers_of(editor, EmbeddingCache(lambda: segmenter))
    answers["embed"](asked)
    for place in (0.2, 0.8):
        answers["cut"](asked | {"clicks": [[place, 0.5, True]]})
    assert seen == [SIZE]
