"""Masks from clicks, boxes and earlier masks with Segment Anything (arXiv:2304.02643).

Embed a picture once, then ask for a mask per click. Knows nothing about editing, nor how a SAM is made or stored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional

from refedit.errors import EditError
from refedit.imaging.masks import Mask
from refedit.machine.device import use_threads
from refedit.segment.checkpoints import open_sam

Box = tuple[float, float, float, float]
"""(left, top, right, bottom) in pixels of a picture."""


@dataclass(frozen=True)
class Click:
    """A point of a picture in pixels from its top left corner; `inside` says whether the thing is there or not."""

    x: float
    y: float
    inside: bool = True


def check_place(x: float, y: float, size: tuple[int, int]) -> None:
    """Raises EditError unless a place in pixels lies in a picture of (width, height) or on its edge."""
    if not (0 <= x <= size[0] and 0 <= y <= size[1]):  # false of not-a-number, too
        raise EditError(f"The place {x:g},{y:g} lies outside the picture, which is {size[0]}x{size[1]} pixels.")


@dataclass(frozen=True)
class Embedded:
    """A picture as SAM sees it: features (1, channels, rows, columns), (width, height) before and after resizing."""

    features: Tensor
    size: tuple[int, int]
    resized: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Candidate:
    """One of several masks that the prompts may mean.

    `quality` is the IoU with the right mask that SAM expects, about 0 to 1; `logits` (rows, columns), above 0 inside,
    are what a later question takes as its previous mask.
    """

    mask: Mask
    quality: float
    logits: Float[Tensor, "rows columns"]


class Segmenter:
    """A loaded SAM. Holds no picture: what `embed` returns belongs to whoever asked for it.

    `about` says in words what was loaded. With `always_three` further clicks are answered with the best of three masks
    too, and not, as in the paper, with one made for several prompts.
    """

    def __init__(self, sam: Any, device: torch.device, about: str = "a SAM", always_three: bool = False) -> None:
        self.sam = sam.requires_grad_(False).eval().to(device)
        self.device = device
        self.about, self.always_three = about, always_three

    @classmethod
    def load(cls, where: Path, device: torch.device, always_three: bool = False) -> "Segmenter":
        """Loads an official checkpoint or the folder of a SAM, see `open_sam`; EditError if it is neither."""
        sam, about = open_sam(where)
        return cls(sam, device, about, always_three)

    @property
    def _grid(self) -> int:
        return int(self.sam.prompt_encoder.image_embedding_size[0])

    @torch.no_grad()
    def embed(self, image: Image.Image) -> Embedded:
        """The costly half: the picture's features, to be kept as long as its masks are asked for."""
        side = self.sam.image_encoder.img_size
        use_threads(1, self._grid)
        scale = side / max(image.size)
        resized = max(1, int(image.width * scale + 0.5)), max(1, int(image.height * scale + 0.5))
        pixels = np.array(image.convert("RGB").resize(resized, Image.Resampling.BILINEAR), np.float32)
        plane = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(self.device)
        plane = (plane - self.sam.pixel_mean) / self.sam.pixel_std
        padded = functional.pad(plane, (0, side - resized[0], 0, side - resized[1]))
        return Embedded(self.sam.image_encoder(padded), image.size, resized)

    def mask(
        self, picture: Embedded, clicks: Sequence[Click], box: Box | None = None, previous: Tensor | None = None
    ) -> Mask:
        """The mask that SAM thinks best for the prompts, of the picture's size.

        Of a single click's three masks it is the one of highest expected quality. A box may come without clicks;
        `previous` are a candidate's logits. EditError without a box and a click inside.
        """
        logits, quality = self._predict(picture, clicks, box, previous)
        return self._to_mask(logits[int(quality.argmax())], picture)

    def candidates(
        self, picture: Embedded, clicks: Sequence[Click], box: Box | None = None, previous: Tensor | None = None
    ) -> list[Candidate]:
        """Three masks for a single click, which may mean a part or the whole, else one; the best first.

        Prompts as for `mask`. Several clicks without box and previous mask have three with `always_three`.
        """
        logits, quality = self._predict(picture, clicks, box, previous)
        order = quality.argsort(descending=True).tolist()
        return [Candidate(self._to_mask(logits[i], picture), float(quality[i]), logits[i]) for i in order]

    @torch.no_grad()
    def _predict(
        self, picture: Embedded, clicks: Sequence[Click], box: Box | None, previous: Tensor | None
    ) -> tuple[Float[Tensor, "masks rows columns"], Float[Tensor, " masks"]]:
        if box is None and not any(click.inside for click in clicks):
            raise EditError("No click is inside the thing. Click on what you want to select.")
        if box is not None and not (box[0] < box[2] and box[1] < box[3]):
            raise EditError("The box is empty. Its left has to lie before its right, and its top above its bottom.")
        corners = [] if box is None else [box[:2], box[2:]]
        for x, y in [*((click.x, click.y) for click in clicks), *corners]:
            check_place(x, y, picture.size)
        use_threads(1, self._grid)
        sparse, dense = self.sam.prompt_encoder(
            points=self._points(picture, clicks) if clicks else None,
            boxes=None if box is None else self._scaled(picture, corners).reshape(1, 4),
            masks=None if previous is None else previous.to(self.device)[None, None],
        )
        masks, quality = self.sam.mask_decoder(
            image_embeddings=picture.features,
            image_pe=self.sam.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            # As the paper does (appendix A): more than one click leaves no doubt what is meant.
            multimask_output=(len(clicks) == 1 or self.always_three) and box is None and previous is None,
        )
        return masks[0], quality[0]

    def _points(self, picture: Embedded, clicks: Sequence[Click]) -> tuple[Tensor, Tensor]:
        labels = torch.tensor([int(click.inside) for click in clicks], device=self.device)
        return self._scaled(picture, [(click.x, click.y) for click in clicks])[None], labels[None]

    def _scaled(self, picture: Embedded, places: Sequence[tuple[float, float]]) -> Float[Tensor, "places 2"]:
        scale = [after / before for after, before in zip(picture.resized, picture.size, strict=True)]
        return torch.tensor([[x * scale[0], y * scale[1]] for x, y in places], device=self.device)

    @torch.no_grad()
    def _to_mask(self, logits: Float[Tensor, "rows columns"], picture: Embedded) -> Mask:
        side, (width, height) = self.sam.image_encoder.img_size, picture.resized
        whole = functional.interpolate(logits[None, None], (side, side), mode="bilinear", align_corners=False)
        part = whole[..., :height, :width]
        sized = functional.interpolate(part, picture.size[::-1], mode="bilinear", align_corners=False)
        return Mask((sized[0, 0] > self.sam.mask_threshold).float().cpu().numpy())


def read_click(text: str) -> Click:
    """A click from "X,Y", or "X,Y,-" for a place outside the thing; EditError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    try:
        if len(parts) not in (2, 3) or parts[2:] not in ([], ["+"], ["-"]):
            raise ValueError(text)
        return Click(float(parts[0]), float(parts[1]), inside=parts[2:] != ["-"])
    except ValueError:
        raise EditError(f"'{text}' is no click. Write X,Y for a place inside, X,Y,- for one outside.") from None


def read_clicks(text: str) -> tuple[Click, ...]:
    """The clicks from a text with one on each line; EditError if there is none, or one that is not readable."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise EditError("No place is typed. Write one X,Y on each line.")
    return tuple(read_click(line) for line in lines)
