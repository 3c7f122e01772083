"""What was painted: from the editor and back."""

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from refedit.errors import EditError
from refedit.ui.state.picture_with_mask import OPACITY, PictureWithMask, read_canvas
from refedit.ui.view.mask_editor import painted_picture
from tests.conftest import box_mask, picture
from tests.page.parts import BOX, canvas, saved


def read(value: dict[str, Any]) -> PictureWithMask:
    shown = read_canvas(value, "source")
    assert shown is not None
    return shown


def test_a_mask_survives_the_way_to_the_editor_and_back(tmp_path: Path) -> None:
    shown = read(saved(canvas(picture(1), BOX), tmp_path))
    assert shown.mask is not None
    np.testing.assert_allclose(shown.mask.values, BOX.values, atol=0.01)
    assert (np.asarray(shown.picture) == np.asarray(picture(1))).all()


def test_the_layers_are_united(tmp_path: Path) -> None:
    left, right = box_mask((64, 64), (0, 0, 8, 64)), box_mask((64, 64), (56, 0, 64, 64))
    value: dict[str, Any] = canvas(picture(1), left)
    value["layers"] += canvas(picture(1), right)["layers"]
    mask = read(saved(value, tmp_path)).mask
    assert mask is not None
    np.testing.assert_allclose(mask.values, np.maximum(left.values, right.values), atol=0.01)


@pytest.mark.parametrize("alpha", [0, round(255 * OPACITY * 0.3)])
def test_an_untouched_or_erased_layer_is_nothing_painted(tmp_path: Path, alpha: int) -> None:
    value: dict[str, Any] = canvas(picture(1), None) | {"layers": [Image.new("RGBA", (64, 64), (255, 0, 0, alpha))]}
    assert read(saved(value, tmp_path)).mask is None


def test_an_empty_canvas_shows_nothing() -> None:
    empty: list[dict[str, Any] | None] = [{"background": None, "layers": []}, {}, None]
    assert [read_canvas(value, "source") for value in empty] == [None] * 3


def test_a_mask_of_another_size_is_one_sentence(tmp_path: Path) -> None:
    value: dict[str, Any] = canvas(picture(1), None) | {"layers": [Image.new("RGBA", (32, 64), "red")]}
    with pytest.raises(EditError, match="mask of the source is 32x64 pixels, its picture 64x64"):
        read(saved(value, tmp_path))


def test_bombs_and_rubbish_are_refused_by_our_own_reader(tmp_path: Path) -> None:
    bomb, rubbish = tmp_path / "bomb.png", tmp_path / "rubbish.png"
    Image.new("1", (13000, 13000)).save(bomb)
    rubbish.write_text("no picture")
    with pytest.raises(EditError, match="40"):
        read_canvas({"background": str(bomb), "layers": []}, "source")
    with pytest.raises(EditError, match="not a readable"):
        read_canvas({"background": str(rubbish), "layers": []}, "source")


def test_the_editor_decodes_nothing(tmp_path: Path) -> None:
    (tmp_path / "rubbish.png").write_text("no picture")
    editor = painted_picture(label="Source", placeholder="", elem_id="source")
    data = editor.data_model.model_validate({"background": {"path": str(tmp_path / "rubbish.png")}})
    assert editor.preprocess(data) == {"background": str(tmp_path / "rubbish.png"), "layers": []}
    assert editor.preprocess(None) is None


def test_an_editor_decodes_nothing_after_its_page_has_changed_either() -> None:
    editor = painted_picture(label="Source", placeholder="", elem_id="source")
    # What Gradio does for a visitor when an event leaves the editor as it is.
    again = editor.__class__(**editor.constructor_args | {"render": False})
    data = again.data_model.model_validate({"background": {"path": "gone.png"}})
    assert again.preprocess(data) == {"background": "gone.png", "layers": []}
    assert again.get_block_name() == gr.ImageEditor(render=False).get_block_name()
