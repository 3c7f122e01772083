"""What is chosen for the hardware: the layout of a UNet, of which no layout changes a weight, and the model."""

from pathlib import Path

import pytest
import torch

from refedit.diffusion.backbone import Backbone
from refedit.diffusion.layout import choose_layout, is_channels_last, seconds_of_a_call
from refedit.models import AUTO, BUILTIN, ON_A_GPU, fitting
from tests.conftest import load_tiny


@pytest.mark.parametrize(("slow", "chosen"), [({True: 1.0, False: 2.0}, True), ({True: 2.0, False: 1.0}, False)])
@pytest.mark.parametrize("before", [False, True])
def test_the_quickest_is_taken(slow: dict[bool, float], chosen: bool, before: bool, tiny_folder: Path) -> None:
    model, same = load_tiny(tiny_folder), load_tiny(tiny_folder)
    if before:
        model.unet.to(memory_format=torch.channels_last)
    layout = choose_layout(model, lambda measured: slow[is_channels_last(measured)])
    assert layout.channels_last is is_channels_last(model) is chosen
    assert layout.seconds == slow
    weights = zip(model.unet.parameters(), same.unet.parameters(), strict=True)
    assert all(torch.equal(*both) for both in weights)


def test_what_is_hardly_quicker_changes_nothing(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder)
    choose_layout(model, lambda measured: 1.0 if is_channels_last(measured) else 1.01)
    assert not is_channels_last(model)


def test_a_cpu_is_neither_measured_nor_changed(tiny_folder: Path) -> None:
    model = load_tiny(tiny_folder)
    layout = choose_layout(model)
    assert layout.seconds == {} and not layout.channels_last and not is_channels_last(model)


def test_a_call_takes_a_time(model: Backbone) -> None:
    assert seconds_of_a_call(model) > 0


@pytest.mark.parametrize(("device", "name"), [("cpu", BUILTIN), ("cuda", ON_A_GPU), ("mps", ON_A_GPU)])
def test_auto_is_the_model_that_fits_the_hardware(device: str, name: str) -> None:
    assert fitting(AUTO, torch.device(device)) == name
    assert fitting("mine", torch.device(device)) == "mine"
