"""What a canvas asks the server: the mask of a thing, a changed mask, a mask from a file.

A canvas keeps its own mask and its own past, so these only compute: nothing is kept of them here.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from refedit.editing.service import EditingService, unsure
from refedit.errors import EditError
from refedit.imaging.images import read_mask, read_picture
from refedit.imaging.masks import Mask
from refedit.machine.failures import said_of
from refedit.segment.embedding_cache import EmbeddingCache
from refedit.segment.segmenter import Click, check_place
from refedit.ui.events.visitors import Looks
from refedit.ui.state.handed_out import address_of
from refedit.ui.state.picture_with_mask import LONGEST, read_spelled, spelled
from refedit.ui.state.received import unpacking, uploaded

STEP = 1.0
"""The per cent of the longer side by which a button grows, shrinks or softens: as much of every picture."""
GARBLED = "The canvas asked for something that this page does not know. Load the page anew."

Question = Any
"""What a browser sends: an object of plain values, or anything else."""
Answer = dict[str, str]
"""Masks by name, as `spelled`, and perhaps a note; or an error."""


def answers_of(
    editor: EditingService, embeddings: EmbeddingCache, looks: Looks | None = None
) -> dict[str, Callable[[Question], Answer]]:
    """The functions that a canvas may call, by name. Gradio makes them attributes, so none has an event's name."""

    def cut(asked: Question) -> Answer:
        """The thing that clicks show, as it is and with room round it."""
        picture = _picture(asked)
        return _with_room(embeddings.mask(picture, _clicks(asked["clicks"], picture.size)), _room(asked))

    def find(asked: Question) -> Answer:
        """The thing that a word names, as it is and with room round it."""
        picture, word = _picture(asked), str(asked["word"])
        located = editor.locate(picture, word)
        note = {} if located.there else {"note": unsure(word)}
        return _with_room(embeddings.thing(picture, located.heat), _room(asked)) | note

    def embed(asked: Question) -> Answer:
        """Looks at a picture before the first click, so that this is answered at once."""
        embeddings.embed(_picture(asked))
        return {}

    return {answer.__name__: _answered(answer, looks or Looks()) for answer in (cut, find, embed, alter, from_file)}


def alter(asked: Question) -> Answer:
    """A mask after an operation; "room" grows it by so many per cent."""
    size = _size(asked)
    mask = read_spelled(str(asked["mask"]), size) or Mask(np.zeros(size[::-1], np.float32))
    operation, room = str(asked["operation"]), _room({"room": STEP} | asked)
    if mask.is_empty and operation != "invert":
        raise EditError("Nothing is selected on the picture yet, so there is nothing to change. Paint or click first.")
    return {"mask": spelled(operated(mask, operation, room))}


def operated(mask: Mask, operation: str, room: float) -> Mask:
    """The mask grown, shrunk or softened by so many per cent of its longer side, or inverted; EditError for another."""
    reach = max(1, round(max(mask.size) * room / 100))
    operations: dict[str, Callable[[], Mask]] = {
        "invert": mask.invert,
        "grow": lambda: mask.grow(reach),
        "shrink": lambda: mask.grow(-reach),
        "soften": lambda: mask.feather(reach),
        "room": lambda: mask.with_room(room / 100),
    }
    if operation not in operations:
        raise EditError(GARBLED)
    return operations[operation]()


def from_file(asked: Question) -> Answer:
    """The mask that a file holds, at the size of the canvas's picture, which may have been made smaller."""
    try:
        file = base64.b64decode(str(asked["file"]), validate=True)
    except (binascii.Error, ValueError):
        raise EditError("The mask file cannot be read. Save it as PNG and try again.") from None
    with unpacking(file):
        mask = read_mask(file).fitted(_size(asked))
    if mask.is_empty:
        raise EditError("The mask file selects nothing: it is all black or transparent. White or opaque is inside.")
    return {"mask": spelled(mask)}


def _answered(answer: Callable[[Question], Answer], looks: Looks) -> Callable[..., Answer]:
    """An answer whose EditErrors are told to whoever asked."""

    def answering(asked: Question, request: gr.Request | None = None) -> Answer:
        try:
            with looks.by(address_of(request)), unpacking(*_large(asked)):
                return answer(asked)
        except (AttributeError, KeyError, TypeError, ValueError):
            return {"error": GARBLED}
        except Exception as error:
            return {"error": said_of(error)}

    answering.__name__ = answer.__name__

    return answering


def _picture(asked: Mapping[str, Any]) -> Image.Image:
    return read_picture(uploaded(asked["picture"], str(asked["name"])))


def _large(asked: Mapping[str, Any]) -> list[Path]:
    """The picture that is asked about, if it has to be read for the answer."""
    return [uploaded(asked["picture"], str(asked["name"]))] if asked.get("picture") else []


def _size(asked: Mapping[str, Any]) -> tuple[int, int]:
    """(width, height) of the canvas's mask."""
    width, height = (int(side) for side in asked["size"])
    if not 0 < min(width, height) <= max(width, height) <= LONGEST:
        raise EditError(GARBLED)
    return width, height


def _room(asked: Mapping[str, Any]) -> float:
    """The per cent of the longer side that are asked for: masks are computed with as much round them."""
    room = float(asked["room"])
    if not 0 <= room <= 100:  # true of not-a-number, too
        raise EditError(GARBLED)
    return room


def _clicks(written: Any, size: tuple[int, int]) -> list[Click]:
    """Clicks from [x, y, inside], where x and y are parts of the picture's sides; EditError for one beside it."""
    clicks = [Click(float(x) * size[0], float(y) * size[1], inside=bool(inside)) for x, y, inside in written]
    for click in clicks:
        check_place(click.x, click.y, size)
    return clicks


def _with_room(thing: Mask, room: float) -> Answer:
    return {"thing": spelled(thing), "mask": spelled(operated(thing, "room", room))}
