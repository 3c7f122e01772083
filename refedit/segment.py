"""Masks from clicks with Segment Anything: the only importer of segment_anything.

Embed a picture once, then ask for a mask per click. Knows nothing about editing.
"""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refedit.errors import EditError
from refedit.masks import Mask

KINDS = ("vit_b", "vit_l", "vit_h")


@dataclass(frozen=True)
class Click:
    """A point of a picture in pixels from its top left corner; `inside` says whether the thing is there or not."""

    x: float
    y: float
    inside: bool = True


@dataclass(frozen=True)
class Embedded:
    """A picture as SAM sees it: features (1, channels, rows, columns), (width, height) before and after resizing."""

    features: Tensor
    size: tuple[int, int]
    resized: tuple[int, int]


class Segmenter:
    """A loaded SAM. Holds no picture: what `embed` returns belongs to whoever asked for it."""

    def __init__(self, sam: Any, device: torch.device) -> None:
        self.sam = sam.requires_grad_(False).eval().to(device)
        self.device = device

    @classmethod
    def load(cls, checkpoint: Path, device: torch.device) -> "Segmenter":
        """Loads an official checkpoint, whose file name holds vit_b, vit_l or vit_h; EditError if it is none."""
        kind = next((kind for kind in KINDS if kind in checkpoint.name), None)
        if kind is None or not checkpoint.is_file():
            raise EditError(f"'{checkpoint}' is no SAM checkpoint. Give a file such as sam_vit_b_01ec64.pth.")
        try:
            # Without weights_only a checkpoint could run any code that its maker likes.
            weights = torch.load(checkpoint, map_location="cpu", weights_only=True)
            sam = _module("build_sam").sam_model_registry[kind]()
            sam.load_state_dict(weights)
        except (RuntimeError, UnpicklingError, EOFError, ValueError) as error:
            reason = str(error).strip().splitlines()[0][:160]
            raise EditError(f"'{checkpoint.name}' can't be read as SAM {kind}: {reason}") from error
        return cls(sam, device)

    @torch.no_grad()
    def embed(self, image: Image.Image) -> Embedded:
        """The costly half: the picture's features, to be kept as long as its masks are asked for."""
        side = self.sam.image_encoder.img_size
        scale = side / max(image.size)
        resized = max(1, int(image.width * scale + 0.5)), max(1, int(image.height * scale + 0.5))
        pixels = np.array(image.convert("RGB").resize(resized, Image.Resampling.BILINEAR), np.float32)
        plane = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(self.device)
        plane = (plane - self.sam.pixel_mean) / self.sam.pixel_std
        padded = functional.pad(plane, (0, side - resized[0], 0, side - resized[1]))
        return Embedded(self.sam.image_encoder(padded), image.size, resized)

    @torch.no_grad()
    def mask(self, picture: Embedded, clicks: Sequence[Click]) -> Mask:
        """The mask that SAM thinks best for the clicks, of the picture's size; EditError without a click inside."""
        if not any(click.inside for click in clicks):
            raise EditError("No click is inside the thing. Click on what you want to select.")
        sparse, dense = self.sam.prompt_encoder(points=self._points(picture, clicks), boxes=None, masks=None)
        masks, quality = self.sam.mask_decoder(
            image_embeddings=picture.features,
            image_pe=self.sam.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=len(clicks) == 1,
        )
        best = masks[:, quality[0].argmax()][:, None]  # (1, 1, rows, columns)
        return Mask(self._to_picture(best, picture).cpu().numpy())

    def _points(self, picture: Embedded, clicks: Sequence[Click]) -> tuple[Tensor, Tensor]:
        scale = [after / before for after, before in zip(picture.resized, picture.size, strict=True)]
        places = torch.tensor([[click.x * scale[0], click.y * scale[1]] for click in clicks], device=self.device)
        labels = torch.tensor([int(click.inside) for click in clicks], device=self.device)
        return places[None], labels[None]

    def _to_picture(self, logits: Tensor, picture: Embedded) -> Float[Tensor, "height width"]:
        side, (width, height) = self.sam.image_encoder.img_size, picture.resized
        whole = functional.interpolate(logits, (side, side), mode="bilinear", align_corners=False)
        part = whole[..., :height, :width]
        sized = functional.interpolate(part, picture.size[::-1], mode="bilinear", align_corners=False)
        return (sized[0, 0] > self.sam.mask_threshold).float()


def _module(name: str) -> ModuleType:
    """A module of segment_anything, without running the package's `__init__`, which imports torchvision."""
    if "segment_anything" not in sys.modules:
        spec = importlib.util.find_spec("segment_anything")
        if spec is None:
            raise EditError("Segment Anything is not installed. Install requirements.txt.")
        package = ModuleType("segment_anything")
        package.__path__ = list(spec.submodule_search_locations or ())
        sys.modules["segment_anything"] = package
    return importlib.import_module(f"segment_anything.{name}")
