"""How BARET is told and set. The paper's own values are not public; what it states is named in each help text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from refedit.methods.method import Kind, Method
from refedit.methods.parameters import Effect, parameter

EtaSchedule = Literal["constant", "rising", "falling"]
FinalText = Literal["target", "transition"]
InversionPrompt = Literal["target", "empty"]
Redraws = Literal["fitted text", "inversion"]
InitialText = Literal["target", "closed form", "empty"]


@dataclass(frozen=True, kw_only=True)
class BaretParameters(Method):
    """One BARET edit's parameters; the defaults are the `non-rigid` preset.

    Guidance, eta and its schedule, the injection steps, both texts of the inversions and the text of the edit are our
    choice, by trials on 16 to 24 development cases of the built-in model. Meeting the reconstruction's keys and values
    did most to keep who it is, once the reconstruction was near the source, as it is where all begins with the empty
    text.
    """

    name: ClassVar[str] = "baret"
    title: ClassVar[str] = "BARET"
    room: ClassVar[float] = 0.12
    """Things move (our choice: on 8 development cases of new poses the distance to the truth was 0.575, 0.454, 0.401,
    0.374 with 0, 0.04, 0.08 and 0.12, and 0.354 with the true mask)."""
    summary: ClassVar[str] = (
        "Change the picture by a sentence: pose, shape or expression. "
        "The preset rigid is for colour, background and style."
    )
    presets_help: ClassVar[str] = (
        "non-rigid: pose and shape, keeps the look. rigid: colour, background, style. "
        "published: non-rigid with the paper's parts only. quick: non-rigid without the fit, in half the time."
    )

    @classmethod
    def presets(cls: type[Kind]) -> Mapping[str, Kind]:
        """`non-rigid` for pose and shape, `rigid` for style, colour and background: the paper treats them apart.

        `published` is for poses and shapes, too, with the paper's parts and none added; `quick` is non-rigid without
        the paper's fit.
        """
        changes = {"non-rigid": {}, "rigid": RIGID, "published": PUBLISHED, "quick": QUICK}
        return {name: cls(**change) for name, change in changes.items()}  # type: ignore[arg-type]

    steps: int = parameter(
        20,
        "Steps",
        "DDIM steps of inversion, text inversion and edit.",
        low=1,
        high=100,
        step=1,
        effect=Effect.EFFORT,
        plain="How often it is refined",
    )
    guidance: float = parameter(
        3.0,
        "Guidance",
        "Of text inversion and edit (paper: 7.5).",
        low=1,
        high=20,
        step=0.5,
        effect=Effect.CHANGE,
        plain="How strongly the sentence acts",
    )
    inner_steps: int = parameter(
        2,
        "Inner steps",
        "Optimisation steps per DDIM step at most (our choice).",
        low=0,
        high=50,
        step=1,
        effect=Effect.EFFORT,
        plain="How well the picture is learnt",
    )
    eta: float = parameter(
        0.85,
        "Eta",
        "Most of the target text in the transition embedding: 0 is the source, 1 the target sentence (our choice).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.CHANGE,
        plain="How far it goes",
        strength=True,
    )
    eta_schedule: EtaSchedule = parameter(
        "constant",
        "Eta over time",
        "The paper says linear and progressive, as rising is; constant did better for poses (our choice).",
        effect=Effect.CHANGE,
        plain="How it goes there",
    )
    self_steps: float = parameter(
        0.15,
        "Keep layout until",
        "Part of the edit in which the reconstruction's self-attention maps are used (the paper's injection step); "
        "where keeping appearance has begun, only below its first layer.",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="How long shapes are kept",
    )
    cross_steps: float = parameter(
        0.4,
        "Follow the transition until",
        "Part of the edit in which the transition's cross-attention maps are used (the paper's injection step).",
        low=0,
        high=1,
        step=0.05,
        effect=Effect.KEEP,
        plain="How long places are eased over",
    )
    self_grid: float = parameter(
        0.5,
        "Finest layout grid",
        "Largest self-attention grid that is used, as part of the latents' (our choice).",
        low=0,
        high=1,
        step=0.125,
        effect=Effect.KEEP,
        plain="How fine shapes are kept",
    )
    appearance_start: float = parameter(
        0.08,
        "Keep appearance from",
        "Part of the edit from which its queries meet the reconstruction's keys and values (our addition, as in "
        "MasaCtrl: step 4 of 50; 1: never, as in the paper).",
        low=0,
        high=1,
        step=0.02,
        legacy_default=1.0,
        effect=Effect.KEEP,
        plain="When the look begins to be kept",
    )
    appearance_sites_start: float = parameter(
        0.625,
        "First appearance layer",
        "As part of the self-attention layers in forward order (MasaCtrl: layer 10 of 16).",
        low=0,
        high=0.9375,
        step=0.0625,
        effect=Effect.KEEP,
        plain="How fine the look is kept",
    )
    final_text: FinalText = parameter(
        "target",
        "Text of the edit",
        "What the edit is drawn from: the target sentence, or the transition embedding (not public; our choice).",
        effect=Effect.WORDS,
        plain="What is drawn at last",
    )
    transition_layout: bool = parameter(
        False,
        "Layout for the transition",
        "The transition follows the reconstruction's self-attention too (our choice: off).",
        effect=Effect.KEEP,
        plain="Ease shapes over, too",
    )
    inversion_prompt: InversionPrompt = parameter(
        "empty",
        "Inversion prompt",
        "Text of the DDIM inversion that gives the pivots (not public; our choice: empty).",
        effect=Effect.WORDS,
        plain="What the picture is read with",
    )
    initial_text: InitialText = parameter(
        "empty",
        "First embedding",
        "The target text (paper), the empty text, which suits an empty inversion prompt (our choice), or empty + "
        "(target - empty) / guidance, which suits the target's to first order.",
        effect=Effect.WORDS,
        plain="Where learning begins",
    )
    rate: float = parameter(
        0.01,
        "Learning rate",
        "Of Adam (null-text inversion: 0.01).",
        low=0,
        high=1,
        step=0.001,
        effect=Effect.EFFORT,
        plain="How fast it learns",
    )
    redraws: Redraws = parameter(
        "fitted text",
        "Reconstruction",
        "What redraws the source beside the edit: the fitted text (paper), or its inversion itself, without any fit "
        "(our choice in quick: half the time).",
        legacy_default="fitted text",
        effect=Effect.EFFORT,
        plain="How the old picture is remembered",
    )
    decay: float = parameter(
        0.01,
        "Learning rate decay",
        "Part of it that every step loses (null-text: 0.01).",
        low=0,
        high=0.05,
        step=0.001,
        effect=Effect.EFFORT,
        plain="How learning slows down",
    )
    stop: float = parameter(
        1e-5,
        "Stop below",
        "Loss at which the first step stops (null-text inversion: 1e-5).",
        low=0,
        high=1,
        step=1e-6,
        effect=Effect.EFFORT,
        plain="When it has learnt enough",
    )
    stop_growth: float = parameter(
        2e-5,
        "Stop growth",
        "Added to it at every step (null-text: 2e-5).",
        low=0,
        high=1,
        step=1e-6,
        effect=Effect.EFFORT,
        plain="How that is eased",
    )
    carry_over: bool = parameter(
        True,
        "Carry over",
        "A step starts from the embedding of the step before.",
        effect=Effect.EFFORT,
        plain="Go on from the step before",
    )


RIGID = {
    "eta": 1.0,
    "eta_schedule": "rising",
    "self_steps": 0.3,
    "cross_steps": 0.9,
    "appearance_start": 1.0,
    "initial_text": "target",
}
"""Style, colour, background: what differs from the defaults (our choice, by trials on 24 development cases).

Inverting with the empty text did most: an inversion with the target's puts into the noise what that text does not
explain, the old background. The source's look is what such an edit changes, so it is not looked up.
"""

QUICK = {"redraws": "inversion"}
"""Poses and shapes without the paper's target-text inversion: what differs from the defaults."""

PUBLISHED = {
    "guidance": 4.0,
    "eta": 0.7,
    "self_steps": 0.7,
    "cross_steps": 0.9,
    "appearance_start": 1.0,
    "final_text": "transition",
    "inversion_prompt": "target",
    "initial_text": "target",
}
"""Poses and shapes with the paper's parts and none added: what differs from the defaults.

Guidance 4, a constant eta and the transition as the text of the edit are our choice here, too; the paper has guidance
7.5 and a progressive interpolation.
"""
