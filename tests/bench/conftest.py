"""A workbench of tiny networks with random weights, quick copies of arms, and tasks without pictures."""

import threading
from dataclasses import replace

import pytest
import torch

from refedit.bench.claims.claim import Claim
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.workbench import Workbench
from refedit.diffusion.backbone import Denoiser
from refedit.diffusion.inversion import Inverter
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.metered_model import MeteredModel
from refedit.machine.cache import Cache
from refedit.methods import Method
from refedit.methods.method import Task
from refedit.picturebook.networks.clip import build_clip
from refedit.picturebook.networks.reader import Reader
from refedit.picturebook.networks.sizes import SIZES
from refedit.picturebook.networks.vocabulary import build_tokenizer
from refedit.picturebook.world import captions
from refedit.picturebook.world.factors import FACTORS


@pytest.fixture(scope="session")
def reader() -> Reader:
    torch.manual_seed(0)
    tokenizer = build_tokenizer(captions.words())
    return Reader(build_clip(SIZES["tiny"], tokenizer, FACTORS), tokenizer, torch.device("cpu"))


@pytest.fixture(scope="session")
def workbench(model: StableDiffusion, reader: Reader) -> Workbench:
    return Workbench(model=model, reader=reader)


@pytest.fixture(scope="session")
def blind(model: StableDiffusion) -> Workbench:
    """Without a reader, as any model but the built-in one."""
    return Workbench(model=model, cache=Cache(1 << 30))


def quick_arm(arm: Arm) -> Arm:
    """The same in one step, and with one iteration at most of whatever it optimises."""
    if not isinstance(arm.method, Method):
        return arm
    counts = ("inner_steps", "text_iterations", "tune_iterations")
    few = {"steps": 1, **{name: 1 for name in counts if getattr(arm.method, name, 0) > 1}}
    return replace(arm, method=replace(arm.method, **few))  # type: ignore[type-var]


def quick_claim(claim: Claim) -> Claim:
    return replace(claim, arms={kind: tuple(map(quick_arm, arms)) for kind, arms in claim.arms.items()})


def metered(model: StableDiffusion) -> MeteredModel:
    return MeteredModel(model, Cache(0), threading.Event())


def task_for(model: Denoiser, source_prompt: str = "") -> Task:
    """To make a dog of latents that no picture has."""
    source = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(6))
    return Task(inverter=Inverter(model, Cache(0)), source=source, prompt="a dog", source_prompt=source_prompt)
