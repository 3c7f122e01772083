"""Claims about what BARET does without, and what it costs: B8 and B9."""

from refedit.bench.baselines.imagic import Imagic
from refedit.bench.claims.arms import COST_BARET, COST_NULL, NULL_LESS
from refedit.bench.claims.baret import BALANCED, DRAWN
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import difference, report_mean
from refedit.bench.experiment.arms import Arm
from refedit.bench.experiment.cases import POSE

TUNED = Arm(name="Imagic", method=Imagic())

B8 = Claim(
    name="B8",
    statement="A posture changes without fine-tuning.",
    source="BARET, abstract",
    falsifier="The chance of the new pose is no higher than without the target's text (eta 0), or lies more than 0.05 "
    "below that of fine-tuning as in Imagic.",
    arms={POSE: (BALANCED, DRAWN[0], TUNED)},
    contrasts=(
        difference(
            "chance of the new pose, gained from eta 0", "chance pose", BALANCED.name, DRAWN[0].name, least=0.02
        ),
        difference(
            "chance of the new pose, less Imagic's",
            "chance pose",
            BALANCED.name,
            TUNED.name,
            least=-0.05,
        ),
        difference("identity kept, less Imagic's", "identity kept", BALANCED.name, TUNED.name, role="reported"),
        difference("distance to the truth, more with Imagic", "distance", TUNED.name, BALANCED.name, role="reported"),
        report_mean("new pose read", "changed right", BALANCED.name),
        report_mean("kind, colour, pattern and background kept", "identity kept", BALANCED.name),
    ),
    share=0.5,
    limits="With `published`, not with the page's `non-rigid`. "
    "On half of the cases, since fine-tuning takes long. Imagic is run with far fewer iterations than its "
    "authors', with one seed, and with values tried on three "
    "development cases: it may stay below what fine-tuning can reach. Where both always find the pose, chances near 1 "
    "make the interval of their difference narrower than so few cases deserve.",
)

B9 = Claim(
    name="B9",
    statement="BARET is efficient: it needs less than null-text inversion with prompt-to-prompt, and is no worse.",
    source='BARET, summary ("16 s"); the comparison is ours',
    falsifier="It takes as long as null-text inversion with prompt-to-prompt, as many UNet rows, or is worse.",
    arms={POSE: (COST_BARET, COST_NULL, NULL_LESS)},
    contrasts=(
        difference("UNet rows saved", "rows", COST_NULL.name, COST_BARET.name),
        difference("seconds saved", "seconds", COST_NULL.name, COST_BARET.name),
        difference("distance to the truth, less by", "distance", COST_NULL.name, COST_BARET.name, least=-0.02),
        difference(
            "distance to the truth, less by, both at BARET's guidance",
            "distance",
            NULL_LESS.name,
            COST_BARET.name,
            least=-0.02,
        ),
        report_mean("UNet rows of an edit", "rows", COST_BARET.name),
        report_mean("seconds of an edit", "seconds", COST_BARET.name),
    ),
    most=8,
    limits="With `published`, not with the page's `non-rigid`. "
    "The paper's 16 s for an edit, on an unnamed GPU with Stable Diffusion, can't be checked on this model. A row with "
    "a gradient counts once.",
)

EFFORT_CLAIMS = (B8, B9)
