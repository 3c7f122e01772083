"""Negative-prompt inversion (arXiv:2305.16807): null-text inversion's answer without optimising anything."""

from refedit.text_inversion import TextInversion


def negative_prompt_inversion(guidance: float = 7.5) -> TextInversion:
    """To be run with the prompt's own embedding as the unconditional one.

    Both predictions are then equal, so guidance cancels and the pivots are retraced as far as DDIM allows.
    """
    return TextInversion(
        optimise="unconditional", guidance=guidance, inner_steps=0, rate=0.0, decay=0.0, stop=0.0, stop_growth=0.0
    )
