"""An editor whose edits go as a script says: real requests and events, a picture of a known colour, no model.

An edit of `HELD` steps stands still after its first preview until it is stopped, and one of `DEAF` steps for `LONG`
seconds more, as in a step that takes long; every other one ends at once.
"""

import threading
import time
from collections.abc import Iterator

from PIL import Image

from refedit.diffusion.vocabulary import Reading
from refedit.editing.request import EditEvent, EditRequest, Finished, Preview, Progress, written_down
from refedit.editing.service import Located, ModelFacts
from refedit.errors import Stopped
from refedit.imaging.masks import Mask
from refedit.methods import Method

HELD, DEAF = 100, 99
LONG = 5.0
TINT = (60, 120, 200)


class ScriptedEditor:
    """An `EditingService`: tells every step of every stage, and tints what may change."""

    facts = ModelFacts(name="scripted", size=64, read=lambda sentence: Reading(text=sentence))

    def edit(self, request: EditRequest, cancel: threading.Event | None = None) -> Iterator[EditEvent]:
        cancel = cancel or threading.Event()
        steps, stages = request.method.steps, list(request.method.stages)
        for place, stage in enumerate(stages):
            for step in range(1, steps + 1):
                fraction = (place + step / steps) / len(stages)
                yield Progress(stage=stage.words, step=step, of=steps, fraction=fraction, seconds_left=1.0)
                if step == 1:
                    yield Preview(image=_tinted(request, _region(request)), stage=stage.words, step=1, of=steps)
                while steps in (HELD, DEAF) and not cancel.is_set():
                    time.sleep(0.05)  # held, until somebody stops it
                if cancel.is_set():
                    time.sleep(LONG if steps == DEAF else 0)
                    raise Stopped
        yield Finished(
            image=_tinted(request, _region(request)),
            pasted=_region(request),
            seconds=1.0,
            rows=steps,
            parameters=written_down(request.recipe, self.facts.name, "all of it"),
        )

    def locate(self, picture: Image.Image, word: str, sentence: str = "") -> Located:
        """Everything is in the middle; only a "cat" is surely there."""
        heat, (width, height) = Image.new("L", picture.size), picture.size
        heat.paste(255, (width * 3 // 8, height * 3 // 8, width * 5 // 8, height * 5 // 8))
        return Located(heat=Mask.from_image(heat), there=word == "cat")

    def expected_seconds(self, method: Method) -> float | None:
        return None


def _region(request: EditRequest) -> Mask:
    return request.region or Mask.from_image(Image.new("L", request.source.size, 255))


def _tinted(request: EditRequest, region: Mask) -> Image.Image:
    return Image.composite(Image.new("RGB", request.source.size, TINT), request.source, region.to_image())
