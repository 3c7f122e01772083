"""The models that RefEdit can be started with, as a table for visitors."""

from collections.abc import Sequence
from html import escape

from refedit.models import ModelCard

COLUMNS = ("Model", "For", "From", "An edit takes", "Download", "Licence")


def model_table(cards: Sequence[ModelCard], current: str) -> str:
    """The cards as HTML; the model at work is marked, and added if it is none of them."""
    rows = [
        (card.title, card.purpose, card.origin, card.cost, card.download, card.licence, card.name == current)
        for card in cards
    ]
    if all(card.name != current for card in cards):
        rows.insert(0, (current, "chosen by whoever runs this page", "", "", "", "its own", True))
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "".join(_row(row[:-1], row[-1]) for row in rows)
    choice = (
        "<p>Whoever runs the page chooses the model with <code>REFEDIT_MODEL</code>: a name from <code>python -m "
        "refedit models</code>, or a folder or hub id of any Stable Diffusion 1.x or 2.x in diffusers format.</p>"
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{choice}'


def _row(cells: Sequence[str], chosen: bool) -> str:
    mark = " <b>(at work)</b>" if chosen else ""
    first = f'<th scope="row">{escape(cells[0])}{mark}</th>'
    return f"<tr>{first}{''.join(f'<td>{escape(cell)}</td>' for cell in cells[1:])}</tr>"
