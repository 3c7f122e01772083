"""How the tests share the cores; a tiny Stable Diffusion of real classes with random weights, in diffusers format."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jaxtyping
import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from refedit.diffusion.stable_diffusion import StableDiffusion
    from refedit.editing.editor import Editor
    from refedit.editing.request import EditRequest
    from refedit.imaging.masks import Mask
    from refedit.methods import Method
    from refedit.picturebook.world.colours import Paint

# All that takes long is imported where it is used: the process that only hands out the tests reads this file, too,
# before any worker begins.

pytest_plugins = ("tests.zero.fixtures",)
MERGES = ("c a", "ca t</w>", "d o", "do g</w>", "r e", "re d</w>")


def pytest_configure(config: pytest.Config) -> None:
    """A core for each worker, and what it starts: threads that wait for one another spin, and take the other's.

    Whatever they load is compiled once, though the caller's shell may forbid to keep that: they are a dozen processes.
    """
    if config.getoption("numprocesses", None):
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Loads what others wrote, in every process that runs tests.

    jaxtyping names compiled files in its own way for as long as it loads a module that it checks. What such a module
    is the first to import would be compiled anew: thousands of files. What they hold stays to the end, so the collector
    of garbage need not look at it again and again.
    """
    if hasattr(session.config, "workerinput") or not session.config.getoption("numprocesses", None):
        gc.disable()
        for name in LARGE:
            if importlib.util.find_spec(name.partition(".")[0]):
                importlib.import_module(name)
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A worker for each file, and one for all files that ask one server."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class ByServer(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = str(super()._split_scope(nodeid))
            return next((server for server, start in ONE_SERVER.items() if file.startswith(start)), file)

    return ByServer(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Types and shapes of every call are checked, which takes as long as the calls: but not in a test marked `long`."""
    jaxtyping.config.update("jaxtyping_disable", item.get_closest_marker("long") is not None)
    return (yield)


LARGE = (
    *("beartype", "gradio", "gradio_client", "scipy.stats", "skimage.metrics", "safetensors.torch"),
    *("transformers.models.clip.modeling_clip", "transformers.models.clip.tokenization_clip"),
    *("diffusers.models.autoencoders.autoencoder_kl", "diffusers.models.unets.unet_2d_condition"),
    *("diffusers.schedulers.scheduling_ddim", "diffusers.pipelines.pipeline_utils"),
)
ONE_SERVER: Mapping[str, tuple[str, ...]] = {
    "endpoints": ("tests/server/",),
    "borrowed GPUs": ("tests/zero/", "tests/browser/test_borrowed_gpus"),
    "page": tuple(
        f"tests/browser/test_{name}" for name in ("drafts", "first", "keys", "links", "looks", "masks", "res", "upl")
    ),
}
"""Which files one worker runs after another, since the server that they ask takes long to start."""
LONG: tuple[str, ...] = (
    "test_pool",
    "test_keys",
    "test_uploads",
    "test_endpoints",  # and all of tests/server with it
    "test_borrowing",
    "test_borrowed_gpus",
    "test_masks",
    "test_results",
    "test_drafts",
    "test_first_use",
    "test_real_edits",
    "test_links",
)
LONG += ("test_evidence", "test_specref", "test_baret", "test_training", "test_editor", "test_training_safety")
LONG += ("test_imports", "test_looks", "test_reader", "test_sam_training", "test_command_line")
LONG += ("test_comparison_methods", "test_recipe", "test_edits", "test_imagic", "test_networks", "test_drawing")
LONG += ("test_segment", "test_bench", "test_ddim", "test_replica", "test_deploy", "test_safety_checker")
LONG += ("test_build", "test_simulate", "test_fits", "test_votes")
"""Files that take long, the longest first: begun early, they leave no worker alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
    for item in items:
        if item.path.stem in LONG or item.path.parent.name in ("browser", "server", "zero"):
            item.add_marker("slow")


def save_tiny(folder: Path, prediction_type: str = "epsilon") -> Path:
    """Writes a pipeline of 64 px pictures and 8x8 latents: SD's order with half its layers, 10 self-attention sites."""
    import torch
    from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    tokenizer = CLIPTokenizer(**_write_vocabulary(folder), model_max_length=40)
    size = tokenizer.vocab_size
    text = CLIPTextConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=40, bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 32, 32), layers_per_block=1, cross_attention_dim=32,
        attention_head_dim=1, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D",) * 3, up_block_types=("CrossAttnUpBlock2D",) * 3,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(8, 8, 8, 8), norm_num_groups=4, sample_size=64,
        down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
        set_alpha_to_one=True, steps_offset=1, prediction_type=prediction_type,
    )  # fmt: skip
    StableDiffusionPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def save_checker(folder: Path, threshold: float) -> None:
    """A tiny checker of real classes that hides whatever is nearer to its concepts than the threshold (-1 to 1)."""
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig, CLIPVisionConfig

    vision = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, patch_size=32,
        projection_dim=8,
    )  # fmt: skip
    network = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision.to_dict(), projection_dim=8))
    network.concept_embeds_weights.data.fill_(threshold)
    network.special_care_embeds_weights.data.fill_(1.5)
    network.save_pretrained(folder / "safety_checker")
    (folder / "feature_extractor").mkdir()
    reading = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}
    (folder / "feature_extractor" / "preprocessor_config.json").write_text(json.dumps(reading))


