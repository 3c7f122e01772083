"""Clicks as people type them."""

from refedit.errors import EditError
from refedit.segment import Click


def read_click(text: str) -> Click:
    """A click from "X,Y", or "X,Y,-" for a place outside the thing; EditError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    try:
        if len(parts) not in (2, 3) or parts[2:] not in ([], ["+"], ["-"]):
            raise ValueError(text)
        return Click(float(parts[0]), float(parts[1]), inside=parts[2:] != ["-"])
    except ValueError:
        raise EditError(f"'{text}' is no click. Write X,Y for a place inside, X,Y,- for one outside.") from None


def read_clicks(text: str) -> tuple[Click, ...]:
    """The clicks from a text with one on each line; EditError if there is none, or one that is not readable."""
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise EditError("No place is typed. Write one X,Y on each line.")
    return tuple(read_click(line) for line in lines)
