"""How SpecRef is told and set: its parameters and presets. `bench/golden` maps the public code's names to these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from refedit.diffusion.alignment import Controller
from refedit.diffusion.inversion import EmptySubject, ReferenceAt
from refedit.imaging.masks import Resize
from refedit.methods.method import Fit, Input, Kind, Paste
from refedit.methods.parameters import Effect, parameter
from refedit.methods.specref_course_parameters import SpecRefCourse

Masks = Literal["both", "subject", "region", "none"]
Combine = Literal["painted", "both"]


@dataclass(frozen=True, kw_only=True)
class SpecRefParameters(SpecRefCourse):
    """One SpecRef edit's parameters; the defaults are the `recommended` preset.

    Where they are not the public code's they are our choice: trials on 24 development cases of the built-in model
    decided guidance, `unconditional`, `own_keys`, `reference_weight` and `fresh_noise`; gains that were no larger than
    their spread were not taken. Much fresh noise brings more of a pattern, and loses small faces.
    """

    name: ClassVar[str] = "specref"
    title: ClassVar[str] = "SpecRef"
    summary: ClassVar[str] = "Replace this thing by that one, shown in a reference picture."
    presets_help: ClassVar[str] = "recommended: our choice, by measurement. official: the public code's values."
    needs: ClassVar[frozenset[Input]] = frozenset({Input.SOURCE_PROMPT, Input.REFERENCE})

    @classmethod
    def presets(cls: type[Kind]) -> Mapping[str, Kind]:
        """`recommended` is this project's choice, `official` the public code's values."""
        return {"recommended": cls(), "official": cls(**OFFICIAL)}  # type: ignore[arg-type]

    controller: Controller = parameter(
        "auto",
        "Controller",
        "How prompts correspond: word by word (replace), by alignment (refine), or replace if word counts are equal.",
        effect=Effect.WORDS,
        plain="How the two sentences are matched",
    )
    exact_alignment: bool = parameter(
        True,
        "Exact alignment",
        "Pair later words rightly after a word replaced by more or fewer tokens (code: off).",
        effect=Effect.WORDS,
        plain="Match words after a longer one rightly",
    )
    reweight: str = parameter(
        "",
        "Reweight words",
        "Factors for words of the target prompt, as vase:2, red:0.5.",
        effect=Effect.WORDS,
        plain="Words that count more or less",
    )
    words: str = parameter(
        "",
        "Target words",
        "Words of the target prompt for the new thing; their attention finds the region. Empty: the changed words.",
        effect=Effect.WORDS,
        plain="Words for the new thing",
    )
    masks: Masks = parameter(
        "both",
        "SpecRef masks",
        "Which masks reference attention respects (code: both; the others are its ablations). A painted region always "
        "counts.",
        effect=Effect.PLACE,
        plain="Which selections count",
    )
    threshold: float = parameter(
        0.5,
        "Subject threshold",
        "From it on the resized subject counts as inside.",
        low=0,
        high=1,
        step=0.01,
        effect=Effect.PLACE,
        plain="How much of a cell what you take must cover",
    )
    region_threshold: float = parameter(
        0.5,
        "Region threshold",
        "From it on the words' map counts as inside (code: the subject's threshold).",
        low=0,
        high=1,
        step=0.01,
        effect=Effect.PLACE,
        plain="How sure a word must be of a place",
    )
    interpolation: Resize = parameter(
        "bilinear",
        "Mask resizing",
        "How masks are brought to attention sizes (code: nearest, in most cases bilinear).",
        effect=Effect.PLACE,
        plain="How selections are made coarser",
    )
    recent_maps: int = parameter(
        0,
        "Recent maps only",
        "Read the words' maps of this many last steps; 0 reads all (code: 0).",
        low=0,
        high=100,
        step=1,
        effect=Effect.PLACE,
        plain="How much of the past words remember",
    )
    combine: Combine = parameter(
        "painted",
        "Painted region",
        "A painted region replaces the words' region, or is intersected with it (both).",
        effect=Effect.PLACE,
        plain="Your selection and the words",
    )
    blend: bool = parameter(
        True,
        "Local blend",
        "Keep the source's latents outside the blend words' region.",
        effect=Effect.KEEP,
        plain="Keep everything else",
    )
    blend_start: float = parameter(
        0.2,
        "Blend from",
        "Part of the edit before blending (code: 0.2).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="When everything else begins to be kept",
    )
    blend_threshold: float = parameter(
        0.3,
        "Blend threshold",
        "Of the blend words' maps, as part of their maximum (code: 0.3).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.PLACE,
        plain="How far changed words reach",
    )
    blend_source_words: str = parameter(
        "",
        "Blend words, source",
        "Empty: the words of the source prompt that change; - for none.",
        effect=Effect.WORDS,
        plain="Words that change, now",
    )
    blend_words: str = parameter(
        "",
        "Blend words, target",
        "Empty: the target words; - for none.",
        effect=Effect.WORDS,
        plain="Words that change, wanted",
    )
    stay_source_words: str = parameter(
        "",
        "Words that stay, source",
        "Local blend never edits their region, painted or not (code: substruct_words).",
        effect=Effect.WORDS,
        plain="Words that must stay, now",
    )
    stay_words: str = parameter(
        "",
        "Words that stay, target",
        "The same in the target prompt.",
        effect=Effect.WORDS,
        plain="Words that must stay, wanted",
    )
    stay_threshold: float = parameter(
        0.3,
        "Threshold of words that stay",
        "Of the maps of words that stay, as part of their maximum (code: 0.3).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.PLACE,
        plain="How far words that stay reach",
    )
    pivot_blend: bool = parameter(
        True,
        "Blend with the inversion",
        "Blend with the exact source latents instead of a guided step from them (code: off).",
        effect=Effect.KEEP,
        plain="Keep everything else exactly",
    )
    shared_mask: bool = parameter(
        False,
        "One mask",
        "Blend with the region of reference attention instead of a mask of its own (code: off).",
        effect=Effect.PLACE,
        plain="One place for all",
    )
    unconditional: float = parameter(
        0.5,
        "Reference without text",
        "How much of the reference the unconditional row sees (code: 0); more is calmer.",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.REFERENCE,
        plain="How calm it becomes",
    )
    own_keys: bool = parameter(
        True,
        "Own keys too",
        "Let the region attend to itself beside the reference instead of only to it (code: off).",
        effect=Effect.REFERENCE,
        plain="Let the place see itself, too",
    )
    reference_weight: float = parameter(
        3.0,
        "Weight of the reference",
        "What the reference's keys count beside own keys, where those are on: 1 as much, 3 three times as much "
        "(0.01 to 100).",
        low=0.01,
        high=100,
        step=0.01,
        effect=Effect.REFERENCE,
        plain="How much the other picture counts",
    )
    reference_at: ReferenceAt = parameter(
        "inversion",
        "Reference latents",
        "From its inversion, one step cleaner than the timestep (code), of the timestep itself, or with noise added.",
        effect=Effect.REFERENCE,
        plain="How the other picture is seen",
    )
    fresh_noise: float = parameter(
        0.3,
        "Fresh noise",
        "How much of the inverted noise gives way to new noise inside a painted region, so that the source's colours "
        "are let go (our choice; code: 0).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.CHANGE,
        plain="How far old colours are let go",
    )
    seed: int = parameter(
        0,
        "Noise seed",
        "Of fresh noise, which is inside a painted region only, and of the noised reference; nothing else is random.",
        low=0,
        high=2**31 - 1,
        step=1,
        effect=Effect.CHANGE,
        plain="Chance",
    )
    empty_subject: EmptySubject = parameter(
        "error",
        "Vanished subject",
        "If no token of the subject is left: say so, average the whole reference (code), or skip.",
        effect=Effect.REFERENCE,
        plain="If nothing of what you take is left",
    )
    plain_ground: bool = parameter(
        True,
        "Plain ground",
        "What is not the subject of the reference takes the source's mean colour, so that it can decide nothing "
        "(our choice; code: off).",
        effect=Effect.REFERENCE,
        plain="Ignore what is round the thing in the other picture",
        legacy_default=False,
    )
    align_reference: bool = parameter(
        False,
        "Align reference",
        "Crop and scale the reference so that its subject's box fits the painted region's.",
        effect=Effect.REFERENCE,
        plain="Move what you take to its new place",
    )
    paste: Paste = parameter(
        "mask",
        "Paste back",
        "Where nothing is painted: what the words' mask allows, with a soft edge, or the whole edited square (code). "
        "A painted region always decides; outside it nothing changes.",
        effect=Effect.PLACE,
        plain="What is put back",
    )
    fit: Fit = parameter(
        "aspect",
        "Picture fitting",
        "Crop a square and keep the aspect, or stretch by nearest neighbour (code).",
        effect=Effect.PLACE,
        plain="How pictures become square",
    )


OFFICIAL = {
    "steps": 50,
    "guidance": 7.5,
    "unconditional": 0.0,
    "own_keys": False,
    "other_kind": "same layout",
    "plain_ground": False,
    "fresh_noise": 0.0,
    "interpolation": "nearest",
    "exact_alignment": False,
    "controller": "replace",
    "pivot_blend": False,
    "empty_subject": "average",
    "paste": "square",
    "fit": "stretch",
}
"""Where the public code (commit 25ad797, `aspecp2p.py`) differs from the defaults above."""
