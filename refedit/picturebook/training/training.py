"""One training in one folder: draws the scenes, then trains stage by stage. It can be stopped and resumed anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from refedit.diffusion.attention import make_controllable
from refedit.errors import EditError
from refedit.picturebook.dataset.part_masks import PartMaskStore
from refedit.picturebook.dataset.scenes import SceneStore
from refedit.picturebook.networks import diffusion as networks
from refedit.picturebook.networks.checkpoint import read_checkpoint, write_checkpoint
from refedit.picturebook.networks.clip import build_clip
from refedit.picturebook.networks.sizes import Size
from refedit.picturebook.training.clip import ClipStage
from refedit.picturebook.training.decoder import Decoder, DecoderStage
from refedit.picturebook.training.hyperparameters import HYPERPARAMETERS, Hyperparameters, StageName
from refedit.picturebook.training.log import Report, write_log
from refedit.picturebook.training.loop import Stage, Trainer
from refedit.picturebook.training.plan import Plan, parts_for
from refedit.picturebook.training.sam import SamStage, aimed
from refedit.picturebook.training.training_folder import TrainingFolder
from refedit.picturebook.training.unet import TextAndUnet, UnetStage, export, latent_scale
from refedit.picturebook.training.vae import VaeStage, encode_all
from refedit.picturebook.world.factors import FACTORS
from refedit.segment.sam_network import build_sam

WHOLE_PLAN: tuple[StageName, ...] = (StageName.VAE, StageName.UNET)
"""The stages of a training for which no single one was named."""


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training: its size, its planned length and its folder.

    `minutes` is the whole plan, drawing the scenes included; a resumed training goes on up to it. `scenes_folder`
    may be shared by trainings of one size. The pipeline folder is `folder`/pipeline.
    """

    size: Size
    minutes: float
    folder: Path
    device: torch.device
    stages: tuple[StageName, ...] = WHOLE_PLAN
    scenes_folder: Path | None = None
    scenes: int | None = None
    save_every: float = 180
    show_every: float = 600
    hyperparameters: Hyperparameters = field(init=False)
    kept: TrainingFolder = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hyperparameters", HYPERPARAMETERS[self.size.name])
        object.__setattr__(self, "kept", TrainingFolder(self.folder))

    @property
    def store(self) -> SceneStore:
        """The scenes as large as the model draws them."""
        return self._drawn(self.size.pixels)

    @property
    def small_store(self) -> SceneStore:
        """The same scenes as large as CLIP and SAM see them."""
        return self._drawn(self.size.sam.pixels)

    def _drawn(self, pixels: int) -> SceneStore:
        folder = self.scenes_folder or self.kept.file("scenes")
        count = self.scenes or self.hyperparameters.scenes
        return SceneStore(folder / str(pixels), count, pixels, self.size.word_grid)

    def run(self) -> Iterator[Report | str]:
        """Trains what is still missing, step by step; tells how it stands."""
        torch.manual_seed(0)
        self.kept.describe(self.size, self.store.count)
        tokenizer = self.kept.tokenizer()
        if set(self.stages) & {StageName.VAE, StageName.DECODER, StageName.UNET}:
            yield from self.kept.timed("scenes", _drawing(self.store))
        if set(self.stages) & {StageName.SAM, StageName.CLIP}:
            yield from self.kept.timed("scenes", _drawing(self.small_store))
        if StageName.VAE in self.stages:
            yield from self._keep_vae() if self._encoder_is_known else self._train_vae()
        if StageName.DECODER in self.stages:
            yield from self.kept.timed("latents", self._encode())
            yield from self._train_decoder()
        if StageName.UNET in self.stages:
            yield from self.kept.timed("latents", self._encode())
            yield from self._train_unet(tokenizer)
        if StageName.SAM in self.stages:
            yield from self.kept.timed("part masks", self._draw_part_masks())
            yield from self._train_sam()
        if StageName.CLIP in self.stages:
            yield from self._train_clip(tokenizer)

    @property
    def _encoder_is_known(self) -> bool:
        """Whether anything here was trained on its latents: another encoder would make that worthless."""
        return self.kept.start.given or any(
            self.kept.file(f"{name}.pt").exists() for name in (StageName.DECODER, StageName.UNET)
        )

    def _keep_vae(self) -> Iterator[str]:
        yield "vae: stays as it is, since networks that know its latents are there"

    def _train_vae(self) -> Iterator[Report]:
        how, share = self.hyperparameters.vae, self.hyperparameters.vae_share if len(self.stages) > 1 else 1.0
        vae = networks.build_vae(self.size)
        stage = VaeStage(vae, self.store, how, self.kept.progress, rows=self._rows(how.batch))
        yield from self._trained(stage, self.minutes * 60 * share)

    def _encode(self) -> Iterator[str]:
        vae, step = self.kept.trained_vae(self.size)
        checkpoint, store = read_checkpoint(self.kept.file("latents.pt")) or {}, self.store
        if (checkpoint.get("step"), checkpoint.get("scenes")) != (step, store.digest):
            yield f"latents: encoding {store.count} scenes"
            latents = encode_all(vae.to(self.device).eval(), store, parts_for(self.device))
            # A UNet that was trained before knows latents at the earlier scale.
            before = self.kept.start.given or (checkpoint and self.kept.file("unet.pt").exists())
            scale = float(vae.config.scaling_factor) if before else latent_scale(latents)
            made = {"step": step, "scenes": store.digest, "latents": latents * scale, "scale": scale}
            write_checkpoint(self.kept.file("latents.pt"), made)
            yield f"latents: scaling factor {scale:.4f}"

    def _train_decoder(self) -> Iterator[Report]:
        vae, how = self.kept.trained_vae(self.size)[0], self.hyperparameters.decoder
        checkpoint = read_checkpoint(self.kept.file("latents.pt")) or {}
        latents, scale = checkpoint["latents"], float(checkpoint["scale"])
        stage = DecoderStage(
            Decoder(vae),  # it is a part of the VAE, which is saved
            self.store,
            latents,
            scale,
            how,
            self.kept.progress,
            lambda: networks.save_vae(vae, self.kept.pipeline),
            self._rows(how.batch),
        )
        yield from self._trained(stage, self.minutes * 60)

    def _train_unet(self, tokenizer: CLIPTokenizer) -> Iterator[Report]:
        latents: Tensor = (read_checkpoint(self.kept.file("latents.pt")) or {})["latents"]
        stage = UnetStage(
            self._text_and_unet(tokenizer),
            tokenizer,
            self.store,
            latents,
            networks.build_scheduler().alphas_cumprod,
            self.hyperparameters.unet,
            lambda network, step: export(self.kept, self.size, network, tokenizer, step),
            self._rows(self.hyperparameters.unet.batch),
        )
        make_controllable(stage.network.unet)
        yield from self._trained(stage, self._left_for_unet())

    def _left_for_unet(self) -> float:
        """The seconds that the plan leaves; EditError if there are none."""
        spent, planned = self.kept.spent() if len(self.stages) > 1 else 0, self.minutes * 60
        if 0 < planned <= spent:
            raise EditError(
                f"Drawing, the VAE and its latents took {spent / 60:.1f} of {self.minutes:g} minutes, so that none are "
                "left for the UNet. They are kept: go on with --resume and more --minutes."
            )
        return planned - spent

    def _text_and_unet(self, tokenizer: CLIPTokenizer) -> TextAndUnet:
        text, unet = networks.build_text_encoder(self.size, tokenizer), networks.build_unet(self.size)
        return TextAndUnet(self.kept.start.fill(text, "text_encoder"), self.kept.start.fill(unet, "unet"))

    def _train_clip(self, tokenizer: CLIPTokenizer) -> Iterator[Report]:
        how, where = self.hyperparameters.clip, (self.kept.pipeline, self.kept.progress)
        network = self.kept.start.fill(build_clip(self.size, tokenizer, FACTORS), "clip")
        stage = ClipStage(network, tokenizer, self.small_store, how, *where, rows=self._rows(how.batch))
        yield from self._trained(stage, self.minutes * 60)

    @property
    def _part_masks(self) -> PartMaskStore:
        return PartMaskStore(self.small_store.folder, self.small_store.count, self.small_store.pixels)

    def _draw_part_masks(self) -> Iterator[str]:
        for there in self._part_masks.render():
            yield f"masks: {there} of {self.small_store.count} drawn"

    def _train_sam(self) -> Iterator[Report]:
        how, config = self.hyperparameters.sam, self.size.sam
        where, data = (self.kept.pipeline, self.kept.progress), (self.small_store.pictures, self._part_masks)
        network = self.kept.start.fill(aimed(build_sam(config)), "sam")
        stage = SamStage(network, config, how, *data, *where, rows=self._rows(how.batch))
        yield from self._trained(stage, self.minutes * 60)

    def _rows(self, batch: int) -> int:
        return batch // parts_for(self.device)

    def _trained(self, stage: Stage, seconds: float) -> Iterator[Report]:
        """Trains a stage up to its planned seconds, and keeps its log."""
        plan = Plan(
            seconds=seconds,
            device=self.device,
            parts=parts_for(self.device),
            folder=self.folder,
            save_every=self.save_every,
            show_every=self.show_every,
        )
        for report in Trainer(stage, plan).run():
            write_log(self.kept.file("log.jsonl"), report)
            yield report


def _drawing(store: SceneStore) -> Iterator[str]:
    for there in store.render():
        yield f"scenes of {store.pixels} px: {there} of {store.count} drawn"
