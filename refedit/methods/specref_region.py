"""Where SpecRef edits: mask_t of its equation, and the words whose attention says it, or the user's mask."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from refedit.diffusion.word_maps import WordMap, WordMaps
from refedit.diffusion.words import changed_words, split_words
from refedit.errors import EditError
from refedit.imaging.masks import Resize, at_grid
from refedit.methods.method import Task
from refedit.methods.specref_parameters import Combine, SpecRefParameters


@dataclass(frozen=True, kw_only=True)
class EditRegion:
    """mask_t: where the reference acts, as a binary mask at any attention grid.

    Without a `painted` mask (1 inside) the word map EDITED decides: min-max normalised, resized with `mode` and cut at
    `threshold` (code: maskhalf.py, aggregate_cross_attn_map and deal_mask); `everywhere` puts 1 in its place. With a
    painted one, `combine` says whether it replaces the words' mask or is intersected with it.

    A painted mask never changes, so it is brought to a grid, and its places are found, once: finding them waits for a
    GPU.
    """

    maps: WordMaps
    painted: Float[Tensor, "side side"] | None
    combine: Combine
    threshold: float
    mode: Resize
    everywhere: bool
    _painted: dict[int, Tensor] = field(default_factory=dict, repr=False)
    _places: dict[int, Tensor] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, method: SpecRefParameters, task: Task, maps: WordMaps) -> "EditRegion":
        return cls(
            maps=maps,
            painted=task.region,
            combine=method.combine,
            threshold=method.region_threshold,
            mode=method.interpolation,
            everywhere=method.masks in ("subject", "none"),
        )

    @property
    def is_painted(self) -> bool:
        """True if the painted mask alone decides."""
        return self.painted is not None and self.combine == "painted"

    def at(self, grid: int) -> Float[Tensor, "grid grid"]:
        if self.is_painted:
            return self.painted_at(grid)
        words = self._words_at(grid)
        return words if self.painted is None else words * self.painted_at(grid)

    def painted_at(self, grid: int) -> Float[Tensor, "grid grid"]:
        """The user's mask: a token is inside if a quarter of it is (our choice: thin strokes survive)."""
        assert self.painted is not None
        if grid not in self._painted:
            mask = at_grid(self.painted, grid, "area", 0.25)
            if not bool(mask.any()):
                raise EditError("The painted region is too small for this model to see. Paint a larger one.")
            self._painted[grid] = mask
        return self._painted[grid]

    def painted_places(self, grid: int) -> Int[Tensor, " places"]:
        """The positions of an attention grid that are inside the painted mask."""
        if grid not in self._places:
            self._places[grid] = self.painted_at(grid).flatten().nonzero()[:, 0]
        return self._places[grid]

    def _words_at(self, grid: int) -> Float[Tensor, "grid grid"]:
        words = self.words()
        if self.everywhere or words is None:
            return torch.ones(grid, grid, device=self.maps.device)
        return at_grid(words, grid, self.mode, self.threshold)

    def words(self) -> Float[Tensor, "word_grid word_grid"] | None:
        """The words' map in 0..1, all 0 where it is constant; None before anything was recorded."""
        total = self.maps.total(WordMap.EDITED)
        if total is None:
            return None
        low, high = total.min(), total.max()
        return torch.where(high > low, (total - low) / (high - low), torch.zeros_like(total))


def only_painted(method: SpecRefParameters, task: Task) -> bool:
    """True if the painted region takes the words' place."""
    return task.region is not None and method.combine == "painted"


def words_to_read(method: SpecRefParameters, task: Task) -> dict[WordMap, tuple[str, ...]]:
    """The words of the maps that this edit reads; EditError if words are to say where to edit, and none does."""
    words = {} if only_painted(method, task) else _words_of_the_edit(method, task)
    if method.blend:
        words[WordMap.STAY_SOURCE] = split_words(method.stay_source_words)
        words[WordMap.STAY_TARGET] = split_words(method.stay_words)
    return {name: named for name, named in words.items() if named}


def _words_of_the_edit(method: SpecRefParameters, task: Task) -> dict[WordMap, tuple[str, ...]]:
    """The words that say where to edit: those named, else those in which the prompts differ."""
    target = split_words(method.words) or changed_words(task.prompt, task.source_prompt)
    if not target:
        raise EditError("The target prompt has no new word. Change one, name the target words, or paint the region.")
    words: dict[WordMap, tuple[str, ...]] = {}
    if task.reference is not None or method.shared_mask:
        words[WordMap.EDITED] = target
    if method.blend and not method.shared_mask:
        source = changed_words(task.source_prompt, task.prompt)
        words[WordMap.BLEND_SOURCE] = _chosen(method.blend_source_words, source)
        words[WordMap.BLEND_TARGET] = _chosen(method.blend_words, target)
    return words


def _chosen(words: str, fallback: tuple[str, ...]) -> tuple[str, ...]:
    return split_words(words) if words.strip() else fallback
