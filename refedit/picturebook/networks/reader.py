"""Reads drawings: what is in them by the world's own words, how well they match a text, how far apart they look.

Knows nothing about edits or training.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional
from transformers import CLIPTokenizer

from refedit.picturebook.networks.clip import PictureBookClip, load_clip
from refedit.picturebook.world.scene import poses_of

Pictures = Float[Tensor, "rows 3 side side"]


class Reader:
    """The built-in CLIP and its readers, loaded and frozen.

    Pictures are square, in [-1, 1], of any side; they are resized to the network's. The readers read the main
    subject of pictures with one subject: a picture with two does not tell which of them is the main one.
    """

    def __init__(self, network: PictureBookClip, tokenizer: CLIPTokenizer, device: torch.device) -> None:
        self.network = network.requires_grad_(False).eval().to(device)
        self.tokenizer, self.device = tokenizer, device
        self.names: dict[str, tuple[str, ...]] = network.names

    @classmethod
    def load(cls, folder: Path, device: torch.device) -> "Reader":
        """The reader in a model folder (from its `clip`); EditError if the model has none."""
        network, tokenizer = load_clip(folder)
        return cls(network, tokenizer, device)

    def read(self, pictures: Pictures) -> dict[str, list[str]]:
        """The most likely word of every factor for every row; the pose is one that the kind read has, "" for things."""
        chances = self.probabilities(pictures)
        return {name: [self.names[name][place] for place in rows.argmax(1)] for name, rows in chances.items()}

    @torch.no_grad()
    def probabilities(self, pictures: Pictures) -> dict[str, Float[Tensor, "rows _words"]]:
        """How likely every word of `names` is, by factor, on the CPU; poses that the likeliest kind lacks have 0."""
        logits = self.network.read(self.network.look(self._resized(pictures)))
        kinds = [self.names["kind"][place] for place in logits["kind"].argmax(1)]
        possible = torch.tensor([[pose in poses_of(kind) for pose in self.names["pose"]] for kind in kinds])
        logits["pose"] = logits["pose"].masked_fill(~possible.to(self.device), -torch.inf)
        return {name: rows.float().softmax(1).cpu() for name, rows in logits.items()}

    @torch.no_grad()
    def score(self, pictures: Pictures, texts: Sequence[str]) -> Float[Tensor, " rows"]:
        """The cosine similarity of every picture with the text of its row, on the CPU."""
        if len(texts) != len(pictures):
            raise ValueError(f"every picture needs a text: expected {len(pictures)}, got {len(texts)}")
        tokens = self.tokenizer(list(texts), padding="max_length", truncation=True, return_tensors="pt").input_ids
        seen = self.network.embed_pictures(self.network.look(self._resized(pictures)))
        return (seen * self.network.embed_texts(tokens.to(self.device))).sum(1).cpu()

    @torch.no_grad()
    def features(self, pictures: Pictures) -> list[Float[Tensor, "rows channels height width"]]:
        """Maps of what the picture tower sees, fine to coarse, of unit length at every place."""
        return [functional.normalize(plane.float(), dim=1) for plane in self.network.look(self._resized(pictures)).maps]

    def distance(self, first: Pictures, second: Pictures) -> Float[Tensor, " rows"]:
        """How different pictures look, row by row, on the CPU: 0 for equal ones, at most 4.

        The squared difference of `features` at every place, averaged over places and maps (LPIPS, arXiv:1801.03924,
        on our own network and without its fitted weights).
        """
        pairs = zip(self.features(first), self.features(second), strict=True)
        return torch.stack([(a - b).square().sum(1).mean((1, 2)) for a, b in pairs]).mean(0).cpu()

    def _resized(self, pictures: Pictures) -> Float[Tensor, "rows 3 own own"]:
        side = self.network.pixels
        pictures = pictures.to(self.device, torch.float32)
        if pictures.shape[-1] == side:
            return pictures
        return functional.interpolate(pictures, (side, side), mode="bilinear", antialias=True, align_corners=False)
