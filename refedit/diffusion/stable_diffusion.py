"""Stable Diffusion 1.x / 2.x from a folder, a hub id or a single file: the only importer of diffusers and transformers.

Loads, encodes and decodes pictures, embeds prompts, predicts noise. Knows nothing about methods.
"""

import math
from collections.abc import Mapping
from copy import copy, deepcopy
from pathlib import Path
from typing import Any, NoReturn

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from jaxtyping import Float
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers.utils import logging as transformers_logging

from refedit.diffusion.attention import AttentionControl, make_controllable
from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.checkpoints import (
    NETWORKS,
    check_file,
    check_file_weights,
    check_folder,
    check_kind,
    check_weights,
    variant_of,
)
from refedit.diffusion.ddim import Latents, Schedule, leading_schedule
from refedit.diffusion.lexicon import FILE, Lexicon
from refedit.diffusion.vocabulary import AllWords, KnownWords, Reading, Vocabulary
from refedit.errors import EditError
from refedit.machine.device import use_threads


class StableDiffusion:
    """A loaded pipeline: the `Backbone` of this project's model and of Stable Diffusion 1.x and 2.x.

    Weights are frozen; gradients flow to text embeddings only. Nothing here changes after loading, so that
    edits can't influence each other.
    """

    def __init__(self, pipeline: Any, name: str, dtype: torch.dtype = torch.float32) -> None:
        self.name = name
        # Only the UNet computes in half precision: the decoders of SD 1.x and 2.x overflow in it, and latents and
        # fitted embeddings change by steps too small for it.
        self.unet: Any = pipeline.unet.requires_grad_(False).eval()
        if self.unet.dtype != dtype:  # diffusers warns of every cast, even of none
            self.unet.to(dtype)
        self.vae: Any = pipeline.vae.requires_grad_(False).eval()
        self.text_encoder: Any = pipeline.text_encoder.requires_grad_(False).eval()
        self.tokenizer: Any = pipeline.tokenizer
        self.vocabulary: Vocabulary = KnownWords(self._knows) if self._has_unknown_token else AllWords()
        self.dtype = dtype
        self.sites = make_controllable(self.unet)
        scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
        self.alphas_cumprod: list[float] = scheduler.alphas_cumprod.tolist()
        self.prediction_type: str = scheduler.config.prediction_type
        if self.prediction_type not in ("epsilon", "v_prediction"):
            raise EditError(f"The model '{name}' predicts '{self.prediction_type}'. Use one that predicts noise or v.")

    @classmethod
    def load(
        cls, name: str, device: torch.device, dtype: torch.dtype = torch.float32, channels_last: bool = False
    ) -> "StableDiffusion":
        """Loads a folder, a hub id or a single file, see `open_pipeline`; EditError if it is another model.

        `channels_last` lays out the UNet's convolutions as GPUs in half precision prefer; CPUs don't gain.
        """
        model, folder = cls(open_pipeline(name, dtype).to(device), name, dtype), Path(name)
        if (folder / FILE).is_file():
            model.vocabulary = Lexicon.load(folder / FILE)
        model.unet.to(memory_format=torch.channels_last if channels_last else torch.preserve_format)
        return model

    @property
    def device(self) -> torch.device:
        return self.unet.device

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        return {"unet": self.unet, "vae": self.vae, "text_encoder": self.text_encoder}

    def trainable_copy(self) -> tuple["StableDiffusion", list[nn.Parameter]]:
        """A copy with a UNet of its own in single precision: steps of training are lost in half of it."""
        twin = copy(self)
        twin.unet, twin.dtype = deepcopy(self.unet).float().requires_grad_(), torch.float32
        return twin, list(twin.unet.parameters())

    @property
    def self_sites(self) -> int:
        return sum(site.kind == "self" for site in self.sites)

    @property
    def latent_channels(self) -> int:
        return int(self.unet.config.in_channels)

    @property
    def latent_grid(self) -> int:
        return int(self.unet.config.sample_size)

    @property
    def word_grid(self) -> int:
        """The second coarsest grid of the UNet: 16 for SD at 512 px, 24 at 768 px."""
        return self.latent_grid >> (len(self.unet.config.block_out_channels) - 2)

    @property
    def size(self) -> int:
        """Side of the square pictures it works on, in pixels."""
        return self.latent_grid << (len(self.vae.config.block_out_channels) - 1)

    def schedule(self, steps: int, clean_alpha_bar: float | None = 1.0) -> Schedule:
        """The DDIM schedule of `steps`; `clean_alpha_bar` None takes the first training level for the clean picture."""
        clean = self.alphas_cumprod[0] if clean_alpha_bar is None else clean_alpha_bar
        return leading_schedule(self.alphas_cumprod, steps, clean)

    def alpha_bar(self, timestep: int) -> float:
        """The signal level (0..1) of a training timestep."""
        return self.alphas_cumprod[timestep]

    @property
    def token_count(self) -> int:
        """Tokens of a text embedding, start and end included."""
        return int(self.tokenizer.model_max_length)

    def tokens(self, text: str) -> tuple[int, ...]:
        """Token ids of a text, without start and end."""
        return tuple(self.tokenizer(text, add_special_tokens=False).input_ids)

    def read(self, sentence: str) -> Reading:
        """The sentence as the model reads it, with what was replaced or left out; see `Vocabulary`."""
        return self.vocabulary.read(sentence)

    @property
    def _has_unknown_token(self) -> bool:
        """True for small vocabularies; CLIP spells every word, and uses its end token for what it cannot spell."""
        return self.tokenizer.unk_token_id not in (self.tokenizer.eos_token_id, self.tokenizer.bos_token_id)

    def _knows(self, word: str) -> bool:
        """True if a small vocabulary has a token for the whole word."""
        return len(tokens := self.tokens(word)) == 1 and self.tokenizer.unk_token_id not in tokens

    @torch.no_grad()
    def embed(self, prompt: str) -> TextEmbedding:
        """The prompt's text embedding (1 row); EditError if it is longer than the model reads."""
        count = len(self.tokens(prompt)) + 2
        if count > self.token_count:
            raise EditError(
                f"The prompt has {count - 2} tokens, the model reads {self.token_count - 2}. "
                f"Shorten '{prompt[:60]}...'."
            )
        ids = self.tokenizer(prompt, padding="max_length", max_length=self.token_count, return_tensors="pt").input_ids
        use_threads(1, self.latent_grid)
        return TextEmbedding(tokens=self.text_encoder(ids.to(self.device))[0])

    @torch.no_grad()
    def encode(self, picture: Float[Tensor, "rows 3 side side"]) -> Latents:
        """Latents of a picture in [-1, 1]: the mode, not a sample, scaled to unit variance."""
        use_threads(len(picture), self.latent_grid)
        return self.vae.encode(picture.to(self.device)).latent_dist.mode() * self.vae.config.scaling_factor

    @torch.no_grad()
    def decode(self, latents: Latents) -> Float[Tensor, "rows 3 side side"]:
        """Pictures in [-1, 1], clamped."""
        use_threads(len(latents), self.latent_grid)
        return self.vae.decode(latents / self.vae.config.scaling_factor).sample.clamp(-1, 1)

    def predict_noise(
        self, latents: Latents, timestep: int, text: TextEmbedding, control: AttentionControl | None = None
    ) -> Latents:
        """The noise in latents at a timestep, in float32: one UNet call for all rows; differentiable in `text`."""
        use_threads(len(latents), self.latent_grid)
        kwargs = None if control is None else {"control": control}
        labels = torch.full((len(latents),), timestep, device=latents.device)
        states, context = latents.to(self.dtype), text.tokens.to(self.dtype)
        out = self.unet(states, labels, encoder_hidden_states=context, cross_attention_kwargs=kwargs).sample.float()
        return out if self.prediction_type == "epsilon" else noise_of_v(latents, out, self.alphas_cumprod[timestep])


