"""Configurations of SpecRef's public code: what its parameter names mean here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from refedit.diffusion.backbone import Denoiser
from refedit.diffusion.words import find_word
from refedit.methods import Input, SpecRef, with_values

MASK_TYPES = {0: "both", 1: "subject", 2: "region"}


def known_words_only(config: dict[str, Any], model: Denoiser) -> dict[str, Any]:
    """Without the words that their prompt lacks: the public code looks them up, finds nothing, and goes on."""
    prompts = config.get("source_prompt", ""), config.get("target_prompt", "")

    def known(words: Any, prompt: str) -> list[str]:
        return [word for word in _listed(words) if find_word(prompt, word, model.tokens)]

    changes: dict[str, Any] = {
        name: [known(words, prompt) for words, prompt in zip(config[name], prompts, strict=True)]
        for name in ("blend_word", "substruct_words")
        if config.get(name)
    }
    if config.get("eq_params"):
        values = zip(_listed(config["eq_params"]["words"]), config["eq_params"]["values"], strict=True)
        kept = [(word, value) for word, value in values if known(word, prompts[1])]
        changes["eq_params"] = {"words": [word for word, _ in kept], "values": [value for _, value in kept]}
    cross = config.get("cross_replace_steps")
    if isinstance(cross, Mapping):
        kept_cross = {word: value for word, value in cross.items() if word == "default_" or known(word, prompts[1])}
        changes["cross_replace_steps"] = kept_cross
    return {**config, **changes}


@dataclass(frozen=True, kw_only=True)
class WithoutReference(SpecRef):
    """The public code with `specref` false: plain prompt-to-prompt."""

    needs: ClassVar[frozenset[Input]] = frozenset({Input.SOURCE_PROMPT})


def specref_of(config: Mapping[str, Any]) -> SpecRef:
    """The method that a configuration of SpecRef's public code describes; missing entries keep its defaults."""
    steps = int(config.get("num_steps", 50))
    settings: dict[str, Any] = {
        "steps": steps,
        "guidance": config.get("guidance", 7.5),
        **_reference(config, steps),
        **_replacement(config),
        "controller": "replace" if config.get("is_replace", True) else "refine",
        "words": ", ".join(config.get("target_words", ())),
        "masks": MASK_TYPES.get(config.get("spec_mask_type", 0), "none"),
        "threshold": config.get("thres", 0.5),
        "region_threshold": config.get("thres", 0.5),
        "interpolation": config.get("polatemode", "nearest"),
        "reweight": _reweight(config.get("eq_params")),
        **_blend(config, steps),
    }
    kind = SpecRef if config.get("specref", True) else WithoutReference
    return with_values(kind.presets()["official"], settings)


def _reference(config: Mapping[str, Any], steps: int) -> dict[str, float]:
    """When and where the reference is attended to; the code counts steps, and layers of 16."""
    first, last = config.get("speckv_step", (4, steps))
    low, high = config.get("speckv_layer", (10, 16))
    return {
        "reference_steps_start": min(first, steps) / steps,
        "reference_steps_end": min(last, steps) / steps,
        "reference_sites_start": low / 16,
        "reference_sites_end": high / 16,
    }


def _replacement(config: Mapping[str, Any]) -> dict[str, Any]:
    """How long prompt-to-prompt replaces maps, of all words and of single ones."""
    entry = config.get("cross_replace_steps", 0.8)
    cross = dict(entry) if isinstance(entry, Mapping) else {"default_": entry}
    cross_start, cross_end = _window(cross.pop("default_", (0.0, 1.0)))
    self_start, self_end = _window(config.get("self_replace_steps", 0.6))
    words = (f"{word}:{'-'.join(map(str, _window(value)))}" for word, value in cross.items())
    return {
        "cross_replace_start": cross_start,
        "cross_replace": cross_end,
        "word_cross_replace": ", ".join(words),
        "self_replace_start": self_start,
        "self_replace": self_end,
    }


def _blend(config: Mapping[str, Any], steps: int) -> dict[str, Any]:
    """Local blend: whether, from when on, with which thresholds, for and against which words."""
    blend, (threshold, stay_threshold) = config.get("blend_word"), config.get("th", (0.3, 0.3))
    return {
        "blend": blend is not None,
        "blend_start": _blend_start(config.get("start_blend", 0.2), steps),
        "blend_threshold": threshold,
        "stay_threshold": stay_threshold,
        **_pair("blend_source_words", "blend_words", blend),
        **_pair("stay_source_words", "stay_words", config.get("substruct_words")),
    }


def _window(value: Any) -> tuple[float, float]:
    return (0.0, float(value)) if isinstance(value, int | float) else (float(value[0]), float(value[1]))


def _reweight(parameters: Mapping[str, Any] | None) -> str:
    if not parameters:
        return ""
    pairs = zip(_listed(parameters["words"]), parameters["values"], strict=True)
    return ", ".join(f"{word}:{value}" for word, value in pairs)


def _blend_start(value: float, steps: int) -> float:
    """The code's parameter is a fraction; a whole number counts steps. Half a step more survives cutting down."""
    return value if isinstance(value, float) else min((value + 0.5) / steps, 1.0)


def _listed(words: Any) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def _pair(source: str, target: str, words: Any) -> dict[str, str]:
    """Words of the source and the target; "-" where there are none, so that no default takes their place."""
    lists = [_listed(entry) for entry in words] if words else [[], []]
    return {name: ", ".join(entries) or "-" for name, entries in zip((source, target), lists, strict=True)}
