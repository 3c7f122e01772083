"""Claims about SpecRef's two masks: S3 to S5."""

from dataclasses import replace

from refedit.bench.arms import Arm
from refedit.bench.cases import REFERENCE
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Contrast, Term, above, told
from refedit.bench.claims.specref_arms import BOTH, NEITHER, PAPER, REGION, SUBJECT

S3 = Claim(
    name="S3",
    statement="The subject mask keeps the reference's background out.",
    source="SpecRef, method; ablation of the public code",
    falsifier="As much of the reference's background shows without it.",
    arms={REFERENCE: (BOTH, REGION)},
    contrasts=(
        above(
            "part of the picture with the background's hue, more without", "leak", REGION.name, BOTH.name, least=2e-3
        ),
        told("with both masks", "leak", BOTH.name),
        told("without the subject mask", "leak", REGION.name),
    ),
)

S4 = Claim(
    name="S4",
    statement="The region mask confines the reference to the edited region.",
    source="SpecRef, method; ablation of the public code",
    falsifier="PSNR outside the true region is the same without it.",
    arms={
        REFERENCE: (
            BOTH,
            SUBJECT,
            Arm(name="both masks, no blend", method=replace(PAPER, blend=False), painted=False),
            Arm(name="subject mask only, no blend", method=replace(PAPER, blend=False, masks="subject"), painted=False),
        )
    },
    contrasts=(
        above("PSNR outside, gained by the region mask, dB", "outside", BOTH.name, SUBJECT.name, least=0.1),
        above(
            "the same without local blend, dB",
            "outside",
            "both masks, no blend",
            "subject mask only, no blend",
            role="told",
        ),
        told("IoU of the words' region with the true one", "word_iou", BOTH.name),
    ),
    limits="Objects are not counted: the reader reads one subject.",
)

S5 = Claim(
    name="S5",
    statement="Both masks are needed.",
    source="SpecRef, ablation",
    falsifier="One mask alone comes as near to the truth.",
    arms={REFERENCE: (BOTH, SUBJECT, REGION, NEITHER)},
    contrasts=(
        above(
            "distance to the truth, more with the subject mask only", "distance", SUBJECT.name, BOTH.name, least=1e-3
        ),
        above("distance to the truth, more with the region mask only", "distance", REGION.name, BOTH.name, least=1e-3),
        Contrast(
            what="interaction: what one mask adds to PSNR to the truth with the other less without it, dB",
            terms=tuple(
                Term(weight=weight, arm=arm.name, reading="whole")
                for weight, arm in ((1, BOTH), (-1, SUBJECT), (-1, REGION), (1, NEITHER))
            ),
            role="told",
        ),
        above("distance to the truth, more without any mask", "distance", NEITHER.name, BOTH.name, role="told"),
    ),
)

MASK_CLAIMS = (S3, S4, S5)