def open_pipeline(name: str, dtype: torch.dtype = torch.float32) -> Any:
    """The pipeline of a folder, a hub id or a single file; EditError says what it is if it is another.

    The UNet is read into `dtype` at once, all else into float32; a single file is read in float32 throughout.
    """
    with_quiet_libraries()
    path = Path(name)
    if path.suffix in (".ckpt", ".pt", ".pth", ".bin"):
        raise EditError(f"'{name}' can hold programs, which is not safe. Use a file that ends in .safetensors.")
    if path.suffix == ".safetensors":
        return _open_file(path)
    if path.exists() or name.startswith((".", "/", "~")):
        return _open_folder(path, name, dtype)
    return _open_folder(_downloaded(name), name, dtype)


def with_quiet_libraries() -> None:
    """Without the progress bars and warnings of loading, which say nothing to people who edit pictures."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    diffusers_logging.disable_progress_bar()


def _pipeline_class() -> Any:
    # Imported only here: the import itself warns that torchvision, which nothing needs, is missing.
    from diffusers import StableDiffusionPipeline

    return StableDiffusionPipeline


def safety_checker_class() -> Any:
    """What reads a checkpoint's own safety checker; imported only where one is wanted, since that takes seconds."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker

    return StableDiffusionSafetyChecker


