"""Measures the readers on unseen drawings, and with their help the pictures that the model draws from captions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from refedit.diffusion.backbone import Backbone
from refedit.picturebook.dataset.scenes import from_bytes, scene_at, to_image
from refedit.picturebook.evaluation.diffusion import draw_pictures
from refedit.picturebook.evaluation.figures import Figure
from refedit.picturebook.networks.reader import Reader
from refedit.picturebook.world.captions import describe
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.factors import FACTORS, factors_of, readable
from refedit.picturebook.world.scene import Scene

DRAWINGS = 512
"""How many drawings the readers' own accuracy is measured on."""
_ROWS = 32
_AMONG = 16

GOALS = {"kind": ">= 95 %", "background": ">= 95 %", "pose": ">= 90 %", "colour": ">= 90 %"}
"""How often a picture drawn from a caption shall show what it says."""

Pictures = Float[Tensor, "rows 3 side side"]


@dataclass(frozen=True, kw_only=True)
class ReaderMeasurements:
    """Shares (0..1) by factor, on `drawings` of unseen scenes with one subject.

    `right` and `right_after_vae` say how often the readers are right about drawings, as they are and after the VAE.
    `asked` says how often they read in a picture what its caption asked for. It is of `asked_cases` captions: a thing
    has no pose to be right about. `matched` is how often a drawing's own full caption scores highest among those of 16.
    """

    drawings: int
    asked_cases: dict[str, int]
    right: dict[str, float]
    right_after_vae: dict[str, float]
    asked: dict[str, float]
    matched: float

    def figures(self) -> list[Figure]:
        """The same as rows of a table, with their goals."""
        asked = [
            _share(f"text to picture: {name} as asked, by the reader", share, count, GOALS.get(name, ""))
            for (name, share), count in zip(self.asked.items(), self.asked_cases.values(), strict=True)
        ]
        worst = {what: min(shares, key=lambda name: shares[name]) for what, shares in self._own.items()}
        own = [
            _share(f"the reader itself, {what}: worst factor ({name})", self._own[what][name], self.drawings, ">= 98 %")
            for what, name in worst.items()
        ]
        means = [
            _share(f"the reader itself, {what}: mean", float(np.mean(list(shares.values()))), self.drawings)
            for what, shares in self._own.items()
        ]
        said = f"a drawing's own caption scores highest among {_AMONG}"
        return [*asked, *own, *means, _share(said, self.matched, self.drawings)]

    @property
    def _own(self) -> dict[str, dict[str, float]]:
        return {"drawings": self.right, "drawings after the VAE": self.right_after_vae}


def _share(what: str, value: float, cases: int, goal: str = "") -> Figure:
    return Figure(what=what, value=value, unit="share", cases=cases, goal=goal)


def one_subject_scenes(count: int) -> list[Scene]:
    """The first test scenes with one subject: two do not tell which of them is the main one."""
    scenes: list[Scene] = []
    number = 0
    while len(scenes) < count:
        scene = scene_at("test", number)
        scenes += [scene] if len(scene.subjects) == 1 else []
        number += 1
    return scenes


def with_pictures(scenes: Sequence[Scene], pixels: int) -> tuple[Sequence[Scene], Pictures]:
    """The scenes and their pictures in [-1, 1]."""
    pictures = np.stack([np.asarray(draw(scene, pixels).picture) for scene in scenes])
    return scenes, from_bytes(torch.from_numpy(pictures))


def accuracies(reader: Reader, scenes: Sequence[Scene], pictures: Pictures) -> dict[str, float]:
    """How often (0..1) the reader finds the scenes' own words in the pictures, by factor."""
    parts = [reader.read(part) for part in pictures.split(_ROWS)]
    return agreement({name: [word for part in parts for word in part[name]] for name in FACTORS}, scenes)


def agreement(read: Mapping[str, Sequence[str]], scenes: Sequence[Scene]) -> dict[str, float]:
    """How often (0..1) what was read of every row is the word of that row's scene, by factor.

    For a factor only those scenes count whose pictures show it: things have no pose to be right about.
    """
    shares = {}
    for name, words in read.items():
        pairs = zip(words, scenes, strict=True)
        rows = [word == factors_of(scene)[name] for word, scene in pairs if name in readable(scene)]
        if rows:
            shares[name] = float(np.mean(rows))
    return shares


def matched(reader: Reader, scenes: Sequence[Scene], pictures: Pictures) -> float:
    """How often (0..1) a picture's own full caption scores highest among those of 16 (or fewer) pictures."""
    texts = [describe(scene).text for scene in scenes]
    best = []
    for start in range(0, len(texts), _AMONG):
        some, seen = texts[start : start + _AMONG], pictures[start : start + _AMONG]
        scores = torch.stack([reader.score(seen, [text] * len(seen)) for text in some], 1)  # (pictures, texts)
        best += [some[place] == own for place, own in zip(scores.argmax(1), some, strict=True)]
    return float(np.mean(best))


@dataclass(frozen=True)
class Asked:
    """Scenes with one subject, and what a model has drawn from their full captions."""

    scenes: Sequence[Scene]
    pictures: Pictures

    @classmethod
    def of(cls, model: Backbone, count: int) -> "Asked":
        """The first test scenes as the model draws them, on the CPU; every picture from noise of its own."""
        scenes = one_subject_scenes(count)
        texts = [describe(scene).text for scene in scenes]
        parts = (texts[start : start + _ROWS] for start in range(0, len(texts), _ROWS))
        drawn = torch.cat([draw_pictures(model, part, seed=place).cpu() for place, part in enumerate(parts)])
        return cls(scenes, drawn)


def measure_reader(
    model: Backbone, reader: Reader, asked: Asked, folder: Path, drawings: int = DRAWINGS
) -> ReaderMeasurements:
    """Measures on `drawings` unseen drawings, and on what was drawn from captions, which it writes (asked.png)."""
    scenes, pictures = with_pictures(one_subject_scenes(drawings), model.size)
    round_trips = torch.cat([model.decode(model.encode(part)).cpu() for part in pictures.split(_ROWS)])
    counts = {name: sum(name in readable(scene) for scene in asked.scenes) for name in FACTORS}
    columns = min(8, len(asked.scenes))
    folder.mkdir(parents=True, exist_ok=True)
    to_image(asked.pictures[: len(asked.pictures) // columns * columns], columns).save(folder / "asked.png")
    return ReaderMeasurements(
        drawings=len(scenes),
        asked_cases={name: count for name, count in counts.items() if count},
        right=accuracies(reader, scenes, pictures),
        right_after_vae=accuracies(reader, scenes, round_trips),
        asked=accuracies(reader, asked.scenes, asked.pictures),
        matched=matched(reader, scenes, pictures),
    )
