"""Which words' maps one SpecRef edit reads, and whether words decide at all."""

from torch import Tensor

from refedit.diffusion.ddim import Denoiser
from refedit.diffusion.words import changed_words, split_words, word_weights
from refedit.errors import EditError
from refedit.methods.specref_parameters import SpecRefParameters
from refedit.methods.task import Task


def read_words(method: SpecRefParameters, model: Denoiser, task: Task) -> dict[str, tuple[str, Tensor]]:
    """The word maps that this edit reads, by name, as (row, weight per token)."""
    named = {} if only_painted(method, task) else _region_words(method, task)
    if method.blend:
        named["stay source"] = ("source", split_words(method.stay_source_words))
        named["stay target"] = ("target", split_words(method.stay_words))
    prompts = {"source": task.source_prompt, "target": task.prompt}
    return {
        name: (row, word_weights(prompts[row], words, model.tokens, model.token_count).to(model.device))
        for name, (row, words) in named.items()
        if words
    }


def _region_words(method: SpecRefParameters, task: Task) -> dict[str, tuple[str, tuple[str, ...]]]:
    """The words that say where to edit, by the name of their map, as (row, words)."""
    target = split_words(method.words) or changed_words(task.prompt, task.source_prompt)
    if not target:
        raise EditError("The target prompt has no new word. Change one, name the target words, or paint the region.")
    wanted = {"target": ("target", target)} if task.reference is not None or method.shared_mask else {}
    if method.blend and not method.shared_mask:
        source = _chosen(method.blend_source_words, changed_words(task.source_prompt, task.prompt))
        wanted["blend source"] = ("source", source)
        wanted["blend target"] = ("target", _chosen(method.blend_words, target))
    return wanted


def only_painted(method: SpecRefParameters, task: Task) -> bool:
    """True if the painted region takes the words' place."""
    return task.region is not None and method.combine == "painted"


def _chosen(words: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    return split_words(words) if words.strip() else otherwise
