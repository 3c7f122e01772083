"""Measures of pictures on pictures whose measures are known."""

import builtins
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refedit.bench.experiment.cases import REFERENCE, case_at
from refedit.bench.experiment.measures import CAP, hue_and_chroma, iou, leak, psnr, ssim, studio
from refedit.errors import EditError
from refedit.picturebook.world.drawing import draw

ALL = np.ones((16, 16), bool)
LEFT = ALL & (np.arange(16) < 8)


def grey(level: int) -> Image.Image:
    return Image.new("RGB", (16, 16), (level,) * 3)


def test_psnr_counts_only_the_pixels_that_are_asked_for() -> None:
    half = grey(100)
    half.paste(grey(110), (8, 0))
    assert psnr(half, grey(100), LEFT) == CAP
    assert psnr(half, grey(100), ~LEFT) == pytest.approx(20 * np.log10(255 / 10))
    assert psnr(half, grey(100), ALL) == pytest.approx(20 * np.log10(255 / 10) + 10 * np.log10(2))
    assert psnr(half, grey(100), ~ALL) is None


def test_ssim_is_one_for_equal_pictures_and_falls_where_structure_is_lost() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8))
    assert ssim(noise, noise, ALL) == pytest.approx(1)
    flat = noise.copy()
    flat.paste(grey(128).crop((0, 0, 8, 16)), (8, 0))
    left, right = (ssim(flat, noise, where) for where in (LEFT, ~LEFT))
    assert left is not None and right is not None and left > 2 * right
    assert ssim(noise, flat, ~ALL) is None


def test_hues_are_those_of_colorsys() -> None:
    pixels = np.array([[[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0.5, 0.5, 0.5]]], np.float64)
    hues, chroma = hue_and_chroma(pixels)
    assert hues.tolist() == [[0, 60, 120, 240, 300, 0]]
    assert chroma.tolist() == [[1, 1, 1, 1, 1, 0]]


def test_only_references_show_the_studio() -> None:
    for number in range(6):
        case = case_at("development", REFERENCE, number)
        assert case.reference is not None
        drawn = draw(case.reference, 64)
        assert studio(drawn.picture)[drawn.masks["background"]].mean() > 0.95
        assert studio(draw(case.source, 64).picture).mean() < 0.05


def test_leak_is_what_neither_source_nor_truth_show() -> None:
    plain, orchid, magenta, plum = (grey(100) for _ in range(4))
    orchid.paste((230, 190, 225), (0, 0, 4, 16))
    magenta.paste((255, 0, 230), (0, 0, 4, 16))
    plum.paste((120, 80, 115), (0, 0, 4, 16))
    assert leak(orchid, plain, plain) == 0.25
    assert leak(orchid, orchid, plain) == leak(orchid, plain, orchid) == leak(plain, orchid, orchid) == 0
    assert leak(magenta, plain, plain) == leak(plum, plain, plain) == 0


def test_iou() -> None:
    assert iou(LEFT, ALL) == 0.5
    assert iou(LEFT, ~LEFT) == 0
    assert iou(~ALL, ~ALL) is None


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("skimage"):
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(EditError, match="needs scikit-image.* pip install -r refedit/bench/requirements.txt"):
        ssim(grey(1), grey(2), ALL)
