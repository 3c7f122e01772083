"""Claims about what SpecRef does, and at what cost: S1, S2, S6 to S8."""

from refedit.bench.claims.arms import (
    BOTH,
    COST_MASA,
    COST_NULL,
    COST_SPECREF,
    PAINTED,
    PAINTED_PLAIN,
    PIVOTS,
    PLAIN,
    SETTING,
    VAE,
)
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Contrast, Term, difference, report_mean
from refedit.bench.experiment.cases import REFERENCE

S1 = Claim(
    name="S1",
    statement="Keys and values of the reference's self-attention carry its content.",
    source="SpecRef, method",
    falsifier="No gain over prompt-to-prompt in reading the reference's colour and pattern.",
    arms={REFERENCE: (BOTH, PLAIN)},
    contrasts=(
        difference("chance of the reference's colour and pattern, gained", "look", BOTH.name, PLAIN.name, least=0.02),
        difference("of its colour alone", "chance colour", BOTH.name, PLAIN.name, role="reported"),
        difference("of its pattern alone", "chance pattern", BOTH.name, PLAIN.name, role="reported"),
        difference("PSNR to the truth inside, gained, dB", "inside", BOTH.name, PLAIN.name, role="reported"),
    ),
    limits=SETTING,
)

S2 = Claim(
    name="S2",
    statement="Cross-attention fixes structure; the reference's keys and values change texture and detail.",
    source="SpecRef, method",
    falsifier="Colour and pattern gain nothing, or the chance of the right pose falls as much as theirs rises.",
    arms={REFERENCE: (BOTH, PLAIN)},
    contrasts=(
        difference("chance of the right colour and pattern, gained", "look", BOTH.name, PLAIN.name, least=0.02),
        Contrast(
            what="that gain less what the chance of the right pose loses",
            terms=(
                Term(weight=1, arm=BOTH.name, reading="look"),
                Term(weight=-1, arm=PLAIN.name, reading="look"),
                Term(weight=1, arm=BOTH.name, reading="pose"),
                Term(weight=-1, arm=PLAIN.name, reading="pose"),
            ),
            least=0.02,
        ),
        difference("chance of the right pose, gained", "pose", BOTH.name, PLAIN.name, role="reported"),
        difference("chance of the right kind, gained", "chance kind", BOTH.name, PLAIN.name, role="reported"),
    ),
    limits=f"{SETTING} A thing has one pose, which can't be read wrongly: only animals and faces count for that. The "
    "kind is told only, since in every second case it is the reference's too.",
    revised="The kind counted, too, until an earlier model's test cases had been seen.",
)

S6 = Claim(
    name="S6",
    statement="A reference controls what the text does not say.",
    source="SpecRef, its task",
    falsifier="Prompt-to-prompt comes as near to the reference's colour and pattern, which no prompt names.",
    arms={REFERENCE: (PAINTED, PAINTED_PLAIN)},
    contrasts=(
        difference("chance of colour and pattern, gained", "look", PAINTED.name, PAINTED_PLAIN.name, least=0.02),
        difference(
            "distance inside the region, less by", "distance_inside", PAINTED_PLAIN.name, PAINTED.name, role="reported"
        ),
    ),
    limits="With the preset `recommended`, its fresh noise and painted regions, for both; S1 has the public code's "
    "values.",
)

S7 = Claim(
    name="S7",
    statement="What is not edited is preserved.",
    source="SpecRef, abstract",
    falsifier="PSNR outside the true region lies more than 3 dB below that of the VAE's round trip.",
    arms={REFERENCE: (BOTH, VAE, PIVOTS)},
    contrasts=(
        difference("PSNR outside, less the VAE round trip's, dB", "outside", BOTH.name, VAE.name, least=-3.0),
        difference("gained by blending with the inversion, dB", "outside", PIVOTS.name, BOTH.name, role="reported"),
        report_mean("PSNR outside, dB", "outside", BOTH.name),
    ),
    limits=SETTING,
)

S8 = Claim(
    name="S8",
    statement="SpecRef needs no training, and less time than null-text inversion with prompt-to-prompt.",
    source='SpecRef, title ("fast", "training-free"); the comparison is ours',
    falsifier="It takes as many UNet rows or as long as null-text inversion with prompt-to-prompt.",
    arms={REFERENCE: (COST_SPECREF, COST_NULL, COST_MASA)},
    contrasts=(
        difference("UNet rows saved", "rows", COST_NULL.name, COST_SPECREF.name),
        difference("seconds saved", "seconds", COST_NULL.name, COST_SPECREF.name),
        difference("UNet rows saved against MasaCtrl", "rows", COST_MASA.name, COST_SPECREF.name, role="reported"),
        difference("seconds saved against MasaCtrl", "seconds", COST_MASA.name, COST_SPECREF.name, role="reported"),
        report_mean("UNet rows of an edit", "rows", COST_SPECREF.name),
        report_mean("seconds of an edit", "seconds", COST_SPECREF.name),
    ),
    most=8,
    limits=f"{SETTING} A row with a gradient counts once. MasaCtrl, the other training-free method, reads one picture, "
    "not two: its cost is told and decides nothing.",
)


SPECREF_CLAIMS = (S1, S2, S6, S7, S8)
