"""What a training tells while it runs: reports, the means in them, and a log of JSON lines."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from torch import Tensor

from refedit.picturebook.training.hyperparameters import StageName


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a stage stands after a step: it has spent `seconds` of the time `of` that is planned.

    `losses` are means since the last report, `rate` is the present share of the peak learning rates.
    """

    stage: StageName
    step: int
    seconds: float
    of: float
    samples_per_second: float
    rate: float
    losses: dict[str, float]

    def __str__(self) -> str:
        losses = "  ".join(f"{name} {value:.4f}" for name, value in self.losses.items())
        return (
            f"{self.stage} step {self.step}, {self.seconds / 60:.1f} of {self.of / 60:.1f} min, "
            f"{self.samples_per_second:.1f} samples/s, rate {self.rate:.2f}: {losses}"
        )


@dataclass
class RunningMeans:
    """Means of losses since they were taken last. Until then their sums stay on the device."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    steps: int = 0
    seconds: float = 0.0

    def add(self, losses: dict[str, Tensor], seconds: float) -> None:
        """Adds one step that took some time."""
        self.sums = {name: self.sums.get(name, 0) + value for name, value in losses.items()}
        self.steps += 1
        self.seconds += seconds

    @property
    def steps_per_second(self) -> float:
        return self.steps / max(self.seconds, 1e-9)

    def take(self) -> dict[str, float]:
        """The means, and a new beginning."""
        means = {name: round(float(value) / self.steps, 5) for name, value in self.sums.items()}
        self.sums, self.steps, self.seconds = {}, 0, 0.0
        return means


def write_log(path: Path, report: Report) -> None:
    """Appends a report to a log of JSON lines."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(report)) + "\n")
