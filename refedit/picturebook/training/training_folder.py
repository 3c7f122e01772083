"""What a training has in its folder: tokenizer, checkpoints, the time that things took, and the pipeline it exports."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diffusers import AutoencoderKL
from transformers import CLIPTokenizer

from refedit.errors import EditError
from refedit.picturebook.networks.checkpoint import read_checkpoint
from refedit.picturebook.networks.diffusion import build_vae
from refedit.picturebook.networks.sizes import Size
from refedit.picturebook.networks.vocabulary import build_tokenizer
from refedit.picturebook.training.start import Start
from refedit.picturebook.world import captions


@dataclass(frozen=True)
class TrainingFolder:
    """The folder of one training; everything in it can be asked for at any time."""

    path: Path

    def file(self, name: str) -> Path:
        return self.path / name

    @property
    def pipeline(self) -> Path:
        """Where the trained networks are exported to, in diffusers format."""
        return self.file("pipeline")

    @property
    def progress(self) -> Path:
        """Where pictures and scores show what the networks could do, step by step."""
        return self.file("looks")

    @property
    def start(self) -> Start:
        """What the training begins with."""
        return Start(self.file("start"))

    def describe(self, size: Size, scenes: int) -> None:
        """Writes the size and the number of scenes down for the model card; EditError if the size was another."""
        path = self.file("training.json")
        before = json.loads(path.read_text())["size"] if path.exists() else size.name
        if before != size.name:
            raise EditError(f"{self.path} holds a training of size {before}. Name another folder for size {size.name}.")
        path.write_text(json.dumps({"size": size.name, "scenes": scenes}) + "\n")

    def tokenizer(self) -> CLIPTokenizer:
        """Kept from the start, so that a later change of the world's words can't shift the tokens of a training."""
        folder = self.file("tokenizer")
        if self.start.given:
            folder = self.start.folder / "tokenizer"
        elif not folder.exists():
            build_tokenizer(captions.words()).save_pretrained(folder)
        return CLIPTokenizer.from_pretrained(folder)

    def trained_vae(self, size: Size) -> tuple[AutoencoderKL, int]:
        """The VAE with averaged weights and its number of steps; EditError if none was trained.

        If a decoder was trained alone, it is that one. The steps of a model that the training began with count as 0.
        """
        state = read_checkpoint(self.file("vae.pt")) or {}
        if not state and not self.start.given:
            raise EditError("There is no trained VAE in this folder. Run the stage 'vae' first.")
        decoder = (read_checkpoint(self.file("decoder.pt")) or {}).get("averaged", {})
        vae = self.start.fill(build_vae(size), "vae")
        vae.load_state_dict({**vae.state_dict(), **state.get("averaged", {}), **decoder})
        vae.register_to_config(scaling_factor=self._scale())
        return vae, state.get("step", 0)

    def _scale(self) -> float:
        if self.start.given:
            return self.start.scale()
        checkpoint = read_checkpoint(self.file("latents.pt"), mapped=True)
        return 1.0 if checkpoint is None else float(checkpoint["scale"])

    def timed(self, name: str, work: Iterator[str]) -> Iterator[str]:
        """Does the work and adds its seconds to what `name` took so far."""
        started = time.monotonic()
        yield from work
        times = self._times()
        times[name] = times.get(name, 0.0) + time.monotonic() - started
        self.file("seconds.json").write_text(json.dumps(times))

    def spent(self) -> float:
        """Seconds that everything before the UNet took."""
        return sum(self._times().values()) + float((read_checkpoint(self.file("vae.pt")) or {}).get("seconds", 0))

    def _times(self) -> dict[str, float]:
        path = self.file("seconds.json")
        return json.loads(path.read_text()) if path.exists() else {}
