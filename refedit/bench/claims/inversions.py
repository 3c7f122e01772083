"""Claims about target-text inversion: B1 to B3, and A2, which the paper does not make.

Compared with null-text and negative-prompt inversion at equal iterations, with the learning rate matched to the factor
by which either embedding enters the guided noise: guidance for the target's, guidance - 1 for the null text's.
"""

from dataclasses import replace

from refedit.bench.baselines.reconstruction import Caption, Reconstruction, Start
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Contrast, Curve, difference, report_mean
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE

STEPS = 10
GUIDANCE = 7.5
COUNTS, FEW = (0, 1, 2, 5, 10), (0, 2)
PIVOTS: tuple[Caption, ...] = ("target", "empty")
OTHER_STARTS: tuple[Start, ...] = ("closed form", "empty")
_RATE = 0.01


def target_text(inner_steps: int, pivots: Caption = "target") -> Reconstruction:
    """TTIS, from the target's embedding."""
    rate = _RATE * (GUIDANCE - 1) / GUIDANCE
    return Reconstruction(steps=STEPS, guidance=GUIDANCE, pivots=pivots, inner_steps=inner_steps, rate=rate)


def null_text(inner_steps: int, pivots: Caption = "target", caption: Caption = "target") -> Reconstruction:
    """Null-text inversion, from the empty text's embedding."""
    return Reconstruction(
        steps=STEPS,
        guidance=GUIDANCE,
        free="unconditional",
        caption=caption,
        pivots=pivots,
        start="empty",
        inner_steps=inner_steps,
        rate=_RATE,
    )


def target_text_from(start: Start, inner_steps: int, pivots: Caption = "target") -> Reconstruction:
    """TTIS from another embedding than the target's."""
    return replace(target_text(inner_steps, pivots), start=start)


def negative_prompt(pivots: Caption = "target") -> Reconstruction:
    """The target as the unconditional text, and no iterations."""
    return Reconstruction(steps=STEPS, guidance=GUIDANCE, free="unconditional", pivots=pivots)


def _name(method: str, count: int, pivots: str) -> str:
    return f"{method}, {count} iterations, pivots of the {pivots} text"


def _fits(pivots: Caption) -> tuple[Arm, ...]:
    return (
        *(Arm(name=_name("TTIS", k, pivots), method=target_text(k, pivots)) for k in COUNTS),
        *(Arm(name=_name("null-text", k, pivots), method=null_text(k, pivots)) for k in COUNTS),
        *(
            Arm(name=_name(f"TTIS from the {start}", k, pivots), method=target_text_from(start, k, pivots))
            for start in OTHER_STARTS
            for k in FEW
        ),
        Arm(name=_name("negative-prompt", 0, pivots), method=negative_prompt(pivots)),
    )


def _better_than(method: str, counts: tuple[int, ...]) -> tuple[Contrast, ...]:
    """How much higher the other's error is than TTIS's after each number of iterations, `counts` of its own."""
    return tuple(
        difference(
            f"log10 of the error after {count} iterations (pivots: {pivots} text), higher for {method} inversion",
            "log loss",
            _name(method, own, pivots),
            _name("TTIS", count, pivots),
        )
        for pivots in PIVOTS
        for count, own in zip(COUNTS[1:], counts, strict=True)
    )


def _convergence(pivots: Caption) -> Curve:
    return Curve(
        title=f"Convergence, pivots of the {pivots} text",
        x="iterations at every step",
        y="log10 of the error of the guided noise",
        reading="log loss",
        lines={
            "TTIS": tuple((k, _name("TTIS", k, pivots)) for k in COUNTS),
            "null-text": tuple((k, _name("null-text", k, pivots)) for k in COUNTS),
            **{
                f"TTIS from the {s}": tuple((k, _name(f"TTIS from the {s}", k, pivots)) for k in FEW)
                for s in OTHER_STARTS
            },
            "negative-prompt": tuple((k, _name("negative-prompt", 0, pivots)) for k in (0, COUNTS[-1])),
        },
    )


