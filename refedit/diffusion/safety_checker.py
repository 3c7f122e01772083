"""A checkpoint's own safety checker: whether it would hide a picture.

That of Stable Diffusion 1.x compares CLIP's features of a picture with those of concepts; see its model card for what
it misses and what it hides by mistake.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps

from refedit.errors import EditError

FOLDER = "safety_checker"
WEIGHTS = ("model.safetensors", "model.fp16.safetensors")
"""What is read, the first of them that is there."""
READING = "feature_extractor/preprocessor_config.json"
"""How it reads a picture."""
SIZE = 224


class SafetyChecker:
    """A loaded checker; holds no picture."""

    def __init__(self, network: Any, reading: dict[str, Any]) -> None:
        self.network = network.requires_grad_(False).eval()
        self._mean, self._std = (torch.tensor(reading[name]).view(1, 3, 1, 1) for name in ("image_mean", "image_std"))

    @classmethod
    def load(cls, name: str, device: torch.device) -> "SafetyChecker | None":
        """The checker of a folder or hub id; None if it has none, as single files; EditError if it can't be read."""
        folder = Path(name) if Path(name).exists() or name.startswith((".", "/", "~")) else _downloaded(name)
        if not (folder / FOLDER / "config.json").is_file():
            return None
        present = [weights for weights in WEIGHTS if (folder / FOLDER / weights).is_file()]
        if not present or not (folder / READING).is_file():
            raise EditError(
                f"The safety checker of '{name}' can't be read without safetensors weights and {READING}. Download all "
                "of the model, or set REFEDIT_SAFETY_CHECKER=0."
            )
        from refedit.diffusion.stable_diffusion import safety_checker_class  # takes seconds, which lists do without

        variant = "fp16" if present[0] == WEIGHTS[1] else None
        dtype = torch.float16 if device.type == "cuda" else torch.float32
        options = {"variant": variant, "use_safetensors": True, "local_files_only": True, "output_loading_info": True}
        network, found = safety_checker_class().from_pretrained(folder / FOLDER, dtype=dtype, **options)
        if found["missing_keys"]:  # the library leaves them at random
            raise EditError(f"The safety checker of '{name}' lacks weights. Download it again.")
        return cls(network.to(device), json.loads((folder / READING).read_text("utf-8")))

    @torch.no_grad()
    def hides(self, picture: Image.Image) -> bool:
        """True if the picture is one that the checker hides; it sees the square in the middle."""
        square = ImageOps.fit(picture.convert("RGB"), (SIZE, SIZE), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(square)).permute(2, 0, 1)[None] / 255
        seen = ((pixels - self._mean) / self._std).to(self.network.device, self.network.dtype)
        _, hidden = self.network(clip_input=seen, images=[np.zeros(1)])
        return bool(hidden[0])


def _downloaded(name: str) -> Path:
    """Where the hub's files of the checker lie, if there are any; EditError if the hub does not give them."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    described = [f"{FOLDER}/config.json", READING]
    try:
        for weights in WEIGHTS:
            folder = Path(snapshot_download(name, allow_patterns=[*described, f"{FOLDER}/{weights}"]))
            if (folder / FOLDER / weights).is_file():
                break
    except (HfHubHTTPError, OSError, ValueError) as error:
        reason = (str(error).strip().splitlines() or ["no reason was given"])[0][:160]
        raise EditError(f"The safety checker of '{name}' can't be had from the Hugging Face hub: {reason}") from error
    return folder
