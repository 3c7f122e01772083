"""Claims about BARET's editing: B4 to B6, B8, B9; B7 has a file of its own."""

from dataclasses import asdict, replace
from typing import Literal

from refedit.bench.arms import Arm
from refedit.bench.cases import POSE
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Curve, above, told
from refedit.bench.others.imagic import Imagic
from refedit.bench.others.map_sources import BaretFrom, Branch
from refedit.bench.others.null_text_editing import NullTextEditing
from refedit.methods import Baret

NON_RIGID = Baret.presets()["non-rigid"]
ETAS = (0.0, 0.25, 0.5, 0.75, 1.0)


def _eta(
    eta: float,
    schedule: Literal["constant", "rising", "falling"] = "constant",
    text: Literal["target", "transition"] = "transition",
) -> Arm:
    method = replace(NON_RIGID, eta=eta, eta_schedule=schedule, final_text=text)
    return Arm(name=f"eta {eta:g}, {schedule}, drawn from the {text}", method=method)


BALANCED = Arm(name="balanced", method=NON_RIGID)
DRAWN = tuple(_eta(eta) for eta in ETAS)
MAPS_ONLY = tuple(_eta(eta, "rising", "target") for eta in ETAS)
RISING, FALLING = _eta(1.0, "rising"), _eta(1.0, "falling")

B4 = Claim(
    name="B4",
    statement="The transition embedding keeps the ability of non-rigid editing.",
    source="BARET, abstract",
    falsifier="The pose read does not depend on eta, or the target text used directly comes as near to the truth.",
    arms={POSE: (BALANCED, DRAWN[0], DRAWN[-1], RISING, FALLING, MAPS_ONLY[-1])},
    contrasts=(
        above(
            "chance of the new pose, gained from eta 0 to the preset's",
            "chance pose",
            BALANCED.name,
            DRAWN[0].name,
            least=0.02,
        ),
        above("distance to the truth, more with the target text directly", "distance", DRAWN[-1].name, BALANCED.name),
        *(
            above(f"the same, more with {arm.name}", "distance", arm.name, BALANCED.name, role="told")
            for arm in (RISING, FALLING, MAPS_ONLY[-1])
        ),
    ),
    limits="The public text tells neither how eta runs over time nor from what the last branch is drawn: a constant "
    "eta and the transition are this project's choice for poses.",
)

_LINES = {
    "constant eta, drawn from the transition": tuple((eta, arm.name) for eta, arm in zip(ETAS, DRAWN, strict=True)),
    "rising eta, drawn from the target": tuple((eta, arm.name) for eta, arm in zip(ETAS, MAPS_ONLY, strict=True)),
}
_PAIRS = tuple(zip(DRAWN, DRAWN[1:], strict=False))

B5 = Claim(
    name="B5",
    statement="Eta trades agreement with the text against fidelity to the source.",
    source="BARET, ablation",
    falsifier="From one value of eta to the next the chance of the new pose falls, or the PSNR to the source rises.",
    arms={POSE: (*DRAWN, *MAPS_ONLY)},
    contrasts=(
        above(
            "chance of the new pose, gained from eta 0 to 1", "chance pose", DRAWN[-1].name, DRAWN[0].name, least=0.02
        ),
        above("PSNR to the source, lost from eta 0 to 1, dB", "to_source", DRAWN[0].name, DRAWN[-1].name, least=0.1),
        *(above(f"pose, from {a.name} to {b.name}", "chance pose", b.name, a.name, floor=-0.05) for a, b in _PAIRS),
        *(
            above(f"PSNR to the source lost, from {a.name} to {b.name}, dB", "to_source", a.name, b.name, floor=-0.2)
            for a, b in _PAIRS
        ),
    ),
    limits="The public text does not name the text of the last branch. The verdict is the preset's, which draws it "
    "from the transition; drawn from the target, where eta acts through attention maps alone, it has its own curve.",
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
    return Arm(name=name, method=BaretFrom(self_from=self_from, cross_from=cross_from, **asdict(NON_RIGID)))


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

TUNED = Arm(name="Imagic", method=Imagic())

B8 = Claim(
    name="B8",
    statement="A posture changes without fine-tuning.",
    source="BARET, abstract",
    falsifier="Its chance of the new pose lies more than 0.05 below that of fine-tuning as in Imagic.",
    arms={POSE: (BALANCED, TUNED)},
    contrasts=(
        above(
            "chance of the new pose, less Imagic's",
            "chance pose",
            BALANCED.name,
            TUNED.name,
            floor=-0.05,
            least=-0.05,
        ),
        above("identity kept, less Imagic's", "identity kept", BALANCED.name, TUNED.name, role="told"),
        above("distance to the truth, more with Imagic", "distance", TUNED.name, BALANCED.name, role="told"),
        told("new pose read", "changed right", BALANCED.name),
        told("kind, colour, pattern and background kept", "identity kept", BALANCED.name),
    ),
    share=0.5,
    limits="Imagic is run with far fewer iterations than its authors', with one seed, and with values tried on three "
    "development cases: it may stay below what fine-tuning can reach.",
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
