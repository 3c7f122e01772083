"""The arms that several claims about SpecRef share.

The claims are about the paper's method, so the public code's values are used as far as `SETTING` says.
"""

from dataclasses import replace

from refedit.bench.baselines.masactrl import MasaCtrl
from refedit.bench.baselines.null_text_editing import NullTextEditing
from refedit.bench.claims.baret import BALANCED, PUBLISHED
from refedit.bench.experiment.arms import Arm, SourceRoundTrip
from refedit.bench.experiment.painting import Painting
from refedit.methods import SpecRef

PAPER = replace(SpecRef.presets()["official"], steps=20, fit="aspect")
SETTING = (
    "Not with the page's preset: the public code's values, but for 20 steps instead of 50 and a reference that keeps "
    "its aspect; the words decide where to edit."
)
WITHOUT = replace(PAPER, reference_steps_start=1.0)

BOTH = Arm(name="both masks", method=PAPER, painting=Painting.WORDS)
SUBJECT = Arm(name="subject mask only", method=replace(PAPER, masks="subject"), painting=Painting.WORDS)
REGION = Arm(name="region mask only", method=replace(PAPER, masks="region"), painting=Painting.WORDS)
NEITHER = Arm(name="no mask", method=replace(PAPER, masks="none"), painting=Painting.WORDS)
PLAIN = Arm(name="prompt-to-prompt", method=WITHOUT, painting=Painting.WORDS)
PIVOTS = Arm(name="blended with the inversion", method=replace(PAPER, pivot_blend=True), painting=Painting.WORDS)
PAINTED = Arm(name="SpecRef, painted", method=SpecRef())
PAINTED_PLAIN = Arm(name="the same without its reference", method=SpecRef(reference_steps_start=1.0))
VAE = Arm(name="VAE round trip of the source", method=SourceRoundTrip())


COST_SPECREF = Arm(name="SpecRef alone", method=PAPER, painting=Painting.WORDS, alone=True)
COST_BARET = Arm(name="BARET alone", method=BALANCED.method, alone=True)
COST_NULL = Arm(
    name="null-text + prompt-to-prompt alone", method=NullTextEditing(), painting=Painting.WORDS, alone=True
)
NULL_LESS = Arm(
    name="null-text + prompt-to-prompt, at BARET's guidance",
    method=NullTextEditing(guidance=PUBLISHED.guidance),
    painting=Painting.WORDS,
)
COST_MASA = Arm(name="MasaCtrl alone", method=MasaCtrl(), alone=True)
