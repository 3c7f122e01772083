"""What cases are run on: a model, the reader of its drawings if it has one, and a cache of what was computed."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from refedit.bench.experiment.code_fingerprint import outcome_fingerprint, verdict_fingerprint
from refedit.diffusion.backbone import Backbone
from refedit.machine.cache import Cache
from refedit.machine.device import machine
from refedit.machine.version import code_version
from refedit.models import BUILTIN, builtin_folder, load_model
from refedit.picturebook.networks.reader import Reader


@dataclass(frozen=True, kw_only=True)
class Workbench:
    """A model to measure; without a reader everything that has to be read off a picture stays unknown."""

    model: Backbone
    reader: Reader | None = None
    cache: Cache = field(default_factory=lambda: Cache(1 << 30))
    folder: Path | None = None

    @classmethod
    def load(cls, name: str, device: str) -> "Workbench":
        """A model by listed name, folder or hub id, with the reader in its folder if there is one."""
        model = load_model(name, device)
        folder = builtin_folder() if name == BUILTIN else Path(name)
        has = (folder / "clip").is_dir() or name == BUILTIN
        reader = Reader.load(folder, model.device) if has else None
        return cls(model=model, reader=reader, folder=folder if folder.is_dir() else None)

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


def files_checksum(folder: Path) -> str:
    """The beginning of the SHA-256 sum over the weight files of a model's folder, but for its SAM's."""
    digest = hashlib.sha256()
    for part in ("clip", "text_encoder", "unet", "vae"):
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