def _write_vocabulary(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *(merge.replace(" ", "") for merge in MERGES)]
    vocabulary = {word: index for index, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *MERGES]) + "\n")
    return {"vocab": str(folder / "vocab.json"), "merges": str(folder / "merges.txt")}


def load_tiny(folder: Path) -> StableDiffusion:
    import torch

    from refedit.diffusion.stable_diffusion import StableDiffusion

    return StableDiffusion.load(str(folder), torch.device("cpu"))


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def model(tiny_folder: Path) -> StableDiffusion:
    return load_tiny(tiny_folder)


@pytest.fixture(scope="session")
def v_model(tmp_path_factory: pytest.TempPathFactory) -> StableDiffusion:
    return load_tiny(save_tiny(tmp_path_factory.mktemp("tiny-v"), "v_prediction"))


@pytest.fixture(scope="session")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which VAE and UNet were trained for a moment, one after the other; to be copied, not changed.

    From here on trainings show what they can draw in two steps of sampling: twenty take longer than the training.
    """
    import torch

    from refedit.picturebook.evaluation.diffusion import draw_pictures
    from refedit.picturebook.networks.sizes import SIZES
    from refedit.picturebook.training import unet
    from refedit.picturebook.training.hyperparameters import StageName
    from refedit.picturebook.training.training import Training

    folder = tmp_path_factory.mktemp("trained-once")
    tiny = Training(size=SIZES["tiny"], minutes=0.5 / 60, folder=folder, device=torch.device("cpu"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(unet, "draw_pictures", partial(draw_pictures, steps=2))
        for stage in (StageName.VAE, StageName.UNET):
            list(replace(tiny, stages=(stage,)).run())
        yield folder


@pytest.fixture
def editor(model: StableDiffusion) -> Editor:
    from refedit.editing.editor import Editor

    return Editor(model)


def picture(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    """Smooth random colours."""
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)


def box_mask(size: tuple[int, int], box: tuple[int, int, int, int]) -> Mask:
    """Inside the box (left, top, right, bottom)."""
    from refedit.imaging.masks import Mask

    values = np.zeros((size[1], size[0]), np.float32)
    values[box[1] : box[3], box[0] : box[2]] = 1
    return Mask(values)


def request_for(method: Method, region: Mask | None = None, size: tuple[int, int] = (64, 64)) -> EditRequest:
    """An edit of random pictures with every input."""
    from refedit.editing.request import EditRequest, Reference

    subject = box_mask((64, 64), (8, 8, 48, 56))
    reference = Reference(image=picture(2), subject=subject) if "reference" in method.needs else None
    return EditRequest(
        method=method,
        source=picture(1, size),
        prompt="a dog",
        source_prompt="a cat",
        region=region,
        reference=reference,
    )


def colour_name(paint: Paint) -> str:
    """The name whose middle paint looks most like this one."""
    from refedit.picturebook.world.colours import COLOURS, distance, paint_at

    return min(COLOURS, key=lambda name: distance(paint, paint_at(name)))
