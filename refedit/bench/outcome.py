"""One case edited by one method, and how near the result is to the truth."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Bool
from PIL import Image

from refedit.bench.cases import Case
from refedit.edit import Finished
from refedit.editor import Editor
from refedit.images import to_tensor
from refedit.methods import Method
from refedit.picturebook.drawing import draw
from refedit.picturebook.edits import changed_region
from refedit.picturebook.factors import FACTORS
from refedit.picturebook.reader import Reader


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a case: PSNR in dB to the true result inside and to the source outside the true region.

    `inside` is None where the truth equals the source, `outside` where everything changes. `read` is what the reader
    sees of every factor, `chance` the probability that it gives to the true word; both are empty without a reader.
    """

    number: int
    kind: str
    method: str
    inside: float | None
    outside: float | None
    distance: float | None = None
    read: Mapping[str, str] = field(default_factory=dict)
    chance: Mapping[str, float] = field(default_factory=dict)
    rows: int
    seconds: float


def run_case(editor: Editor, case: Case, name: str, method: Method, reader: Reader | None) -> Outcome:
    """Edits a case and measures the result at the model's size."""
    return measured(case, name, edit_case(editor, case, method), editor.model.size, reader)


def edit_case(editor: Editor, case: Case, method: Method) -> Finished:
    last = list(editor.edit(case.request(method, editor.model.size)))[-1]
    assert isinstance(last, Finished)
    return last


def measured(case: Case, name: str, finished: Finished, size: int, reader: Reader | None) -> Outcome:
    """The measures of a finished edit."""
    source, truth = draw(case.source, size).picture, draw(case.result, size).picture
    region = changed_region(case.source, case.result, size)
    return Outcome(
        number=case.number,
        kind=case.kind,
        method=name,
        inside=psnr(finished.image, truth, region),
        outside=psnr(finished.image, source, ~region),
        rows=finished.rows,
        seconds=round(finished.seconds, 2),
        **(_seen(case, finished.image, truth, reader) if reader else {}),
    )


def psnr(made: Image.Image, true: Image.Image, where: Bool[np.ndarray, "height width"]) -> float | None:
    """Peak signal-to-noise ratio in dB of the pixels in `where`; None if there are none."""
    if not where.any():
        return None
    made_pixels, true_pixels = (np.asarray(picture, np.float64)[where] for picture in (made, true))
    error = max(float(((made_pixels - true_pixels) ** 2).mean()), 1e-4)
    return 10 * float(np.log10(255**2 / error))


def _seen(case: Case, made: Image.Image, truth: Image.Image, reader: Reader) -> dict[str, Any]:
    pictures = [to_tensor(picture) for picture in (made, truth)]
    chances = reader.probabilities(pictures[0])
    truths = {factor: reader.names[factor].index(case.truth(factor)) for factor in FACTORS}
    return {
        "distance": float(reader.distance(*pictures)[0]),
        "read": {factor: reader.names[factor][int(chances[factor][0].argmax())] for factor in FACTORS},
        "chance": {factor: float(chances[factor][0, place]) for factor, place in truths.items()},
    }
