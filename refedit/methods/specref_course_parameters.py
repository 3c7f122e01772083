"""The course of a SpecRef edit: its steps, how strongly the prompt guides them, and in which of them what acts."""

from dataclasses import dataclass
from typing import Literal

from refedit.methods.method import Method
from refedit.methods.parameters import Effect, parameter

OtherKind = Literal["new layout", "same layout"]


@dataclass(frozen=True, kw_only=True)
class SpecRefCourse(Method):
    """The part of SpecRef's parameters that says when; a window is a part of all steps, 0 to 1.

    Two windows open the reference, in steps and in layers; two hold the source, by self- and by cross-attention.
    """

    steps: int = parameter(
        20,
        "Steps",
        "DDIM steps of inversion and edit (paper's code: 50).",
        low=1,
        high=100,
        step=1,
        effect=Effect.EFFORT,
        plain="How often it is refined",
    )
    guidance: float = parameter(
        3.0,
        "Guidance",
        "How strongly the target prompt acts (code: 7.5).",
        low=1,
        high=20,
        step=0.5,
        effect=Effect.CHANGE,
        plain="How strongly the new sentence acts",
        strength=True,
    )
    reference_steps_start: float = parameter(
        0.08,
        "Reference from",
        "Part of the edit before reference attention (code: 4 of 50).",
        low=0,
        high=1,
        step=0.02,
        effect=Effect.REFERENCE,
        plain="When the other picture begins to act",
    )
    reference_steps_end: float = parameter(
        1.0,
        "Reference until",
        "Part of the edit after which it stops (code: the end).",
        low=0,
        high=1,
        step=0.02,
        effect=Effect.REFERENCE,
        plain="When the other picture stops acting",
    )
    reference_sites_start: float = parameter(
        0.625,
        "First reference layer",
        "As part of the self-attention layers in forward order (code: layer 10 of 16).",
        low=0,
        high=1,
        step=0.0625,
        effect=Effect.REFERENCE,
        plain="From which fineness it acts",
    )
    reference_sites_end: float = parameter(
        1.0,
        "End of reference layers",
        "As part of the layers (code: 16 of 16).",
        low=0,
        high=1,
        step=0.0625,
        effect=Effect.REFERENCE,
        plain="Up to which fineness it acts",
    )
    self_replace: float = parameter(
        0.6,
        "Keep layout until",
        "Part of the edit in which self-attention maps of the source are kept (prompt-to-prompt, code: 0.6).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="How long shapes are kept",
    )
    self_replace_start: float = parameter(
        0.0,
        "Keep layout from",
        "Part of the edit before which the source's self-attention maps are not used yet (code: 0).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="When shapes begin to be kept",
    )
    cross_replace: float = parameter(
        0.8,
        "Keep word places until",
        "Part of the edit in which words act where the source's words do (prompt-to-prompt, code: 0.8).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="How long things keep their places",
    )
    cross_replace_start: float = parameter(
        0.0,
        "Keep word places from",
        "Part of the edit before which words act where they like (code: 0).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="When things begin to keep their places",
    )
    other_kind: OtherKind = parameter(
        "new layout",
        "If the kind changes",
        "Where the target prompt names another thing, let go of the source's layout and word places (our choice: the "
        "old outline and a haze of the old thing go), or keep them as for the same kind (code).",
        effect=Effect.KEEP,
        plain="If it becomes another kind of thing",
        legacy_default="same layout",
    )
    word_cross_replace: str = parameter(
        "",
        "Word places of single words",
        "Parts of the edit for single words of the target, as dog:0-0.4, red:0.2.",
        effect=Effect.WORDS,
        plain="How long single things keep their places",
    )
