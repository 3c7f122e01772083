"""What cases are run on: a model, the reader of its drawings if it has one, and a cache of what was computed."""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.diffusion.backbone import Backbone
from refedit.editing.editor import Editor
from refedit.errors import EditError
from refedit.machine.cache import Cache
from refedit.machine.device import machine
from refedit.machine.version import code_version
from refedit.models import BUILTIN, builtin_folder, load_model
from refedit.picturebook.networks.reader import Reader


@runtime_checkable
class Elsewhere(Protocol):
    """Where functions of an editor are run, such as a pool of editors: those of one key at one place."""

    def run(self, key: str, function: Callable[..., Any], *arguments: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """A model to measure; without a reader everything that has to be read off a picture stays unknown.

    What is not timed may be run `elsewhere`.
    """

    model: Backbone
    reader: Reader | None = None
    cache: Cache = field(default_factory=lambda: Cache(1 << 30))
    folder: Path | None = None
    elsewhere: Elsewhere | None = None

    @classmethod
    def load(cls, name: str, device: str) -> "Workbench":
        """A model by listed name, folder or hub id, with the reader in its folder if there is one."""
        return cls.around(load_model(name, device))

    @classmethod
    def around(cls, model: Backbone) -> "Workbench":
        """A loaded model, with the reader in its folder if there is one."""
        folder = builtin_folder() if model.name == BUILTIN else Path(model.name)
        has = (folder / "clip").is_dir() or model.name == BUILTIN
        reader = Reader.load(folder, model.device) if has else None
        return cls(model=model, reader=reader, folder=folder if folder.is_dir() else None)

    def with_pool(self, pool: Elsewhere) -> "Workbench":
        """The same, which leaves edits to a pool; EditError if that would make other outcomes."""
        there = pool.run("", made_by)
        if there != self.made_by:
            raise EditError(
                f"The pool's outcomes would be another model's or code's ('{there}') than what is measured here "
                f"('{self.made_by}'). Name its model and device with --model and --device, or start it anew."
            )
        return replace(self, elsewhere=pool)

    @property
    def made_by(self) -> str:
        """What decides outcomes besides cases and arms: device, precision, weights and code."""
        return f"{self.model.device.type} {self.model.dtype} {self.checksum} {outcome_fingerprint()}"

    @cached_property
    def checksum(self) -> str:
        """Of all weights that decide an outcome, as 16 hexadecimal digits.

        By the files where there are some: networks in half precision on a GPU have other bits than those on a CPU.
        """
        if self.folder is not None:
            return files_checksum(self.folder)
        networks = self.model.networks.values()
        return weights_checksum(*networks, *([self.reader.network] if self.reader else []))

    @cached_property
    def hardware(self) -> str:
        """The device's name: seconds are no other machine's."""
        return str(machine(self.model.device)["name"])

    def about(self) -> dict[str, Any]:
        """Hardware, code and model, for reports."""
        return {
            "model": self.model.name,
            "weights": self.checksum,
            "pixels": self.model.size,
            "reader": self.reader is not None,
            "code": code_version(),
            "outcome_fingerprint": outcome_fingerprint(),
            "verdict_fingerprint": verdict_fingerprint(),
            "cores": os.cpu_count(),
            **machine(self.model.device),
        }


@lru_cache(maxsize=1)
def workbench_of(editor: Editor) -> Workbench:
    """An editor's model and memory as a workbench; the next call gives the same one."""
    return replace(Workbench.around(editor.model), cache=editor.cache)


def made_by(editor: Editor) -> str:
    """What would decide outcomes at a replica, see `Workbench.made_by`."""
    return workbench_of(editor).made_by


def files_checksum(folder: Path) -> str:
    """The beginning of the SHA-256 sum over the weight files of a model's folder."""
    digest = hashlib.sha256()
    for part in ("clip", "sam", "text_encoder", "unet", "vae"):
        for path in sorted((folder / part).glob("*.safetensors")):
            digest.update(f"{part}/{path.name}".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def weights_checksum(*networks: nn.Module) -> str:
    """The beginning of the SHA-256 sum over all parameters and buffers, names included."""
    digest = hashlib.sha256()
    for network in networks:
        states: Mapping[str, Tensor] = network.state_dict()
        for name, value in states.items():
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]
