"""Where a word is in a picture, by what the model attends to while it inverts the picture; and whether it is there.

For SpecRef's open question how masks are made without a human. Any backbone will do; `segment/heat.py` makes a mask
of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from refedit.diffusion.attention import Heads, KeyHeads, Site, attend, attention_map, grid_of
from refedit.diffusion.backbone import Backbone, TextEmbedding
from refedit.diffusion.ddim import Latents, move
from refedit.diffusion.words import find_word
from refedit.editing.request import check_sentence
from refedit.editing.service import Located
from refedit.errors import EditError
from refedit.imaging.images import to_tensor
from refedit.imaging.masks import at_grid
from refedit.imaging.squares import Square

STEPS, READ = 20, 10
"""The steps of the inversion, and how many of them, from the clean picture on, are read (our choice)."""
LEVELS = (0.2, 0.35, 0.5, 0.65, 0.8)
"""The noise levels, as parts of the training's, at which the word is weighed (our choice)."""
THERE = -0.04
"""The gain from which on a word counts as there (our choice; on 60 unseen drawings all 58 words that were there passed,
and 3 of 60 that were not)."""


def locate(model: Backbone, picture: Image.Image, word: str, sentence: str = "") -> Located:
    """Where a word's thing is in a picture, and whether it seems to be there.

    `sentence` describes the picture; without one, or without the word in it, it is "a WORD". Raises EditError if the
    model does not know the word.
    """
    for asked in (word, sentence):
        check_sentence(asked)
    text, tokens = _asked(model, word, sentence)
    side = max(picture.size)
    square = Square((picture.width - side) / 2, (picture.height - side) / 2, side)  # all of it
    latents = model.encode(to_tensor(square.cut(picture, model.size)))
    heat = _heat(model, latents, text, tokens)
    levels = Image.fromarray((heat * 255).round().to(torch.uint8).cpu().numpy(), "L")
    return Located(
        heat=square.place(levels.resize((model.size, model.size), Image.Resampling.BICUBIC), picture.size),
        there=_gain(model, latents, text, heat) >= THERE,
    )


def _asked(model: Backbone, word: str, sentence: str) -> tuple[str, list[int]]:
    """The sentence as the model reads it, and the tokens of the word in it."""
    if not word.strip():
        raise EditError("There is no word to look for. Name the thing by one word.")
    read = model.read(f"a {word.strip()}")
    if read.left_out:
        left = read.left_out[0]
        offer = f" Did you mean '{left.nearest}'?" if left.nearest else ""
        raise EditError(f"The model does not know '{left.word[:60]}' here.{offer} Name the thing by one word.")
    article = next((start for start in ("a ", "an ") if read.text.startswith(start)), "")
    named = read.text.removeprefix(article)
    if not article or not named.strip():
        raise EditError(f"'{word[:60]}' is no thing that could be selected. Name a thing by one word.")
    for text in (model.read(sentence).text, read.text):
        tokens = find_word(text, named, model.tokens)
        if tokens:
            return text, list(tokens)
    raise EditError(f"The model reads '{word[:60]}' as several things. Name one thing by one word.")


@dataclass(frozen=True)
class _Reading:
    """A control that changes nothing and keeps where the tokens are attended to, at one grid."""

    tokens: Sequence[int]
    grid: int
    maps: list[Float[Tensor, "grid grid"]] = field(default_factory=list)

    def __call__(self, site: Site, q: Heads, k: KeyHeads, v: KeyHeads) -> Heads:
        if site.kind == "cross" and grid_of(q) == self.grid:
            seen = attention_map(q, k)[0].mean(0)[:, list(self.tokens)].mean(1)
            self.maps.append(seen.unflatten(0, (self.grid, self.grid)))
        return attend(q, k, v)


@torch.no_grad()
def _heat(model: Backbone, latents: Latents, text: str, tokens: list[int]) -> Float[Tensor, "grid grid"]:
    """The word's cross-attention while the latents are inverted, from 0 to 1."""
    reading, schedule = _Reading(tokens, model.word_grid), model.schedule(STEPS)
    embedded, z = model.embed(text), latents
    for step in reversed(range(len(schedule) - READ, len(schedule))):
        eps = model.predict_noise(z, schedule.timesteps[step], embedded, reading)
        z = move(z, eps, schedule.alpha_bars[step + 1], schedule.alpha_bars[step])
    heat = torch.stack(reading.maps).mean(0)
    return (heat - heat.min()) / (heat.max() - heat.min()).clamp(min=1e-9)


@torch.no_grad()
def _gain(model: Backbone, latents: Latents, text: str, heat: Float[Tensor, "grid grid"]) -> float:
    """How much better the noise is told with the text than without, where the heat is, as a part of the error.

    Diffusion models classify so (arXiv:2303.16203): what is in a picture explains it.
    """
    texts, gains = TextEmbedding.cat([model.embed(""), model.embed(text)]), []
    where = at_grid(heat, model.latent_grid, "bilinear", 0.4)
    steps = model.schedule(100).timesteps  # from the noisiest on
    for seed, level in enumerate(LEVELS):
        timestep = steps[round((1 - level) * (len(steps) - 1))]
        noise = torch.randn(latents.shape, generator=torch.Generator().manual_seed(seed)).to(latents)
        kept = model.alpha_bar(timestep)
        states = move(latents, noise, 1.0, kept)
        error = (model.predict_noise(states.expand(2, -1, -1, -1), timestep, texts) - noise).square().mean(1)
        without, with_text = (error * where).sum((1, 2)).tolist()
        gains.append((without - with_text) / max(without, 1e-9))
    return sum(gains) / len(gains)
