"""The stage of the built-in SAM: clicks, boxes and earlier masks on drawn scenes and on clutter.

As in arXiv:2304.02643, section 3 and appendix A, but for the data, the sizes and the number of corrections.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from refedit.picturebook.dataset.click_sampling import pick, prompts
from refedit.picturebook.dataset.clutter import clutter, collage
from refedit.picturebook.dataset.part_masks import PartMaskStore
from refedit.picturebook.evaluation.sam import sam_sheet, subjects
from refedit.picturebook.networks.checkpoint import whole_folder
from refedit.picturebook.training.hyperparameters import SamHyperparameters, StageName
from refedit.picturebook.training.sam_prompts import (
    best_of,
    box_prompts,
    click_prompts,
    corrected,
    decode,
    mask_losses,
    split,
)
from refedit.picturebook.world.streams import Stream, random
from refedit.segment.sam_network import SamConfig, save_sam
from refedit.segment.segmenter import Segmenter

_SHOWN = 36
_AIM = 4.0
"""Sharpens the attention of a click to a few cells around it."""


@dataclass(frozen=True)
class SamBatch:
    """Pictures, and the masks to ask for in each: how much of every cell they cover (0..255), a click inside, a box."""

    pictures: UInt8[Tensor, "rows height width 3"]
    cells: UInt8[Tensor, "rows targets side side"]
    clicks: Float[Tensor, "rows targets 2"]
    boxes: Float[Tensor, "rows targets 4"]


@dataclass
class SamStage:
    """Trains SAM. Every now and then it writes it into the folder `model`, and a sheet of its masks into `progress`."""

    network: Any
    config: SamConfig
    hyperparameters: SamHyperparameters
    pictures: UInt8[np.ndarray, "count height width 3"]
    store: PartMaskStore
    model: Path
    progress: Path
    rows: int
    name: StageName = StageName.SAM

    def batch(self, number: int) -> SamBatch:
        rng = random(Stream.SAM_BATCHES, number)
        side = self.network.prompt_encoder.mask_input_size[0]
        pictures, asked = [], []
        for _ in range(self.rows):
            whole = bool(rng.random() >= self.hyperparameters.clutter)
            picture, parts = self._scene(rng) if whole else self._clutter(rng)
            pictures.append(picture)
            asked.append(prompts(rng, [pick(rng, parts, whole) for _ in range(self.hyperparameters.targets)], side))
        return SamBatch(
            torch.from_numpy(np.stack(pictures)),
            *(
                torch.from_numpy(np.stack([getattr(one, name) for one in asked]))
                for name in ("cells", "clicks", "boxes")
            ),
        )

    def _scene(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        number, other = rng.integers(self.store.count, size=2).tolist()
        mirror = -1 if rng.random() < 0.5 else 1
        picture, parts = self.pictures[number][:, ::mirror], self.store.part_masks[number][:, ::mirror]
        if rng.random() >= self.hyperparameters.collage:
            return picture, parts
        return collage(rng, picture, parts, self.pictures[other], self.store.part_masks[other])

    def _clutter(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        made = clutter(rng, self.store.pixels, self.pictures)
        return made.picture, made.parts

    def losses(self, batch: SamBatch, generator: torch.Generator) -> dict[str, Tensor]:
        """Encodes each picture once. All its targets but the last are asked for by a click, the last by its box.

        Then the answers are corrected by further clicks; the losses are means over all rounds.
        """
        device = self.network.pixel_mean.device
        features = self.network.image_encoder(self.normalised(batch.pictures.to(device)))
        targets = batch.cells.to(device).float() / 255
        chains = [targets[:, :-1].flatten(0, 1), targets[:, -1]]
        asked = [click_prompts(batch.clicks[:, :-1].to(device)), box_prompts(batch.boxes[:, -1].to(device))]
        wide = torch.cat([features.repeat_interleave(targets.shape[1] - 1, 0), features])
        rounds: list[list[dict[str, Tensor]]] = []
        for number in range(
            self.hyperparameters.rounds if _chance(generator) < 0.75 else 2 * self.hyperparameters.rounds
        ):
            answers = split(decode(self.network, wide, asked), asked)
            every = self.hyperparameters.every
            rounds.append([mask_losses(*answer, true, every) for answer, true in zip(answers, chains, strict=True)])
            # The mask so far is given by chance, but always after the first box: every step has to train its weights.
            keep = _chance(generator) < 0.5, number == 0 or _chance(generator) < 0.5
            asked = [
                corrected(one, best_of(*answer), true, self.store.pixels, generator, with_mask)
                for one, answer, true, with_mask in zip(asked, answers, chains, keep, strict=True)
            ]
        return _summed(rounds)

    def normalised(self, pictures: UInt8[Tensor, "rows height width 3"]) -> Float[Tensor, "rows 3 height width"]:
        return (pictures.permute(0, 3, 1, 2).float() - self.network.pixel_mean) / self.network.pixel_std

    def show(self, network: nn.Module, step: int) -> None:
        """Writes `model`/sam, and a sheet of its masks.

        The sheet is drawn with what was written: that is in half precision, and no network in training.
        """
        for folder in (self.model, self.progress):
            folder.mkdir(parents=True, exist_ok=True)
        with whole_folder(self.model / "sam") as fresh:
            save_sam(network, self.config, fresh)
        written = Segmenter.load(self.model / "sam", self.network.pixel_mean.device)
        sam_sheet(written, subjects(_SHOWN, self.store.pixels)).save(self.progress / f"sam-{step:06d}.png")


@torch.no_grad()
def aimed(sam: Any) -> Any:
    """A fresh SAM, changed so that prompts and cells attend to what is at their own place from the start (our choice).

    Queries and keys are projected alike, and whatever is not their place begins small. Without this, after 800 steps
    a small SAM still answered with what stands out, wherever the click was.
    """
    transformer, prompts = sam.mask_decoder.transformer, sam.prompt_encoder
    for name, attention in transformer.named_modules():
        if name.endswith(("token_to_image", "image_to_token")):
            attention.q_proj.weight.mul_(_AIM)
            attention.k_proj.weight.copy_(attention.q_proj.weight)
    for embedding in (*prompts.point_embeddings, prompts.not_a_point_embed, prompts.no_mask_embed):
        embedding.weight.mul_(0.1)
    norms = [getattr(layer, f"norm{number}") for layer in transformer.layers for number in range(1, 5)]
    for norm in (sam.image_encoder.neck[3], *norms):
        norm.weight.mul_(0.25)
    return sam


def _chance(rng: torch.Generator) -> float:
    return float(torch.rand((), generator=rng, device=rng.device))


def _summed(rounds: list[list[dict[str, Tensor]]]) -> dict[str, Tensor]:
    """Means over rounds, in which clicks count twice as much as boxes, and the IoU of the first and last answers."""
    parts = {
        name: torch.stack([(2 * click[name] + box[name]) / 3 for click, box in rounds]).mean()
        for name in ("focal", "dice", "quality")
    }
    reached = {"click_iou": rounds[0][0]["iou"], "box_iou": rounds[0][1]["iou"], "more_iou": rounds[-1][0]["iou"]}
    return {"loss": 20 * parts["focal"] + parts["dice"] + parts["quality"], **parts, **reached}