def _downloaded(name: str) -> Path:
    """Where the hub's files lie; those in half precision are taken where there are no others."""
    refused: Exception | None = None
    try:
        check_kind(name, _pipeline_class().load_config(name))
    except EditError:
        raise
    except Exception as error:  # networks and servers fail in many ways
        _cannot_load(name, error)
    for variant in (None, "fp16"):
        try:
            wanted = {"use_safetensors": True, "safety_checker": None, "feature_extractor": None}
            return Path(_pipeline_class().download(name, variant=variant, **wanted))
        except Exception as error:
            refused = refused or error
    _cannot_load(name, refused)


def _cannot_load(name: str, error: Exception | None) -> NoReturn:
    reason = (str(error).strip().splitlines() or ["no reason was given"])[0][:200]
    raise EditError(f"The model '{name}' can't be loaded as Stable Diffusion: {reason}") from error


def _open_folder(folder: Path, name: str, dtype: torch.dtype) -> Any:
    check_folder(folder, name)
    variant = variant_of(folder, name)
    try:
        pipeline = _pipeline_class().from_pretrained(
            folder,
            # Cast on the device, a UNet would take three times its memory there for a while.
            dtype={"unet": dtype, "default": torch.float32},
            variant=variant,
            use_safetensors=True,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
            local_files_only=True,
            low_cpu_mem_usage=False,
        )
    except (OSError, ValueError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        _cannot_load(name, error)
    for part in NETWORKS:
        check_weights(folder / part, getattr(pipeline, part), name, variant)
    return pipeline


def _open_file(path: Path) -> Any:
    """The pipeline in a single file, as other programs keep it.

    What such a file lacks, its tokenizer and the networks' shapes, comes from the folder beside it that has its name
    without the ending, if there is one (a diffusers folder of the same version needs no weights for that), else from
    the hub.
    """
    check_file(path)
    # Imported only here, as the pipeline's class is.
    from diffusers.loaders.single_file_utils import SingleFileComponentError

    beside = path.with_suffix("")
    try:
        pipeline = _pipeline_class().from_single_file(
            str(path),
            config=str(beside) if beside.is_dir() else None,
            torch_dtype=torch.float32,
            safety_checker=None,
            feature_extractor=None,
            local_files_only=beside.is_dir(),
        )
    except (
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        LookupError,
        RuntimeError,
        SingleFileComponentError,
    ) as error:
        _cannot_load(str(path), error)
    check_file_weights(path, {part: getattr(pipeline, part) for part in NETWORKS})
    return pipeline


def noise_of_v(z: Latents, v: Latents, alpha_bar: float) -> Latents:
    """The noise that a v-prediction stands for (arXiv:2202.00512, Appendix D)."""
    return math.sqrt(alpha_bar) * v + math.sqrt(1 - alpha_bar) * z


def random_unet_sd15(device: torch.device, dtype: torch.dtype, channels_last: bool = False) -> Any:
    """A UNet of SD 1.5's shape with random weights, to measure what calls cost."""
    unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    make_controllable(unet)
    layout = torch.channels_last if channels_last else torch.preserve_format
    return unet.requires_grad_(False).eval().to(device, dtype, memory_format=layout)
