"""Claims about where SpecRef's limits lie, and about the choices of its code: S9 and S10."""

from dataclasses import replace

from refedit.bench.claims.arms import BOTH, PAPER, SETTING
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Curve, difference
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import REFERENCE, Place
from refedit.bench.experiment.painting import Painting
from refedit.methods import SpecRef


def _at(offset: float, scale: float, align: bool = False) -> Arm:
    name = f"offset {offset:g}, scale {scale:g}{', aligned' if align else ''}"
    return Arm(name=name, method=replace(SpecRef(), align_reference=align), place=Place(offset=offset, scale=scale))


def _sweep(x: str, arms: tuple[Arm, ...], part: str) -> Curve:
    y = "chance of the reference's colour and pattern"
    line = tuple((getattr(arm.place, part), arm.name) for arm in arms)
    return Curve(title=f"SpecRef over the {x}", x=x, y=y, reading="look", lines={"SpecRef, painted": line})


NEAR, FAR, ALIGNED = _at(0.0, 0.5), _at(0.3, 0.5), _at(0.3, 0.5, align=True)
SMALL, LIKE, LARGE = _at(0.0, 0.4), _at(0.0, 1.0), _at(0.0, 1.25)
SWEEP = (NEAR, _at(0.15, 0.5), FAR, ALIGNED, SMALL, _at(0.0, 0.7), LIKE, LARGE)

S9 = Claim(
    name="S9",
    statement="A reference subject that lies far from the region, or is of quite another size, is a limitation.",
    source="SpecRef, limitations",
    falsifier="The chance of its colour and pattern does not depend on offset or scale.",
    arms={REFERENCE: SWEEP},
    contrasts=(
        difference("chance of colour and pattern, lost by an offset of 0.3", "look", NEAR.name, FAR.name, least=0.02),
        difference("lost at 0.4 of the size", "look", LIKE.name, SMALL.name, least=0.02),
        difference("won back by aligning the reference", "look", ALIGNED.name, FAR.name, role="reported"),
    ),
    curves=(
        _sweep("offset of the reference's subject (at half size)", (NEAR, _at(0.15, 0.5), FAR), "offset"),
        _sweep("size beside the source's subject", (SMALL, NEAR, _at(0.0, 0.7), LIKE, LARGE), "scale"),
    ),
    share=0.5,
    limits="Offsets are parts of the picture's width and are swept at half size, where the subject stays whole. The "
    "preset `recommended` with painted regions. The model was trained on subjects of 0.56 to 0.7 of the picture.",
)

VARIANTS = (
    ("reference at its own timestep (Q2)", replace(PAPER, reference_at="aligned")),
    ("reference in the unconditional row too (Q4)", replace(PAPER, unconditional=1.0)),
    ("reference with noise instead of inverted", replace(PAPER, reference_at="noised")),
    ("layers 13 to 15 of 16", replace(PAPER, reference_sites_start=0.8125)),
    ("layers 7 to 15 of 16", replace(PAPER, reference_sites_start=0.4375)),
)

S10 = Claim(
    name="S10",
    statement="No single other choice than the public code's comes nearer to the truth.",
    source="SpecRef, public code",
    falsifier="One of the named choices is nearer to the truth by more than 0.01 of the reader's distance.",
    arms={REFERENCE: (BOTH, *(Arm(name=name, method=method, painting=Painting.WORDS) for name, method in VARIANTS))},
    contrasts=tuple(
        contrast
        for name, _ in VARIANTS
        for contrast in (
            difference(f"distance to the truth, more with: {name}", "distance", name, BOTH.name, least=-0.01),
            difference(f"chance of colour and pattern, gained with: {name}", "look", name, BOTH.name, role="reported"),
        )
    ),
    share=0.5,
    limits=f"{SETTING} The constant that the code adds to the reference's logits (Q1) cancels in the softmax: a test "
    "shows it.",
)

DETAIL_CLAIMS = (S9, S10)
