"""Claims about BARET's editing: B4 to B6, B8, B9; B7 has a file of its own."""

from dataclasses import replace
from typing import Literal

from refedit.bench.arms import Arm
from refedit.bench.cases import POSE
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Curve, above, told
from refedit.bench.others.map_sources import BaretFrom, Branch
from refedit.bench.others.null_text_editing import NullTextEditing
from refedit.methods import Baret

NON_RIGID = Baret.presets()["non-rigid"]
ETAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def _eta(eta: float, schedule: Literal["constant", "rising", "falling"]) -> Arm:
    return Arm(name=f"eta {eta:g}, {schedule}", method=replace(NON_RIGID, eta=eta, eta_schedule=schedule))


def _drawn_from_transition(eta: float) -> Arm:
    method = replace(NON_RIGID, eta=eta, eta_schedule="constant", final_text="transition")
    return Arm(name=f"eta {eta:g}, constant, edit drawn from the transition", method=method)


RISING = tuple(_eta(eta, "rising") for eta in ETAS)
DIRECT, FALLING, HALF = _eta(1.0, "constant"), _eta(1.0, "falling"), _eta(0.5, "constant")

B4 = Claim(
    name="B4",
    statement="The transition embedding keeps the ability of non-rigid editing.",
    source="BARET, abstract",
    falsifier="The pose read does not depend on eta, or the target text used directly comes as near to the truth.",
    arms={POSE: (RISING[0], RISING[-1], DIRECT, FALLING, HALF)},
    contrasts=(
        above(
            "chance of the new pose, gained from eta 0 to 1", "chance pose", RISING[-1].name, RISING[0].name, least=0.02
        ),
        above("distance to the truth, more with the target text directly", "distance", DIRECT.name, RISING[-1].name),
        above("the same, more with falling eta", "distance", FALLING.name, RISING[-1].name, role="told"),
        above("the same, more with constant eta 0.5", "distance", HALF.name, RISING[-1].name, role="told"),
    ),
    limits="The public text does not say how eta runs over time; the preset's rising eta is this project's choice.",
)

_LINES = {
    "rising eta, drawn from the target": tuple((eta, arm.name) for eta, arm in zip(ETAS, RISING, strict=True)),
    "constant eta, drawn from the transition": tuple((eta, _drawn_from_transition(eta).name) for eta in ETAS),
}
_PAIRS = tuple(zip(RISING, RISING[1:], strict=False))

B5 = Claim(
    name="B5",
    statement="Eta trades agreement with the text against fidelity to the source.",
    source="BARET, ablation",
    falsifier="From one value of eta to the next the chance of the new pose falls, or the PSNR to the source rises.",
    arms={POSE: (*RISING, *map(_drawn_from_transition, ETAS))},
    contrasts=(
        above(
            "chance of the new pose, gained from eta 0 to 1", "chance pose", RISING[-1].name, RISING[0].name, least=0.02
        ),
        above("PSNR to the source, lost from eta 0 to 1, dB", "to_source", RISING[0].name, RISING[-1].name, least=0.1),
        *(above(f"pose, from {a.name} to {b.name}", "chance pose", b.name, a.name, floor=-0.05) for a, b in _PAIRS),
        *(
            above(f"PSNR to the source lost, from {a.name} to {b.name}, dB", "to_source", a.name, b.name, floor=-0.2)
            for a, b in _PAIRS
        ),
    ),
    limits="The public text does not name the text of the last branch: the preset draws it from the target, where eta "
    "acts through attention maps alone. The verdict is the preset's; the curves show the other reading too.",
    curves=tuple(
        Curve(title=f"{y} along eta", x="eta", y=y, reading=reading, lines=_LINES)
        for y, reading in (
            ("chance of the new pose", "chance pose"),
            ("PSNR to the source, dB", "to_source"),
            ("distance to the truth", "distance"),
            ("cosine with the target text", "text"),
        )
    ),
)


def _from(name: str, self_from: Branch, cross_from: Branch) -> Arm:
    settings = {item: getattr(NON_RIGID, item) for item in ("guidance", "self_steps", "cross_steps")}
    return Arm(name=name, method=BaretFrom(self_from=self_from, cross_from=cross_from, **settings))


BALANCED = Arm(name="balanced", method=NON_RIGID)
OTHERS = (
    Arm(name="self-attention only", method=replace(NON_RIGID, cross_steps=0.0)),
    Arm(name="cross-attention only", method=replace(NON_RIGID, self_steps=0.0)),
    Arm(name="neither", method=replace(NON_RIGID, self_steps=0.0, cross_steps=0.0)),
    _from("both from the reconstruction", "reconstruction", "reconstruction"),
    _from("both from the transition", "transition", "transition"),
)

B6 = Claim(
    name="B6",
    statement="Self-attention of the reconstruction with cross-attention of the transition is the best balance.",
    source="BARET, balanced attention",
    falsifier="One of the five other combinations comes nearer to the truth.",
    arms={POSE: (BALANCED, *OTHERS)},
    contrasts=(
        *(
            above(f"distance to the truth, more with: {arm.name}", "distance", arm.name, BALANCED.name)
            for arm in OTHERS
        ),
        *(
            above(
                f"chance of the new pose, gained with: {arm.name}", "chance pose", arm.name, BALANCED.name, role="told"
            )
            for arm in OTHERS
        ),
    ),
)

B8 = Claim(
    name="B8",
    statement="A posture changes without fine-tuning.",
    source="BARET, abstract",
    falsifier="Fine-tuning as in Imagic reaches poses that it does not.",
    arms={POSE: (BALANCED,)},
    contrasts=(
        told("new pose read", "changed right", BALANCED.name),
        told("kind, colour, pattern and background kept", "identity kept", BALANCED.name),
    ),
    limits="The upper bound, fine-tuning the network on every picture, is not run here, so no verdict is given.",
)

COST = Arm(name="BARET alone", method=NON_RIGID, alone=True)
COST_NULL = Arm(name="null-text + prompt-to-prompt alone", method=NullTextEditing(), alone=True)

B9 = Claim(
    name="B9",
    statement="BARET is efficient: an edit takes 16 s.",
    source="BARET, summary",
    falsifier="It takes as long as null-text inversion with prompt-to-prompt, as many UNet rows, or is worse.",
    arms={POSE: (COST, COST_NULL)},
    contrasts=(
        above("UNet rows saved", "rows", COST_NULL.name, COST.name),
        above("seconds saved", "seconds", COST_NULL.name, COST.name),
        above("distance to the truth, less by", "distance", COST_NULL.name, COST.name, floor=-0.02, least=-0.02),
        told("UNet rows of an edit", "rows", COST.name),
        told("seconds of an edit", "seconds", COST.name),
    ),
    most=8,
    limits="The paper's 16 s, of an unnamed GPU and Stable Diffusion, can't be checked on this model. A row with a "
    "gradient counts once.",
)

BARET_CLAIMS = (B4, B5, B6, B8, B9)
