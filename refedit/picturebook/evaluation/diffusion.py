"""Measures a trained model on scenes that no training saw, and draws sheets to look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn import functional

from refedit.diffusion.backbone import Backbone, TextEmbedding
from refedit.diffusion.ddim import Latents, guide, move
from refedit.diffusion.words import word_positions
from refedit.picturebook.dataset.scenes import from_bytes, scene_at, to_image
from refedit.picturebook.evaluation.figures import Figure
from refedit.picturebook.networks.supervision import WordWatcher
from refedit.picturebook.world.captions import describe
from refedit.picturebook.world.drawing import draw
from refedit.picturebook.world.scene import Scene

STEPS, GUIDANCE = 20, 4.0
CUT = 0.5
"""A map is cut at this share of its maximum."""
LEVELS = (201, 401, 601)
"""The noise levels (timesteps) at which words' maps are read."""


@dataclass(frozen=True, kw_only=True)
class Measurements:
    """What was measured, with PSNR in dB as means over scenes.

    `vae` compares pictures with their round trips through the VAE, `inversion` pictures with what DDIM inversion
    and back makes of them, `inversion_to_vae` the two results. `word_iou` is that of the main subject's word.
    """

    pixels: int
    scenes: int
    steps: int
    vae: float
    inversion: float
    inversion_to_vae: float
    word_iou: float

    def figures(self) -> list[Figure]:
        """The same as rows of a table, with their goals."""
        rows = (
            ("VAE round trip, PSNR to the picture", self.vae, "dB", ">= 33 dB"),
            (f"DDIM inversion and back, {self.steps} steps: PSNR lost beside the VAE's", self.lost, "dB", "<= 2 dB"),
            ("the same, PSNR to the VAE round trip", self.inversion_to_vae, "dB", ""),
            (f"a subject's word map, cut at {CUT} of its maximum: mean IoU with its mask", self.word_iou, "", ">= 0.5"),
        )
        return [Figure(what=what, value=value, unit=unit, cases=self.scenes, goal=g) for what, value, unit, g in rows]

    @property
    def lost(self) -> float:
        """What inversion and back lose beside the VAE's round trip, in dB."""
        return self.vae - self.inversion


@dataclass(frozen=True)
class Unseen:
    """Test scenes as pictures in [-1, 1], captions, and the main subject's true masks."""

    scenes: list[Scene]
    pictures: Float[Tensor, "rows 3 height width"]
    captions: list[str]
    masks: Bool[Tensor, "rows height width"]


def unseen(count: int, pixels: int) -> Unseen:
    """The first test scenes, drawn."""
    scenes = [scene_at("test", number) for number in range(count)]
    drawings = [draw(scene, pixels) for scene in scenes]
    pictures = from_bytes(torch.from_numpy(np.stack([np.asarray(drawing.picture) for drawing in drawings])))
    masks = torch.from_numpy(np.stack([drawing.masks["subject"] for drawing in drawings]))
    return Unseen(scenes, pictures, [describe(scene).text for scene in scenes], masks)


def unseen_captions(count: int) -> list[str]:
    """Full captions of the first test scenes."""
    return [describe(scene_at("test", number)).text for number in range(count)]


@torch.no_grad()
def draw_pictures(
    model: Backbone, captions: Sequence[str], *, steps: int = 20, guidance: float = 4.0, seed: int = 0
) -> Float[Tensor, "rows 3 height width"]:
    """A picture in [-1, 1] for every caption, by DDIM; row i starts from noise i of the seed."""
    side = model.latent_grid
    random, shape = torch.Generator().manual_seed(seed), (len(captions), model.latent_channels, side, side)
    z = torch.randn(shape, generator=random).to(model.device)
    texts = [*([model.embed("")] * len(captions)), *(model.embed(caption) for caption in captions)]
    text = TextEmbedding.cat(texts)
    schedule = model.schedule(steps)
    for step, timestep in enumerate(schedule.timesteps):
        unconditional, conditional = model.predict_noise(torch.cat([z, z]), timestep, text).chunk(2)
        eps = guide(unconditional, conditional, guidance)
        z = move(z, eps, schedule.alpha_bars[step], schedule.alpha_bars[step + 1])
    return model.decode(z)


