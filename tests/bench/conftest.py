"""A rig of tiny networks with random weights, and quick copies of arms."""

from dataclasses import replace

import pytest
import torch

from refedit.bench.arms import Arm
from refedit.bench.claims.claim import Claim
from refedit.bench.rig import Rig
from refedit.memory import Memory
from refedit.methods import Method
from refedit.picturebook import captions
from refedit.picturebook.clip import build_clip
from refedit.picturebook.factors import FACTORS
from refedit.picturebook.networks import SIZES
from refedit.picturebook.reader import Reader
from refedit.picturebook.vocabulary import build_tokenizer
from refedit.stable_diffusion import StableDiffusion


@pytest.fixture(scope="session")
def reader() -> Reader:
    torch.manual_seed(0)
    tokenizer = build_tokenizer(captions.words())
    return Reader(build_clip(SIZES["tiny"], tokenizer, FACTORS), tokenizer, torch.device("cpu"))


@pytest.fixture(scope="session")
def rig(model: StableDiffusion, reader: Reader) -> Rig:
    return Rig(model=model, reader=reader)


@pytest.fixture(scope="session")
def blind(model: StableDiffusion) -> Rig:
    """Without a reader, as any model but the built-in one."""
    return Rig(model=model, memory=Memory(1 << 30))


def quick_arm(arm: Arm) -> Arm:
    """The same in two steps, and with one inner step at most."""
    if not isinstance(arm.method, Method):
        return arm
    inner = getattr(arm.method, "inner_steps", 0)
    few = {"steps": 2, **({"inner_steps": 1} if inner > 1 else {})}
    return replace(arm, method=replace(arm.method, **few))  # type: ignore[type-var]


def quick_claim(claim: Claim) -> Claim:
    return replace(claim, arms={kind: tuple(map(quick_arm, arms)) for kind, arms in claim.arms.items()})
