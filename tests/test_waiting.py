"""How often an edit would wait for a GPU: every value that Python reads off a tensor is such a wait."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from refedit.bench.golden.trace import finish
from refedit.diffusion.inversion import Inverter
from refedit.diffusion.stable_diffusion import StableDiffusion
from refedit.editing.metered_model import MeteredModel
from refedit.machine.cache import Cache
from refedit.methods import Baret, Method, SpecRef
from refedit.methods.method import Task
from tests.conftest import box_mask

WAITS = {"_local_scalar_dense", "nonzero", "masked_select", "equal", "is_nonzero", "item", "unique_dim"}
MOST = 3
"""For each UNet call."""
ONCE = 12
"""For a whole edit: a painted mask's places at every grid."""


class Waits(TorchDispatchMode):
    """Counts what a GPU would have to be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def __torch_dispatch__(
        self, function: Any, types: Any, arguments: tuple[Any, ...] = (), keywords: Mapping[str, Any] | None = None
    ) -> Any:
        name = function.__name__.partition(".")[0]
        picked = arguments[1] if name in ("index", "index_put_", "index_put") else []
        by_mask = any(isinstance(part, Tensor) and part.dtype is torch.bool for part in picked)
        self.counts[name] += name in WAITS or by_mask
        return function(*arguments, **(keywords or {}))


@pytest.mark.long
@pytest.mark.parametrize(
    ("method", "painted"),
    [(SpecRef(), True), (SpecRef(), False), (SpecRef.presets()["official"], False), (Baret(), False)],
)
def test_a_step_waits_for_a_gpu_three_times_at_most(
    model: StableDiffusion, method: Method, painted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, calls = model.predict_noise, list[int]()

    def counted(latents: Tensor, *others: Any) -> Tensor:
        calls.append(len(latents))
        return predict(latents, *others)

    monkeypatch.setattr(model, "predict_noise", counted)
    metered = MeteredModel(model, Cache(0), threading.Event())
    z = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    task = Task(
        inverter=Inverter(metered, Cache(1 << 28)), source=z[0], prompt="a dog", source_prompt="a cat",
        reference=z[1], subject=box_mask((64, 64), (0, 0, 64, 32)).to_tensor(),
        region=box_mask((64, 64), (0, 0, 32, 64)).to_tensor() if painted else None,
    )  # fmt: skip
    with Waits() as waits:
        finish(replace(method, steps=4).edit(metered, task))
    assert sum(waits.counts.values()) <= MOST * len(calls) + ONCE, waits.counts
