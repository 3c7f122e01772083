"""One mask under all tools: clicks, strokes, operations and undo, and what the click tool shows of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.segmenter import Click, Embedded, read_clicks
from refedit.segment.selection import select
from refedit.ui.events.mask_events import change_tool, pane_document, show_document
from refedit.ui.state.mask_document import UNDO, MaskDocument, document_of
from refedit.ui.state.overlay import SIDE, overlay, place
from refedit.ui.state.picture_with_mask import paintable
from refedit.ui.view.pane import BRUSH_TOOL, CLICK_TOOL, OPERATIONS, Pane, draw_pane
from tests.conftest import box_mask, picture
from tests.page.parts import canvas, saved
from tests.page_server import tiny_segmenter

SIZE = (64, 64)
LEFT, RIGHT = box_mask(SIZE, (0, 0, 32, 64)), box_mask(SIZE, (32, 0, 64, 64))


def halves(clicks: Sequence[Click]) -> Mask:
    """A segmenter for a world of two things, the halves of the picture; clicks outside are taken from the thing."""
    hit = Mask.union([LEFT if click.x < 32 else RIGHT for click in clicks if click.inside])
    for click in clicks:
        if not click.inside:
            hit = hit.subtract(box_mask(SIZE, (int(click.x), int(click.y), int(click.x) + 8, int(click.y) + 8)))
    return hit


@pytest.fixture
def document() -> MaskDocument:
    return MaskDocument.showing(picture(1))


@pytest.fixture
def pane() -> Pane:
    with gr.Blocks(analytics_enabled=False):
        return draw_pane("source", "", "")


def values(document: MaskDocument) -> np.ndarray:
    return np.zeros(SIZE[::-1]) if document.mask is None else document.mask.values


def test_a_click_adds_a_thing_and_a_click_outside_refines_it(document: MaskDocument) -> None:
    added = document.clicked(Click(8, 8), halves)
    assert (values(added) == LEFT.values).all() and document.mask is None
    refined = added.clicked(Click(20, 20, inside=False), halves)
    assert values(refined)[22, 22] == 0 and values(refined)[2, 2] == 1


def test_clicks_take_away_what_strokes_added_and_the_other_way_round(document: MaskDocument) -> None:
    painted = document.with_mask(Mask.union([LEFT, RIGHT]))
    assert (values(painted.clicked(Click(8, 8, inside=False), halves)) == RIGHT.values).all()
    clicked = document.clicked(Click(8, 8), halves).with_painted_mask(None)
    assert clicked.mask is None, "everything was erased with the brush"
    both = painted.with_mask(LEFT).clicked(Click(50, 8), halves)
    assert (values(both) == 1).all()
    assert (values(both.clicked(Click(8, 8, inside=False), halves)) == RIGHT.values).all(), "the base is not the thing"


def test_the_next_thing_starts_anew(document: MaskDocument) -> None:
    first = document.clicked(Click(8, 8), halves).next_thing()
    assert first.now.clicks == () and (values(first) == LEFT.values).all()
    assert first.clicked(Click(50, 8), halves).now.clicks == (Click(50, 8),)


def test_undo_goes_back_through_every_tool(document: MaskDocument) -> None:
    steps = [document, document.clicked(Click(8, 8), halves)]
    steps.append(steps[-1].with_painted_mask(Mask.union([LEFT, RIGHT])))
    steps.append(steps[-1].with_mask(None))
    back = steps[-1]
    for before in reversed(steps[:-1]):
        back = back.undone()
        assert back.now == before.now
    assert back.undone() is back
    for _ in range(UNDO + 5):
        document = document.with_mask(LEFT)
    assert len(document.past) == UNDO


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operations_mask_comes_back_from_the_canvas_as_it_went(name: str, tmp_path: Path) -> None:
    before = MaskDocument.showing(picture(1)).with_mask(OPERATIONS[name](box_mask(SIZE, (10, 10, 50, 40))))
    assert before.mask is not None
    after = document_of(saved(canvas(before.picture, before.mask), tmp_path), "source")
    assert (values(after) == values(before)).all()
    assert (paintable(before.mask).values == before.mask.values).all()


def test_an_untouched_canvas_changes_nothing_and_another_picture_everything(
    document: MaskDocument, tmp_path: Path
) -> None:
    known = document.with_mask(LEFT)
    assert document_of(saved(canvas(picture(1), LEFT), tmp_path), "source", known) is known
    other = document_of(saved(canvas(picture(2), None), tmp_path), "source", known)
    assert other.mask is None and other.past == ()


def test_strokes_on_a_new_picture_are_undone(pane: Pane, tmp_path: Path) -> None:
    painted = pane_document(pane, BRUSH_TOOL, saved(canvas(picture(1), LEFT), tmp_path), None)
    cleaned = painted.undone()
    assert painted.mask is not None and cleaned.mask is None and cleaned.undone() is cleaned


def test_wrong_places_and_masks_are_one_sentence(document: MaskDocument) -> None:
    with pytest.raises(EditError, match="99,5 lies outside the picture, which is 64x64"):
        document.clicked(Click(99, 5), halves)
    edge = document.with_mask(RIGHT).clicked(Click(8, 8), halves).clicked(Click(64, 64, inside=False), halves)
    assert (values(edge) == LEFT.values).all(), "the corner's far end belongs to the last pixel"
    with pytest.raises(EditError, match="mask is 32x64 pixels, its picture 64x64"):
        document.with_mask(box_mask((32, 64), (0, 0, 8, 8)))
    for text, says in (("", "No place is typed"), ("1,2\nx", "'x' is no click")):
        with pytest.raises(EditError, match=says):
            read_clicks(text)
    assert read_clicks("1,2\n\n3,4,-") == (Click(1, 2), Click(3, 4, inside=False))


def test_a_picture_of_a_few_kilobytes_stays_that_small(tmp_path: Path) -> None:
    Image.new("1", (6000, 6000)).save(tmp_path / "large.png")
    document = MaskDocument(file=(tmp_path / "large.png").read_bytes()).with_mask(box_mask((6000, 6000), (0, 0, 9, 9)))
    assert document.picture.size == (6000, 6000) and len(document.file) < 10_000
    assert MaskDocument.showing(picture(1)).picture.tobytes() == picture(1).tobytes()


@pytest.mark.parametrize("size", [(64, 64), (300, 40), (1000, 2000)])
def test_a_click_on_the_overlay_is_one_on_the_picture(size: tuple[int, int]) -> None:
    document = MaskDocument.showing(picture(1, size)).with_mask(box_mask(size, (0, 0, size[0] // 2, size[1])))
    shown = overlay(document)
    assert max(shown.size) == SIDE
    for x, y in ((0, 0), (shown.width - 1, shown.height - 1), (shown.width // 3, shown.height // 4)):
        click = place(document, (x, y), inside=True)
        assert 0 <= click.x < size[0] and 0 <= click.y < size[1]
        assert abs(click.x / size[0] - (x + 0.5) / shown.width) < 0.02
    plain = overlay(MaskDocument.showing(document.picture))
    difference = np.abs(np.asarray(shown, np.int16) - np.asarray(plain, np.int16)).max(2)
    assert difference[:, : shown.width // 2 - 8].mean() > 20 and difference[:, shown.width // 2 + 16 :].max() == 0
    assert overlay(document.clicked(Click(1, 1), lambda _: box_mask(size, (0, 0, 1, 1)))).tobytes() != shown.tobytes()


def test_changing_the_tool_hands_the_mask_over(pane: Pane, tmp_path: Path) -> None:
    painted = saved(canvas(picture(1), LEFT), tmp_path)
    clicking = change_tool(pane, CLICK_TOOL, painted, None)
    document = clicking[pane.document]
    assert clicking[pane.editor] is None and not clicking[pane.canvas].visible and clicking[pane.clicking].visible
    assert (values(pane_document(pane, CLICK_TOOL, None, document)) == LEFT.values).all()
    shown = change_tool(pane, BRUSH_TOOL, None, document.clicked(Click(50, 8), halves))
    back = pane_document(pane, BRUSH_TOOL, saved(shown[pane.editor], tmp_path), shown[pane.document])
    assert (values(back) == 1).all() and back.now.clicks == ()


def test_tools_change_without_a_picture(pane: Pane) -> None:
    for tool in (CLICK_TOOL, BRUSH_TOOL):
        assert change_tool(pane, tool, None, None)[pane.document] is None
    assert show_document(pane, CLICK_TOOL, None)[pane.clicker]["value"] is None
    with pytest.raises(EditError, match="There is no source picture"):
        pane_document(pane, CLICK_TOOL, None, None)


def test_a_picture_is_embedded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = tiny_segmenter()
    embed, seen = segmenter.embed, list[Image.Image]()

    def counting(image: Image.Image) -> Embedded:
        seen.append(image)
        return embed(image)

    monkeypatch.setattr(segmenter, "embed", counting)
    memory = EmbeddingCache(lambda: segmenter)
    for number in (1, 2, 1, 2):
        mask = memory.mask(picture(number), [Click(30, 30)])
        assert (mask.values == select(segmenter, embed(picture(number)), [Click(30, 30)]).values).all()
    assert len(seen) == 2


def test_missing_weights_are_said_at_every_click() -> None:
    def missing() -> Any:
        raise EditError("The weights are missing.")

    memory = EmbeddingCache(missing)
    for _ in range(2):
        with pytest.raises(EditError, match="missing"):
            memory.mask(picture(1), [Click(1, 1)])
