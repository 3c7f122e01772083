"""Measures a SAM on scenes that no training saw, and draws a sheet to look at."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from PIL import Image, ImageDraw

from refedit.picturebook.dataset.click_sampling import click_in
from refedit.picturebook.dataset.scenes import scene_at
from refedit.picturebook.evaluation.figures import Figure
from refedit.picturebook.world.contact_sheet import tiled
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.streams import Stream, random
from refedit.segment.segmenter import Click, Segmenter

_TINT = (255, 0, 90)
_SHOWN = 40


@dataclass(frozen=True, kw_only=True)
class SamMeasurements:
    """What SAM makes of a random click in every subject of unseen scenes, and of a second one where that mask is wrong.

    `sam_iou` is the mean IoU of the masks of highest predicted quality with the true ones, `sam_best_iou` that of the
    best of three, `sam_corrected_iou` that after the second click; `sam_embed_ms` are the milliseconds per picture,
    `sam_click_ms` those per click after that.
    """

    sam_clicks: int
    sam_iou: float
    sam_best_iou: float
    sam_corrected_iou: float
    sam_embed_ms: float
    sam_click_ms: float

    def figures(self) -> list[Figure]:
        """The same as rows of a table, with their goals."""
        rows = (
            ("SAM, one random click inside a subject: mean IoU", self.sam_iou, "", ">= 0.90"),
            ("the same, the best of its three masks", self.sam_best_iou, "", ""),
            ("the same, after a second click where the mask was wrong", self.sam_corrected_iou, "", ""),
            ("SAM, from picture to embedding", self.sam_embed_ms, "ms", ""),
            ("SAM, from click to mask", self.sam_click_ms, "ms", "<= 150 ms"),
        )
        return [
            Figure(what=what, value=value, unit=unit, cases=self.sam_clicks, goal=goal)
            for what, value, unit, goal in rows
        ]


@dataclass(frozen=True)
class ClickedSubject:
    """A picture, the true mask of a subject in it, and a click somewhere inside."""

    picture: Image.Image
    mask: Bool[np.ndarray, "height width"]
    click: Click


def subjects(count: int, pixels: int) -> list[ClickedSubject]:
    """Every subject of the first test scenes, the second ones too, each with a click of its own."""
    clicked = []
    for number in range(count):
        drawing = draw(scene_at("test", number), pixels)
        masks = [drawing.masks[name] for name in ("subject", "second") if name in drawing.masks]
        rng = random(Stream.FIRST_CLICKS, number)
        clicked += [ClickedSubject(drawing.picture, mask, _click(rng, mask)) for mask in masks if mask.any()]
    return clicked


def two_clicks(rng: np.random.Generator, subject: ClickedSubject, made: np.ndarray) -> list[Click]:
    """The subject's click, and one more at a random place where the mask made is wrong, if there is one."""
    wrong = (made >= 0.5) != subject.mask
    if not wrong.any():
        return [subject.click]
    x, y = click_in(rng, wrong).tolist()
    return [subject.click, Click(x, y, inside=bool(subject.mask[int(y), int(x)]))]


def _click(rng: np.random.Generator, mask: Bool[np.ndarray, "height width"]) -> Click:
    x, y = click_in(rng, mask).tolist()
    return Click(x, y)


def measure_sam(segmenter: Segmenter, asked: list[ClickedSubject], folder: Path) -> SamMeasurements:
    """Means over subjects, times on this machine; draws the first of them into sam.png."""
    folder.mkdir(parents=True, exist_ok=True)
    sam_sheet(segmenter, asked[:_SHOWN]).save(folder / "sam.png")
    ious, best, after, embedding, clicking = [], [], [], 0.0, 0.0
    rng = random(Stream.SECOND_CLICKS)
    for subject in asked:
        started = _now()
        embedded = segmenter.embed(subject.picture)
        halfway = _now()
        made = segmenter.mask(embedded, [subject.click])
        embedding, clicking = embedding + halfway - started, clicking + _now() - halfway
        ious.append(iou(made.values, subject.mask))
        every = segmenter.candidates(embedded, [subject.click])
        best.append(max(iou(candidate.mask.values, subject.mask) for candidate in every))
        after.append(iou(segmenter.mask(embedded, two_clicks(rng, subject, made.values)).values, subject.mask))
    return SamMeasurements(
        sam_clicks=len(asked),
        sam_iou=float(np.mean(ious)),
        sam_best_iou=float(np.mean(best)),
        sam_corrected_iou=float(np.mean(after)),
        sam_embed_ms=1000 * embedding / len(asked),
        sam_click_ms=1000 * clicking / len(asked),
    )


def _now() -> float:
    """The time in seconds, once a GPU has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def iou(made: np.ndarray, true: Bool[np.ndarray, "height width"]) -> float:
    """Intersection over union of a mask, 1 inside, and the true one."""
    inside = made >= 0.5
    return float((inside & true).sum() / max((inside | true).sum(), 1))


def sam_sheet(segmenter: Segmenter, asked: list[ClickedSubject], columns: int = 8) -> Image.Image:
    """Pictures with the click as a dot and the mask made as a tint."""
    shown = [
        overlaid(one.picture, segmenter.mask(segmenter.embed(one.picture), [one.click]).values, one.click)
        for one in asked
    ]
    return tiled([shown[start : start + columns] for start in range(0, len(shown), columns)])


def overlaid(picture: Image.Image, mask: np.ndarray, click: Click) -> Image.Image:
    """A picture, tinted inside a mask of its size, with a white dot where the click is."""
    veil = Image.fromarray((mask * 140).astype(np.uint8), "L")
    shown = Image.composite(Image.new("RGB", picture.size, _TINT), picture, veil)
    radius = max(2, picture.width // 50)
    place = (click.x - radius, click.y - radius, click.x + radius, click.y + radius)
    ImageDraw.Draw(shown).ellipse(place, fill="white", outline="black")
    return shown
