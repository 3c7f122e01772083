"""The arms that tell what an edit costs: each runs alone, with nothing kept of others and no region painted.

B9 compares results too, and BARET does not look at a painted region: null-text inversion's editing shall not either.
Its guidance is its authors'; at BARET's, which was chosen for the built-in model, it costs the same, so that arm is
only compared by its results.
"""

from refedit.bench.arms import Arm
from refedit.bench.claims.baret import BALANCED, PUBLISHED
from refedit.bench.claims.specref_arms import PAPER
from refedit.bench.others.masactrl import MasaCtrl
from refedit.bench.others.null_text_editing import NullTextEditing

COST_SPECREF = Arm(name="SpecRef alone", method=PAPER, painted=False, alone=True)
COST_BARET = Arm(name="BARET alone", method=BALANCED.method, alone=True)
COST_NULL = Arm(name="null-text + prompt-to-prompt alone", method=NullTextEditing(), painted=False, alone=True)
NULL_LESS = Arm(
    name="null-text + prompt-to-prompt, at BARET's guidance",
    method=NullTextEditing(guidance=PUBLISHED.guidance),
    painted=False,
)
COST_MASA = Arm(name="MasaCtrl alone", method=MasaCtrl(), alone=True)
