"""The arms that tell what an edit costs: each runs alone, with nothing kept of others and no region painted.

B9 compares results too, and BARET does not look at a painted region: null-text inversion's editing shall not either.
"""

from refedit.bench.arms import Arm
from refedit.bench.claims.baret import BALANCED
from refedit.bench.claims.specref_arms import PAPER
from refedit.bench.others.masactrl import MasaCtrl
from refedit.bench.others.null_text_editing import NullTextEditing

COST_SPECREF = Arm(name="SpecRef alone", method=PAPER, painted=False, alone=True)
COST_BARET = Arm(name="BARET alone", method=BALANCED.method, alone=True)
COST_NULL = Arm(name="null-text + prompt-to-prompt alone", method=NullTextEditing(), painted=False, alone=True)
COST_MASA = Arm(name="MasaCtrl alone", method=MasaCtrl(), alone=True)
