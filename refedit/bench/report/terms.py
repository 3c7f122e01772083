"""How a report is to be read: what was done to cases and results, what decides a claim, and what columns mean."""

NOTE = (
    "Intervals are 95 % intervals of the mean over cases, by bootstrap; for shares Wilson's. A claim holds if all "
    "differences that decide it have their whole interval above the named bound; it fails if the interval of one, "
    "widened for their number after Bonferroni, lies below what would count. The table quotes one difference and, in "
    "brackets, of how many that decide how many say the same. "
    "A painted region is the true one: the outlines of the subject in the source and in the true result, slightly "
    "grown. Cases whose background or style changes have none. In the comparison edits are pasted into it, so that a "
    "kept background is kept by that; readings outside are of the edit before. Claims are judged on edits that are not "
    "pasted. SpecRef and the prompt-to-prompt methods also keep what is outside the painted region by blending; BARET, "
    "MasaCtrl and plain DDIM do not. "
    "Prompts of reference cases name neither colour nor pattern, and both always differ from the source's; every "
    "second reference is of the source's own kind. "
    "The presets of SpecRef and BARET were chosen on development cases, which share nothing with the test cases; the "
    "other methods have their authors' values, and as a second choice the guidance of the preset that the kind is for. "
    "Claims B4 to B9 are about the preset `published`, B1 to B3 about text inversion at the paper's guidance; "
    "`non-rigid` adds MasaCtrl's way of looking up, which A1 is about."
)

TERMS: tuple[tuple[str, str], ...] = (
    ("the reader", "a network that tells kind, pose, colour, pattern, background and style of a drawing"),
    ("right", "the share of results in which the reader sees what the true result shows"),
    ("chance", "the probability that the reader gives to what the true result shows, 0 to 1"),
    ("identity kept", "kind, colour, pattern and background all read as they were"),
    ("kind and pose kept", "both read as they were; a thing has one pose only"),
    ("distance", "of the reader's features, 0 for equal pictures and 4 at most"),
    ("inside", "where source and true result differ, compared with the true result"),
    ("outside", "where they are equal, compared with the source"),
    ("reference's background shows", "the part of the picture with a hue that only the reference's background has"),
    ("cosine with the text", "of picture and target prompt, by the built-in CLIP"),
    ("word map", "the cross-attention of a prompt's word over the picture"),
    ("UNet rows", "pictures that went through the UNet, guidance's two counted each; seconds are of a first edit"),
    (
        "bounds",
        "what doing nothing gets, and what the VAE lets through of the truth",
    ),
)
"""What is measured, by the words of the tables."""
