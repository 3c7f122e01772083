"""How near a result is to the truth, in numbers that JSON can hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refedit.bench.experiment.cases import Case
from refedit.bench.experiment.measures import Where, iou, leak, psnr, ssim
from refedit.bench.experiment.runs import ArmRun
from refedit.imaging.contours import contours, likeness
from refedit.imaging.images import to_tensor
from refedit.methods import SpecRef
from refedit.picturebook.networks.reader import Reader
from refedit.picturebook.world.factors import FACTORS
from refedit.picturebook.world.true_edits import changed_region, drawn, subject_mask


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a case; None is what can't be known: no such pixels, no reference, no reader.

    PSNR in dB and SSIM: `inside` the true region to the truth, `outside` it to the source and before pasting back,
    `whole` to the truth, `to_source` to the source. `distance` is the reader's (0 equal, 4 at most) to the truth, also
    for the places inside the true region, and outside it to the source, before pasting back. `contours` is how alike
    (1 equal) the main subject's are to the truth's, which says how well it is drawn. `leak` is the part of the
    picture that shows the reference's background, `word_iou` that of the words' region with the true one, `text` the
    cosine with the target prompt. `read` is what the reader sees of every factor, `truth` what is right, `chance` the
    probability that the reader gives to that. `loss` is a text inversion's error of the guided noise, the geometric
    mean over steps. `rows` are UNet rows.
    """

    number: int
    kind: str
    method: str
    changed: tuple[str, ...]
    inside: float | None
    outside: float | None
    ssim_inside: float | None = None
    ssim_outside: float | None = None
    whole: float | None = None
    to_source: float | None = None
    distance: float | None = None
    distance_inside: float | None = None
    distance_outside: float | None = None
    contours: float | None = None
    leak: float | None = None
    word_iou: float | None = None
    text: float | None = None
    loss: float | None = None
    truth: Mapping[str, str] = field(default_factory=dict)
    read: Mapping[str, str] = field(default_factory=dict)
    chance: Mapping[str, float] = field(default_factory=dict)
    rows: int
    seconds: float

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Outcome":
        return cls(**{**data, "changed": tuple(data["changed"])})


def measured(case: Case, name: str, made: ArmRun, size: int, reader: Reader | None) -> Outcome:
    """The measures of a finished run."""
    source, result = drawn(case.source, size).picture, drawn(case.result, size)
    truth, box = result.picture, subject_mask(result).box
    region, everywhere = changed_region(case.source, case.result, size), np.ones((size, size), bool)
    return Outcome(
        number=case.number,
        kind=str(case.kind),  # as it is read again: an enum has another repr
        method=name,
        changed=case.changed,
        inside=psnr(made.final, truth, region),
        outside=psnr(made.image, source, ~region),
        ssim_inside=ssim(made.final, truth, region),
        ssim_outside=ssim(made.image, source, ~region),
        whole=psnr(made.final, truth, everywhere),
        to_source=psnr(made.final, source, everywhere),
        contours=likeness(*(contours(picture, box) for picture in (made.final, truth))),
        leak=leak(made.image, source, truth) if case.reference else None,
        word_iou=None if made.words is None else iou(_words_region(made.words, size), region),
        loss=made.loss,
        truth={factor: case.truth(factor) for factor in FACTORS},
        rows=made.rows,
        seconds=round(made.seconds, 2),
        **(_seen(case, made.final, truth, region, reader) if reader else {}),
        distance_outside=_weighed(_distances(reader, made.image, source), ~region) if reader else None,
    )


def _words_region(words: Tensor, size: int) -> Where:
    fine = functional.interpolate(words[None, None].float(), (size, size), mode="bilinear")[0, 0]
    return np.asarray(fine.cpu() >= SpecRef().region_threshold)


def _seen(case: Case, made: Image.Image, truth: Image.Image, region: Where, reader: Reader) -> dict[str, Any]:
    shown = to_tensor(made)
    chances = reader.probabilities(shown)
    truths = {factor: reader.names[factor].index(case.truth(factor)) for factor in FACTORS}
    planes = _distances(reader, made, truth)
    return {
        "distance": _weighed(planes, np.ones_like(region)),
        "distance_inside": _weighed(planes, region),
        "text": float(reader.score(shown, [case.prompts[1]])[0]),
        "read": {factor: reader.names[factor][int(chances[factor][0].argmax())] for factor in FACTORS},
        "chance": {factor: round(float(chances[factor][0, place]), 5) for factor, place in truths.items()},
    }


def _distances(reader: Reader, *pictures: Image.Image) -> list[Float[Tensor, "_side _side"]]:
    """The squared distances of two pictures' features, one map for each of the reader's layers."""
    features = (reader.features(to_tensor(picture)) for picture in pictures)
    return [(a - b).square().sum(1)[0].cpu() for a, b in zip(*features, strict=True)]


def _weighed(planes: list[Float[Tensor, "_side _side"]], where: Where) -> float | None:
    """The mean over maps of their means where a mask is, each place counting by its share of it; None if nowhere."""
    if not where.any():
        return None
    mask = torch.from_numpy(where.astype(np.float32))[None, None]
    weights = [functional.adaptive_avg_pool2d(mask, plane.shape[-1])[0, 0] for plane in planes]
    means = [(plane * weight).sum() / weight.sum() for plane, weight in zip(planes, weights, strict=True)]
    return round(float(torch.stack(means).mean()), 6)
