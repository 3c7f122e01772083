"""The training loop that all stages share: time-planned learning rate, averaged weights, checkpoints, reports.

Knows nothing about what is trained.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from refedit.picturebook.networks.checkpoint import AveragedWeights, read_checkpoint, write_checkpoint
from refedit.picturebook.training.hyperparameters import StageHyperparameters, StageName
from refedit.picturebook.training.log import Report, RunningMeans
from refedit.picturebook.training.optimizers import Optimizers, laid_out_as
from refedit.picturebook.training.plan import Plan, autocast, layout, rate_factor


@runtime_checkable
class Stage(Protocol):
    """Something to train. A batch's number alone decides what is in it, so a resumed training goes on as it would."""

    name: StageName
    rows: int

    @property
    def hyperparameters(self) -> StageHyperparameters: ...

    @property
    def network(self) -> nn.Module: ...

    def batch(self, number: int) -> Any:
        """`rows` samples to learn from, prepared on the CPU in another thread."""
        ...

    def losses(self, batch: Any, generator: torch.Generator) -> dict[str, Tensor]:
        """Named losses; the one called "loss" is minimised. May run in several threads at once."""
        ...

    def show(self, network: nn.Module, step: int) -> None:
        """Writes what the averaged network can do so far."""
        ...


class Trainer:
    """Trains one stage up to its planned time, from where its checkpoint stands."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self.stage, self.plan = stage, plan
        stage.network.to(plan.device, memory_format=layout(plan.device)).train()  # type: ignore[call-overload]
        self.path = plan.folder / f"{stage.name}.pt"
        how = stage.hyperparameters
        self.averaged = AveragedWeights(stage.network, how.ema_decay)
        self.optimizers = Optimizers(stage.network, how.peak_rate, how.matrix_rate)
        self.step, self.seconds = 0, 0.0
        self._one_core()
        self._resume()

    def run(self) -> Iterator[Report]:
        """Trains and reports; when it ends, and every few minutes, everything is on disk."""
        if self.seconds >= self.plan.seconds:
            return
        saved = shown = self.seconds
        means = RunningMeans()
        with ThreadPoolExecutor(1) as ahead, ThreadPoolExecutor(self.plan.parts, initializer=self._one_core) as pool:
            coming = ahead.submit(self._batches, self.step)
            while self.seconds < self.plan.seconds:
                started = time.monotonic()
                batches, coming = coming.result(), ahead.submit(self._batches, self.step + 1)
                means.add(self._learn(batches, pool), time.monotonic() - started)
                self.seconds += time.monotonic() - started
                if self.step % self.plan.log_every == 0:
                    yield self._report(means)
                if self.seconds - saved > self.plan.save_every:
                    saved = self.seconds
                    self.save()
                if self.seconds - shown > self.plan.show_every:
                    shown = self.seconds
                    self.show()
        # In this order: if showing fails, the training is not saved as over, and going on shows again.
        self.show()
        self.save()
        yield self._report(means)

    def _report(self, means: RunningMeans) -> Report:
        stage, plan = self.stage, self.plan
        return Report(
            stage=stage.name,
            step=self.step,
            seconds=round(self.seconds, 1),
            of=plan.seconds,
            samples_per_second=round(stage.rows * plan.parts * means.steps_per_second, 2),
            rate=self.rate,
            losses=means.take(),
        )

    @property
    def rate(self) -> float:
        """The share of the peak learning rates that holds now."""
        return rate_factor(self.step, self.seconds / self.plan.seconds)

    def _one_core(self) -> None:
        if self.plan.parts > 1:
            torch.set_num_threads(1)

    def _batches(self, step: int) -> list[Any]:
        return [self.stage.batch(step * self.plan.parts + part) for part in range(self.plan.parts)]

    def _learn(self, batches: list[Any], pool: Executor) -> dict[str, Tensor]:
        parameters = list(self.stage.network.parameters())
        results = list(pool.map(self._gradients, batches, range(len(batches))))
        for parameter, *gradients in zip(parameters, *(gradient for _, gradient in results), strict=True):
            gradient = torch.stack(gradients).mean(0) if len(gradients) > 1 else gradients[0]
            parameter.grad = laid_out_as(parameter, gradient)
        losses = {name: torch.stack([part[name] for part, _ in results]).mean() for name in results[0][0]}
        losses["gradient"] = nn.utils.clip_grad_norm_(parameters, 1.0).detach()
        self.optimizers.step(self.rate, pool)
        self.step += 1
        self.averaged.update(self.stage.network, self.step)
        return losses

    def _gradients(self, batch: Any, part: int) -> tuple[dict[str, Tensor], tuple[Tensor, ...]]:
        # Noise is seeded by the batch's number, so no random state has to be kept.
        number = self.step * self.plan.parts + part
        generator = torch.Generator(self.plan.device).manual_seed(number)
        with autocast(self.plan.device):
            losses = self.stage.losses(batch, generator)
        gradients = torch.autograd.grad(losses["loss"], list(self.stage.network.parameters()))
        return {name: value.detach() for name, value in losses.items()}, gradients

    def save(self) -> None:
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "network": self.stage.network.state_dict(),
            "averaged": self.averaged.values,
            "optimizers": self.optimizers.state(),
        }
        write_checkpoint(self.path, state)

    def show(self) -> None:
        """Lets the stage show what the averaged weights can do; training weights are put back afterwards."""
        network = self.stage.network
        kept = {name: value.detach().clone() for name, value in network.state_dict().items()}
        self.averaged.copy_to(network)
        try:
            self.stage.show(network.eval(), self.step)
        finally:
            network.load_state_dict(kept)
            network.train()

    def _resume(self) -> None:
        state = read_checkpoint(self.path)
        if state is None:
            return
        self.step, self.seconds = state["step"], state["seconds"]
        self.stage.network.load_state_dict(state["network"])
        self.optimizers.restore(state["optimizers"])
        for name, value in self.averaged.values.items():
            value.copy_(state["averaged"][name])