FITS = tuple(arm for pivots in PIVOTS for arm in _fits(pivots))

B1 = Claim(
    name="B1",
    statement="Target-text inversion converges faster than null-text inversion.",
    source="BARET, abstract",
    falsifier="Null-text inversion has the lower error of noise at equal iterations.",
    arms={POSE: FITS},
    contrasts=_better_than("null-text", COUNTS[1:]),
    curves=tuple(_convergence(pivots) for pivots in PIVOTS),
    share=0.5,
    limits=f"{STEPS} DDIM steps, no early stop. The paper does not publish with which text the picture is inverted, so "
    "both are tried.",
)

A2 = Claim(
    name="A2",
    statement="Target-text inversion is worth its iterations: negative-prompt inversion, which has none, is worse.",
    source="our question; negative-prompt inversion is of arXiv:2305.16807",
    falsifier="Negative-prompt inversion has the lower error of noise after any number of them.",
    arms={POSE: FITS},
    contrasts=_better_than("negative-prompt", (0,) * len(COUNTS[1:])),
    share=0.5,
    limits="As B1. Negative-prompt inversion is held against every count as it is.",
)

_STARTS: tuple[Start, ...] = ("caption", *OTHER_STARTS)


def _at_pivots(start: Start, pivots: Caption) -> Arm:
    method = replace(target_text_from(start, 0, pivots), at_pivots=True)
    return Arm(name=f"start: {start}, pivots of the {pivots} text", method=method)


B2 = Claim(
    name="B2",
    statement="The target text is a better initialisation than the null text.",
    source="BARET, summary",
    falsifier="Before any iteration its error of noise is higher than with the null text in its place.",
    arms={POSE: tuple(_at_pivots(start, pivots) for pivots in PIVOTS for start in _STARTS)},
    contrasts=tuple(
        difference(
            f"log10 of the error at the start (pivots: {pivots} text), higher with the start: {start}",
            "log loss",
            _at_pivots(start, pivots).name,
            _at_pivots("caption", pivots).name,
            role="decides" if start == "empty" else "reported",
        )
        for pivots in PIVOTS
        for start in OTHER_STARTS
    ),
    share=0.5,
    limits="Every step starts from its pivot, so that no earlier step's error counts. Null-text inversion itself "
    "starts with the same guided noise as TTIS: before any iteration they are equal. After an inversion with the empty "
    "text, the empty text has no error by construction; the paper does not publish which text it inverts with.",
)

OWN = Arm(name=_name("TTIS", 5, "target"), method=target_text(5))


def _captioned(what: str, caption: Caption) -> Arm:
    return Arm(name=f"null-text with {what}", method=null_text(5, pivots=caption, caption=caption))


TRUE, FALSE = _captioned("the true caption", "source"), _captioned("a wrong caption", "wrong")
EMPTY = _captioned("no caption", "empty")

B3 = Claim(
    name="B3",
    statement="A picture is reconstructed without its caption.",
    source="BARET, abstract",
    falsifier="The target text reconstructs it more than 0.5 dB worse than null-text inversion with an empty caption.",
    arms={POSE: (OWN, TRUE, FALSE, EMPTY)},
    contrasts=(
        difference("PSNR to the source, less no caption's, dB", "to_source", OWN.name, EMPTY.name, least=-0.5),
        difference("less the true caption's, dB", "to_source", OWN.name, TRUE.name, role="reported"),
        difference("less a wrong caption's, dB", "to_source", OWN.name, FALSE.name, role="reported"),
        report_mean("PSNR to the source, dB", "to_source", OWN.name),
    ),
    share=0.5,
    limits=f"On half of the cases. {STEPS} DDIM steps, 5 iterations each; the VAE's own loss is in all of them. With "
    "an empty caption both rows of guidance are equal at first, so that null-text inversion is near DDIM's own.",
)

INVERSION_CLAIMS = (B1, B2, B3, A2)
