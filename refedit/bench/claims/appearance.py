"""The claim about what RefEdit adds to BARET, A1: not the paper's, so the verdict is on this project's own idea."""

from dataclasses import replace

from refedit.bench.arms import Arm
from refedit.bench.cases import POSE
from refedit.bench.claims.baret import BALANCED
from refedit.bench.claims.claim import Claim
from refedit.bench.claims.contrast import Contrast, above
from refedit.methods import Baret

NON_RIGID = Baret.presets()["non-rigid"]
FROM_TARGET = replace(NON_RIGID, inversion_prompt="target", initial_text="target")
ADDED = Arm(name="look and empty text", method=NON_RIGID)
LOOK = Arm(name="look only", method=FROM_TARGET)
EMPTY = Arm(name="empty text only", method=replace(NON_RIGID, appearance_start=1.0))
NEITHER = Arm(name="neither look nor empty text", method=replace(FROM_TARGET, appearance_start=1.0))


def _kept(what: str, other: Arm) -> Contrast:
    return above(
        f"chance of the source's colour and pattern, more than {what}", "look", ADDED.name, other.name, least=0.02
    )


A1 = Claim(
    name="A1",
    statement="Looking up the look of a reconstruction that is exact keeps a thing's colour and pattern in a new pose.",
    source="RefEdit's addition to BARET",
    falsifier="Colour and pattern are kept no better than without looking up, than with a reconstruction that begins "
    "with the target text, or than without both; or the chance of the new pose is more than 0.05 lower than without.",
    arms={POSE: (ADDED, LOOK, EMPTY, NEITHER, BALANCED)},
    contrasts=(
        _kept("with the look only", LOOK),
        _kept("with the empty text only", EMPTY),
        _kept("with neither", NEITHER),
        above(
            "chance of the new pose, more than with neither",
            "chance pose",
            ADDED.name,
            NEITHER.name,
            floor=-0.05,
            least=-0.05,
        ),
        *(
            above(f"{what} preset `published`", reading, *names, role="told")
            for what, reading, names in (
                ("identity kept, more often than by the", "identity kept", (ADDED.name, BALANCED.name)),
                ("chance of the new pose, more than by the", "chance pose", (ADDED.name, BALANCED.name)),
                ("distance to the truth, more with the", "distance", (BALANCED.name, ADDED.name)),
            )
        ),
    ),
    limits="All but the last three findings vary the preset `non-rigid`, whose values were chosen on development cases "
    "with the addition.",
)

APPEARANCE_CLAIMS = (A1,)
