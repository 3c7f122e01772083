"""How results are written for people."""

from refedit.study.analysis.fits import Estimate

NOTE = (
    "Votes of one person are alike, and so are votes on one case. Intervals are 95 % intervals that allow for both "
    "(errors clustered by person and by case, Student's t with one less than the smaller number of the two). The "
    "column 'if votes were independent' shows Wilson's interval: of 400 made-up studies, 30 people with tastes that "
    "differ by 0.6 log odds on 24 cases that differ by 0.8, it held the truth in 66 %, and those that allow for both "
    "in 96 %. So do not rest a claim on it. No preference counts as half a vote for each. Pairs that came again and "
    "checks are left out of all this. p is of both being chosen equally often, adjusted by Holm for the number of "
    "pairs of arms of the same question; questions are families of their own."
)

TERMS: tuple[tuple[str, str], ...] = (
    ("arm", "what is compared: a method with its settings, or pictures made elsewhere"),
    ("case", "a picture that all arms edit, with what is asked of it"),
    ("share", "how often the first of two arms was chosen, no preference as a half for each; 50 % is no difference"),
    (
        "strength",
        "how far an arm is ahead of the first one in log odds (Bradley-Terry, with a term for the side): 0.4 is "
        "about 60 %, 1.1 about 75 %, 2.2 about 90 %",
    ),
    ("left", "how often the left picture was chosen; sides are dealt so that this favours no arm"),
    ("agreement", "Krippendorff's alpha: 1 if all people agree on every pair, 0 if as often as by chance"),
    ("said again", "how often a person answered alike when a pair came again with its sides swapped"),
    ("flagged", "people whom the rules name; their answers are kept, and results are shown with and without them"),
    ("nearer to the truth", "how much less an arm's result differs from the true one, by the reader's distance"),
)
"""What the words of the tables mean."""


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def share_cell(found: Estimate) -> str:
    """A share with its interval, in percent."""
    if found.low is None or found.high is None:
        return percent(found.value)
    return f"{percent(found.value)} ({100 * found.low:.0f} to {100 * found.high:.0f})"


def number_cell(found: Estimate) -> str:
    """A plain number with its interval."""
    if found.low is None or found.high is None:
        return f"{found.value:.2f}"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"


def p_cell(p: float | None) -> str:
    """A p value; a dash if it is not known."""
    if p is None:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def seconds(ms: float) -> str:
    return f"{ms / 1000:.1f} s"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
