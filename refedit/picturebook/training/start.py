"""What a training begins with: random weights, or those of a model that was trained before.

A model's folder is enough to go on from; the checkpoints of its training may be lost.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from safetensors.torch import load_file
from torch import Tensor, nn

from refedit.errors import EditError
from refedit.picturebook.networks.checkpoint import whole_folder

_Network = TypeVar("_Network", bound=nn.Module)


@dataclass(frozen=True)
class Start:
    """A training's own copy of a pipeline folder, which may have `clip` and `sam` beside the pipeline's parts.

    Where there is no such folder, every network keeps the random weights that it has.
    """

    folder: Path

    @property
    def given(self) -> bool:
        return self.folder.is_dir()

    def take(self, model: Path) -> None:
        """Copies a model in; EditError if it is none, or if the training has begun with something else."""
        if not (model / "model_index.json").is_file():
            raise EditError(f"There is no model in '{model}' to begin with. Name a pipeline folder.")
        if self.given or any(self.folder.parent.glob("*.pt")):
            where = self.folder.parent
            raise EditError(f"The training in '{where}' has begun. Go on without --start, or name a new folder.")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(self.folder) as fresh:
            shutil.copytree(model, fresh, dirs_exist_ok=True)

    def fill(self, network: _Network, part: str) -> _Network:
        """The network with the weights of that part, in single precision; EditError if they are not its own."""
        if self.given:
            try:
                network.load_state_dict(self._weights(part))
            except RuntimeError as error:
                why = str(error).splitlines()[-1].strip()[:160]
                raise EditError(f"The '{part}' to begin with has another shape, or is not there: {why}") from error
        return network

    def scale(self) -> float:
        """What the model's UNet expects latents to be multiplied with."""
        return float(json.loads((self.folder / "vae/config.json").read_text())["scaling_factor"])

    def card(self) -> str:
        """What the model's card says about its training, from the table on; "" if it says nothing."""
        path = self.folder / "README.md"
        text = path.read_text("utf-8") if path.is_file() else ""
        return text[text.find("| trained |") : text.find("\n## Measured")].strip() if "| trained |" in text else ""

    def _weights(self, part: str) -> dict[str, Tensor]:
        files = sorted((self.folder / part).glob("*.safetensors"))
        return {_name(part, file, key): value.float() for file in files for key, value in load_file(file).items()}


def _name(part: str, file: Path, key: str) -> str:
    """The network's own name for a tensor: the picture book's CLIP holds a CLIPModel beside its readers."""
    return f"clip.{key}" if part == "clip" and file.name.startswith("model") else key
