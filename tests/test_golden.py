"""Numbers of the public implementations, through `trace`: the same code path that everything else uses."""

import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from refedit.bench.golden.trace import trace

GOLDEN = Path(os.environ.get("REFEDIT_GOLDEN") or Path(__file__).parents[2] / "shared" / "golden")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        not GOLDEN.is_dir() and "REFEDIT_GOLDEN" not in os.environ,
        reason="there are no golden numbers beside the checkout",
    ),
]


def both(name: str, out: Path) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What we compute and what the public code did."""
    config = GOLDEN / f"{name}.json"
    trace(config, out / "trace.safetensors")
    return load_file(out / "trace.safetensors"), load_file(config.with_suffix(".safetensors"))


def farthest(ours: Tensor, theirs: Tensor) -> float:
    return float((ours.double() - theirs.double()).abs().max())


@pytest.mark.parametrize("name", sorted(path.stem for path in (GOLDEN / "specref").glob("*.json")))
def test_specref_is_the_public_code_step_by_step(name: str, tmp_path: Path) -> None:
    ours, theirs = both(f"specref/{name}", tmp_path)
    assert farthest(ours["inv_latents"], theirs["inv_latents"][:, : ours["inv_latents"].shape[1]]) < 1e-4
    assert farthest(ours["edit_out"], theirs["edit_out"]) < 5e-3
    assert farthest(ours["images"], theirs["images"]) <= 2
    assert farthest(ours["blend_mask"], theirs["blend_mask"]) == 0
    for array in ("mask_t", "mask_t_steps", "blend_steps"):
        if array in theirs:
            assert farthest(ours[array], theirs[array]) < 1e-3


def test_null_text_inversion_is_the_public_code_iteration_by_iteration(tmp_path: Path) -> None:
    ours, theirs = both("null_text/N1", tmp_path)
    torch.testing.assert_close(ours["losses"], theirs["losses"], rtol=1e-4, atol=0)
    assert torch.equal(ours["inner_steps"], theirs["inner_steps"])
    assert farthest(ours["uncond_embeddings"], theirs["uncond_embeddings"]) < 1e-3
    assert farthest(ours["latents"], theirs["latents"]) < 5e-3
