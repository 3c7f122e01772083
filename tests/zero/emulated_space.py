"""By python -m tests.zero.emulated_space: app.py as on ZeroGPU, with the real package, on a PyTorch without CUDA.

The package believes that there is CUDA 12.8; a worker takes the weights out of their pack onto the CPU.
"""

import signal
from types import SimpleNamespace
from typing import Any

import torch


class OnCpu:
    """torch for whoever moves weights to "cuda": they stay on the CPU."""

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)

    @staticmethod
    def tensor(*values: Any, device: str, **options: Any) -> torch.Tensor:
        return torch.tensor(*values, **options)

    @staticmethod
    def empty(*shape: Any, device: str, **options: Any) -> torch.Tensor:
        return torch.empty(*shape, **options)

    @staticmethod
    def ByteTensor(size: int) -> torch.Tensor:
        """A buffer at the start of a page, as pinned memory is: the pack is read past the system's cache."""
        whole = torch.ByteTensor(size + 4096)
        start = -whole.data_ptr() % 4096
        return whole[start : start + size]

    cuda = SimpleNamespace(synchronize=lambda *_: None)


def emulate() -> None:
    """To be called before `spaces` is imported."""
    torch.version.cuda = "12.8"  # type: ignore[misc]
    torch._C._cuda_init = lambda: None  # type: ignore[attr-defined]
    torch.cuda._is_in_bad_fork = bool  # type: ignore[assignment] # False, and may be pickled
    import spaces.zero.torch as theirs
    from spaces.zero.torch import packing, patching

    def move(callback: Any = None) -> None:
        """In a worker: every weight out of the pack."""
        torch.Tensor.pin_memory = lambda self, *_: self  # type: ignore[assignment, method-assign]
        torch.Tensor.cuda = lambda self, **_: self.clone()  # type: ignore[assignment, method-assign]
        for pack in patching.tensor_packs:
            packing.pack_to_cuda(pack)

    packing.torch = OnCpu()
    theirs.init, theirs.move = lambda *_: None, move


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an end at which the workers end, too
    emulate()
    import app

    app.main()


if __name__ == "__main__":
    main()
