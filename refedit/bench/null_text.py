"""Null-text inversion (arXiv:2211.09794) with the machinery of BARET's text inversion, to compare against it."""

from refedit.text_inversion import TextInversion


def null_text_inversion(inner_steps: int = 10, guidance: float = 7.5, stop: float = 1e-5) -> TextInversion:
    """With the constants of its public code: Adam at 0.01, 1 % less at every step, the loss checked afterwards."""
    return TextInversion(
        optimise="unconditional",
        guidance=guidance,
        inner_steps=inner_steps,
        rate=1e-2,
        decay=0.01,
        stop=stop,
        stop_growth=2e-5,
        check_first=False,
    )
