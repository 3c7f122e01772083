"""The arms that several claims about SpecRef share.

The claims are about the paper's method, so the public code's values are used as far as `SETTING` says.
"""

from dataclasses import replace

from refedit.bench.arms import Arm
from refedit.bench.bounds import SourceRoundTrip
from refedit.methods import SpecRef

PAPER = replace(SpecRef.presets()["official"], steps=20, fit="aspect")
SETTING = (
    "The public code's values, but for 20 steps instead of 50 and a reference that keeps its aspect; the words decide "
    "where to edit."
)
WITHOUT = replace(PAPER, reference_steps_start=1.0)

BOTH = Arm(name="both masks", method=PAPER, painted=False)
SUBJECT = Arm(name="subject mask only", method=replace(PAPER, masks="subject"), painted=False)
REGION = Arm(name="region mask only", method=replace(PAPER, masks="region"), painted=False)
NEITHER = Arm(name="no mask", method=replace(PAPER, masks="none"), painted=False)
PLAIN = Arm(name="prompt-to-prompt", method=WITHOUT, painted=False)
PIVOTS = Arm(name="blended with the inversion", method=replace(PAPER, pivot_blend=True), painted=False)
PAINTED = Arm(name="SpecRef, painted", method=SpecRef())
PAINTED_PLAIN = Arm(name="the same without its reference", method=SpecRef(reference_steps_start=1.0))
VAE = Arm(name="VAE round trip of the source", method=SourceRoundTrip())
