"""The memory of slow stages: found by content, bounded in bytes; and previews fit any latents."""

import numpy as np
import torch

from refedit.diffusion.backbone import TextEmbedding
from refedit.diffusion.previews import LatentColours
from refedit.diffusion.text_inversion import FittedText
from refedit.imaging.images import to_tensor
from refedit.machine.cache import Cache, bytes_of, content_key
from tests.conftest import picture


def test_equal_contents_have_equal_keys() -> None:
    a = torch.arange(4.0)
    assert content_key(a, "x", 1) == content_key(a.clone(), "x", 1)
    others = (content_key(a + 1, "x", 1), content_key(a, "y", 1), content_key(a[:2], a[2:]), content_key(a))
    assert content_key(a, "x", 1) not in others


def test_the_least_recently_used_is_forgotten() -> None:
    memory = Cache(limit=100)
    for name in "ab":
        memory.put(name, torch.zeros(10))
    assert memory.get("a") is not None and memory.bytes == 80
    memory.put("c", torch.zeros(10))
    assert memory.get("b") is None and memory.get("a") is not None and memory.bytes == 80


def test_what_is_too_large_is_not_kept_and_frees_nothing() -> None:
    memory = Cache(limit=100)
    memory.put("a", torch.zeros(10))
    memory.put("b", torch.zeros(100))
    assert memory.get("a") is not None and memory.get("b") is None
    memory.put("a", torch.zeros(5))
    assert memory.bytes == 20


def test_bytes_are_counted_in_everything_that_is_kept() -> None:
    tensor = torch.zeros(2)
    embedding = TextEmbedding(tokens=torch.zeros(1, 1, 2))
    z = torch.zeros(1, 1, 2, 2)
    fitted = FittedText(texts=(embedding,), latents=(z, z), losses=((1.0,),))
    assert bytes_of({"a": (tensor, [tensor]), "b": "text"}) == 16
    assert bytes_of(fitted) == 40


def test_a_preview_of_linear_latents_is_the_picture() -> None:
    small = torch.nn.functional.interpolate(to_tensor(picture(1)), (8, 8), mode="area")
    latents = torch.cat([small, small.mean(1, keepdim=True)], 1) * 2 + 0.3
    shown = LatentColours.fit(latents, to_tensor(picture(1))).picture(latents, 8)
    assert np.abs(np.asarray(shown) / 127.5 - 1 - small[0].permute(1, 2, 0).numpy()).max() < 0.05
