"""How a model came about: what the checkpoints of its trainings tell about its parts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from refedit.machine.version import code_version
from refedit.picturebook.networks.checkpoint import read_checkpoint
from refedit.picturebook.training.hyperparameters import (
    HYPERPARAMETERS,
    Hyperparameters,
    StageHyperparameters,
    StageName,
)
from refedit.picturebook.training.training_folder import TrainingFolder

TRAINED: Mapping[StageName, str] = {
    StageName.VAE: "VAE",
    StageName.DECODER: "the VAE's decoder alone",
    StageName.UNET: "UNet and text tower",
    StageName.CLIP: "CLIP and readers",
    StageName.SAM: "SAM",
}
"""What each stage trains, in the card's words."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One stage's training: its steps, samples a step, minutes, learning rates, and parameters in millions."""

    stage: StageName
    steps: int
    batch: int
    minutes: float
    peak_rate: float
    matrix_rate: float
    millions: float

    def __str__(self) -> str:
        rates = f"{self.peak_rate:g} / {self.matrix_rate:g}"
        numbers = f"{self.steps:,} | {self.batch} | {self.minutes:.0f} | {rates} | {self.millions:.1f}"
        return f"| {TRAINED[self.stage]} | {numbers} |"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How a model was trained. `note` is what else there is to say, `before` what its card said when training began."""

    size: str
    scenes: int
    hardware: str
    version: str
    note: str
    before: str
    parts: tuple[Part, ...]

    @property
    def hyperparameters(self) -> Hyperparameters:
        return HYPERPARAMETERS[self.size]


def read_provenance(folders: Sequence[Path], hardware: str, note: str = "") -> Provenance:
    """What the checkpoints of some trainings tell. If several have trained a stage, the last one counts.

    Raises FileNotFoundError if the first folder is no training.
    """
    notes = json.loads((folders[0] / "training.json").read_text())
    parts = {}
    for folder in folders:
        for stage in StageName:
            state = read_checkpoint(folder / f"{stage}.pt")
            if state is not None:
                parts[stage] = _part(stage, state, HYPERPARAMETERS[notes["size"]])
    return Provenance(
        size=notes["size"],
        scenes=notes["scenes"],
        hardware=hardware,
        version=code_version(),
        note=note,
        before=next(filter(None, (TrainingFolder(folder).start.card() for folder in folders)), ""),
        parts=tuple(parts[stage] for stage in StageName if stage in parts),
    )


def _part(stage: StageName, state: Mapping[str, Any], hyperparameters: Hyperparameters) -> Part:
    weights: Mapping[str, Tensor] = state["averaged"]
    how: StageHyperparameters = getattr(hyperparameters, stage)
    return Part(
        stage=stage,
        steps=state["step"],
        batch=how.batch,
        minutes=state["seconds"] / 60,
        peak_rate=how.peak_rate,
        matrix_rate=how.matrix_rate,
        millions=sum(value.numel() for value in weights.values()) / 1e6,
    )
