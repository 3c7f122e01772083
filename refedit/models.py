"""The models that can be chosen: what each is for, where it comes from, and how to load it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from PIL import Image

from refedit.diffusion.backbone import Backbone
from refedit.diffusion.layout import Layout, choose_layout
from refedit.errors import EditError
from refedit.machine.checksums import check_sums
from refedit.machine.device import machine, pick_device
from refedit.machine.model_hub import from_hub
from refedit.segment.segmenter import Segmenter

log = logging.getLogger(__name__)

BUILTIN = "picturebook"
AUTO = "auto"
"""Stands for the model that fits the hardware."""
ON_A_GPU = "stable-diffusion-v1-5/stable-diffusion-v1-5"


SD_LIMITS = (
    "The licence forbids some uses, such as harming or deceiving people. It has learned from pictures of the web with "
    "English captions: it shows some peoples and places less often and less well than others, and repeats stereotypes. "
    "Faces, hands and writing often come out wrong, and its results are no facts."
)


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """A model as listed: its name is what `--model` and REFEDIT_MODEL take.

    `cost` is what an edit takes and `memory` the most that it needs, `limits` its bounds and biases, all in words.
    """

    name: str
    title: str
    purpose: str
    licence: str
    origin: str
    cost: str
    memory: str
    download: str
    limits: str


CARDS = (
    ModelCard(
        name=BUILTIN,
        title="Picture book (built in)",
        purpose="This project's own small model of a drawn world; no download, runs on a CPU in seconds.",
        licence="Apache-2.0",
        origin="this project: trained on drawings that it makes itself",
        cost="SpecRef 4 s, BARET 10 s (measured, 20 steps on a CPU)",
        memory="0.6 GB (measured: the whole process on a CPU)",
        download="none; 25 MB, part of RefEdit",
        limits="It knows only its drawn world, works at 256 px, and limbs may melt. Nobody real is in its drawings.",
    ),
    ModelCard(
        name=ON_A_GPU,
        title="Stable Diffusion 1.5",
        purpose="Photographs at 512 px; about 4 GB of download, wants a GPU.",
        licence="CreativeML Open RAIL-M",
        origin="Hugging Face hub, trained by CompVis and Runway",
        cost=(
            "1 to 10 s on a data-centre GPU; on two CPU cores about 12 min with SpecRef, half an hour with BARET "
            "(estimated, 20 steps)"
        ),
        memory=(
            "about 5 GB of a GPU (counted, not measured on one: weights 2.5, calls 0.8, what is kept at most 2), "
            "0.6 more with its safety checker"
        ),
        download="about 4 GB, once, and 1.2 with its safety checker",
        limits=SD_LIMITS,
    ),
    ModelCard(
        name="CompVis/stable-diffusion-v1-4",
        title="Stable Diffusion 1.4",
        purpose="The model of SpecRef's public code; as 1.5.",
        licence="CreativeML Open RAIL-M",
        origin="Hugging Face hub, trained by CompVis",
        cost="as 1.5",
        memory="as 1.5",
        download="as 1.5",
        limits=SD_LIMITS,
    ),
)
"""Besides these, any folder or hub id of a Stable Diffusion 1.x or 2.x pipeline in diffusers format."""


def builtin_folder() -> Path:
    """Where the built-in model's weights lie."""
    return Path(__file__).parent / "picturebook" / "weights"


def builtin_segmenter(device: torch.device) -> Segmenter:
    """The built-in model's own SAM; EditError if its weights are missing."""
    folder = builtin_folder() / "sam"
    if not (folder / "config.json").is_file():
        raise EditError(
            "The built-in SAM's weights are missing from this copy. Paint the mask, or install RefEdit again."
        )
    check_sums(builtin_folder(), "sam")
    # On unseen scenes the best of three is the better answer to further clicks as well: 0.94 against 0.90 after two.
    return Segmenter.load(folder, device, always_three=True)


def load_model(name: str = BUILTIN, device: str = "auto", channels_last: bool | None = False) -> Backbone:
    """A model by listed name, folder or hub id; EditError if it is missing or no Stable Diffusion.

    `AUTO` is the one that fits the hardware. Without a word on `channels_last` it is measured,
    see `choose_layout`. One line of the log says what was chosen.
    """
    from refedit.diffusion.stable_diffusion import StableDiffusion  # takes seconds, which lists and masks do without

    where, dtype = pick_device(device)
    name = fitting(name, where)
    if name == BUILTIN:
        if not (builtin_folder() / "model_index.json").is_file():
            raise EditError("The built-in model's weights are missing from this copy. Install RefEdit again.")
        check_sums(builtin_folder())
    folder = str(builtin_folder()) if name == BUILTIN else name
    load = partial(StableDiffusion.load, folder, torch.device("cpu"), dtype, bool(channels_last))
    model = from_hub(name, load) if is_on_hub(name) else load()
    model.name = name
    for network in model.networks.values():
        network.to(where)  # in the precision it runs in, so that nothing larger is on the device for a while
    layout = Layout(channels_last=bool(channels_last)) if channels_last is not None else choose_layout(model)
    log.info("%s", chosen(model, layout))
    return model


def is_on_hub(name: str) -> bool:
    """Whether a model's name is none of a file or folder, nor the built-in one's."""
    path = Path(name)
    return name != BUILTIN and not (path.suffix == ".safetensors" or path.exists() or name.startswith((".", "/", "~")))


def fitting(name: str, device: torch.device) -> str:
    """The name of a model; `AUTO` is the built-in one on a CPU and `ON_A_GPU` elsewhere."""
    if name != AUTO:
        return name
    return BUILTIN if device.type == "cpu" else ON_A_GPU


def chosen(model: Backbone, layout: Layout) -> str:
    """One line on how a model runs: where, how precisely, how it is laid out and how large it is."""
    size = sum(weight.nbytes for network in model.networks.values() for weight in network.parameters())
    name = machine(model.device)["name"]
    measured = "".join(
        f", {'channels last' if last else 'plain'} {1000 * seconds:.1f} ms a call"
        for last, seconds in layout.seconds.items()
    )
    return (
        f"Model {model.name} on {model.device} ({name}): UNet in {str(model.dtype).removeprefix('torch.')}, "
        f"{'channels last' if layout.channels_last else 'plain layout'}, {size / 1e6:.0f} MB of weights{measured}"
    )


def what_hides(model: Backbone, wanted: bool = True) -> Callable[[Image.Image], bool] | None:
    """Tells which pictures must not be shown: the model's own safety checker, if one is wanted and there.

    Raises EditError if it can't be read.
    """
    from refedit.diffusion.safety_checker import SafetyChecker

    if not wanted or model.name == BUILTIN:
        return None
    checker = SafetyChecker.load(model.name, model.device)
    return checker.hides if checker else None


def load_segmenter(name: str, device: torch.device) -> Segmenter:
    """The built-in segmenter, or a SAM by its file, folder or hub id, see `open_sam`; EditError if it is missing."""
    return builtin_segmenter(device) if name == BUILTIN else Segmenter.load(Path(name), device)
