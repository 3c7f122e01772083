"""A last stage: the UNet learns to predict at once what autoguidance would make of its prediction.

Autoguidance (arXiv:2406.02507) moves a network's prediction away from that of a worse version of itself: what both get
wrong, the worse one gets more wrong. Doing it in every step would cost a second network; that guidance can be learnt by
the network itself is shown in arXiv:2210.03142. Our choice: an earlier training stands for the worse version, and the
empty caption's noise stays as it is, since inversions and guidance begin there.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor, nn

from refedit.picturebook.networks.supervision import WordWatcher
from refedit.picturebook.training.hyperparameters import AutoguidanceHyperparameters, StageName
from refedit.picturebook.training.unet import TextAndUnet, weighted
from refedit.picturebook.training.unet_batches import UnetBatch, UnetBatches, noised

Noise = Float[Tensor, "rows channels height width"]


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Two networks that stay as they are; each reads captions with its own text tower."""

    better: TextAndUnet
    worse: TextAndUnet

    def __post_init__(self) -> None:
        for network in (self.better, self.worse):
            network.eval().requires_grad_(False)

    def to(self, device: torch.device) -> "Teacher":
        return Teacher(better=self.better.to(device), worse=self.worse.to(device))

    @torch.no_grad()
    def noise(self, noisy: Noise, batch: UnetBatch, scale: float) -> Noise:
        """The better network's noise, and `scale` times more of what it is beside the worse one's (their Eq. 3)."""
        better, worse = (_noise(network, noisy, batch) for network in (self.better, self.worse))
        return better + scale * batch.says_something[:, None, None, None] * (better - worse)


def _noise(network: TextAndUnet, noisy: Noise, batch: UnetBatch) -> Noise:
    text = network.text(batch.tokens).last_hidden_state
    made: Noise = network.unet(noisy, batch.timesteps, text).sample.float()
    return made


@torch.no_grad()
def begin_beyond(unet: UNet2DConditionModel, teacher: Teacher, share: float) -> None:
    """Sets weights to the better network's, and `share` of the way from the worse one beyond it."""
    better, worse = teacher.better.unet.state_dict(), teacher.worse.unet.state_dict()
    unet.load_state_dict({name: value + share * (value - worse[name]) for name, value in better.items()})


@dataclass
class AutoguidanceStage:
    """Trains a UNet whose text tower stays. `on_show` gets it with averaged weights every now and then."""

    network: UNet2DConditionModel
    teacher: Teacher
    batches: UnetBatches
    alphas_cumprod: Float[Tensor, " levels"]
    hyperparameters: AutoguidanceHyperparameters
    on_show: Callable[[UNet2DConditionModel, int], None]
    name: StageName = StageName.AUTOGUIDANCE

    @property
    def rows(self) -> int:
        return self.batches.rows

    def batch(self, number: int) -> UnetBatch:
        return self.batches.batch(number)

    def losses(self, batch: UnetBatch, generator: torch.Generator) -> dict[str, Tensor]:
        how, batch = self.hyperparameters, batch.to(self.network.device)
        alpha = self.alphas_cumprod.to(batch.latents.device)[batch.timesteps]
        noisy, _ = noised(batch, alpha, generator)
        watcher = WordWatcher(self.batches.store.grid)
        text = self.teacher.better.text(batch.tokens).last_hidden_state
        made = self.network(noisy, batch.timesteps, text, cross_attention_kwargs={"control": watcher}).sample
        squares = (made.float() - self.teacher.noise(noisy, batch, how.scale)).square().mean(1)
        learnt = weighted(squares, batch, alpha, how)
        words = watcher.loss(batch.words, alpha.sqrt())
        return {
            "loss": learnt + how.word_map_weight * words,
            "learnt": learnt,
            "words": words,
            "error": squares.mean().detach(),
        }

    def show(self, network: nn.Module, step: int) -> None:
        assert isinstance(network, UNet2DConditionModel)
        self.on_show(network, step)