def psnr(made: Tensor, true: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of pictures in [-1, 1], averaged over rows."""
    errors = (made.cpu() - true.cpu()).square().flatten(1).mean(1) / 4
    return float((-10 * errors.clamp(min=1e-10).log10()).mean())


def measure(model: Backbone, data: Unseen, folder: Path) -> Measurements:
    """Measures on scenes. Writes pictures, round trips and inversions as rows.png, and samples.png."""
    latents = model.encode(data.pictures)
    text = TextEmbedding.cat([model.embed(caption) for caption in data.captions])
    round_trip = model.decode(latents)
    back = model.decode(there_and_back(model, latents, text))
    columns = min(8, len(data.scenes))
    folder.mkdir(parents=True, exist_ok=True)
    to_image(torch.cat([part[:columns].cpu() for part in (data.pictures, round_trip, back)]), columns).save(
        folder / "rows.png"
    )
    whole = len(data.captions) // columns * columns
    drawn = draw_pictures(model, data.captions[:whole], steps=STEPS, guidance=GUIDANCE)
    to_image(drawn, columns).save(folder / "samples.png")
    maps = subject_maps(model, latents, text, data)
    return Measurements(
        pixels=model.size,
        scenes=len(data.scenes),
        steps=STEPS,
        vae=psnr(round_trip, data.pictures),
        inversion=psnr(back, data.pictures),
        inversion_to_vae=psnr(back, round_trip),
        word_iou=mean_iou(maps, data.masks),
    )


@torch.no_grad()
def there_and_back(model: Backbone, latents: Latents, text: TextEmbedding, steps: int = STEPS) -> Latents:
    """Latents inverted to noise by DDIM with guidance 1, and drawn from it again."""
    schedule, z = model.schedule(steps), latents
    for step in reversed(range(steps)):
        eps = model.predict_noise(z, schedule.timesteps[step], text)
        z = move(z, eps, schedule.alpha_bars[step + 1], schedule.alpha_bars[step])
    for step in range(steps):
        eps = model.predict_noise(z, schedule.timesteps[step], text)
        z = move(z, eps, schedule.alpha_bars[step], schedule.alpha_bars[step + 1])
    return z


@torch.no_grad()
def subject_maps(
    model: Backbone, latents: Latents, text: TextEmbedding, data: Unseen
) -> Float[Tensor, "rows side side"]:
    """The cross-attention maps of the main subjects' words on noised latents, averaged over LEVELS, picture-sized."""
    noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(0)).to(latents)
    kinds = [scene.subjects[0].kind for scene in data.scenes]
    tokens = [
        word_positions(caption, kind, model.tokens)[0] for caption, kind in zip(data.captions, kinds, strict=True)
    ]
    total = torch.zeros(())
    for timestep in LEVELS:
        watcher = WordWatcher(model.word_grid)
        model.predict_noise(move(latents, noise, 1.0, model.alpha_bar(timestep)), timestep, text, watcher)
        maps = torch.stack(watcher.maps).mean(0).cpu()  # (rows, positions, tokens)
        total = total + maps[torch.arange(len(tokens)), :, tokens]
    grid = total.unflatten(1, (model.word_grid, model.word_grid))[:, None]
    return functional.interpolate(grid, (model.size, model.size), mode="bilinear")[:, 0]


def mean_iou(maps: Float[Tensor, "rows height width"], masks: Bool[Tensor, "rows height width"]) -> float:
    """Intersection over union of maps, cut at CUT of their maxima, with true masks, averaged over rows."""
    inside = maps >= CUT * maps.amax((1, 2), keepdim=True)
    both, any_of = (inside & masks).sum((1, 2)), (inside | masks).sum((1, 2))
    return float((both / any_of.clamp(min=1)).mean())
