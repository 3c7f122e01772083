"""What the page says about an edit: small pieces of HTML, from plain values."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from refedit.editing.request import Progress
from refedit.editing.service import ModelFacts
from refedit.methods import Method, nearest_preset
from refedit.models import ModelCard


def ready() -> str:
    return _box("idle", "Choose a picture, or an example, and press <b>Run</b>.")


def example(title: str, stored: bool) -> str:
    """An example is filled in; `stored` if its result is shown."""
    told = "Made earlier; press <b>Run</b> to see it happen." if stored else "Press <b>Run</b>."
    return _box("idle example", f"<b>{escape(title)}.</b> {told}")


def queued() -> str:
    return _box("running", f"{_line('Beginning', '')}{_bar(0)}")


def running(progress: Progress, losses: Sequence[float] = (), last: bool = True) -> str:
    """The stage, the step in it, a bar for the whole run, the time left, and the curve of the losses so far.

    If it is not the `last` edit of the run, the time left is this edit's.
    """
    count = f"step {progress.step} of {progress.of}" if progress.step else ""
    left = "" if progress.seconds_left is None else f"about {seconds_in_words(progress.seconds_left)} left"
    left += " for this one" * (bool(left) and not last)
    inner = f"{_line(progress.stage, count, left)}{_bar(progress.fraction)}{_curve(losses)}"
    return _box("running", inner, role="group")  # drawn anew many times a second, too often to be read out


def announced(stage: str) -> str:
    """A stage of a running edit, for screen readers only."""
    return f'<p role="status">{escape(stage)}</p>'


def stopped() -> str:
    return _box("stopped", "<b>Stopped</b> before the result was finished. What is shown stays; your inputs are kept.")


def stopping() -> str:
    return _box("stopped", "<b>Stopping.</b> The step under way has to end first. What is shown stays.")


def failed(message: str) -> str:
    return _box("failed", f"<b>That did not work.</b> {escape(message)}", role="alert")


def finished(seconds: str, whole: bool = False, selected: bool = True) -> str:
    """The end of a run, after seconds in words.

    `whole` if every place of the picture may have changed, `selected` if the visitor chose which.
    """
    where = "Only what you selected has changed."
    if not selected:
        where = "You selected nothing, so the words decided where: the masks below the result show it."
    if whole:
        where = "The whole picture may have changed."
    return _box("done", f"<b>Done in {seconds}.</b> {where}")


def restored(complete: bool) -> str:
    """A result of before is on the page again; `complete` if its pictures are, too."""
    rest = "Run repeats the edit." if complete else "Its pictures were left out; yours are kept."
    return _box("done", f"<b>Restored.</b> Prompts and parameters are back. {rest}")


def linked() -> str:
    """The page was opened by a link."""
    return _box("done", "<b>Filled in from a link.</b> Choose your pictures and press <b>Run</b>.")


def notes(sentences: tuple[str, ...]) -> str:
    """Notes that refuse nothing; empty if there are none."""
    return "".join(_box("note", escape(sentence), role="note") for sentence in sentences)


def table(parameters: Mapping[str, str], labels: Mapping[str, str]) -> str:
    """Everything that decided a result, as a table: what the page calls it, and its name on the command line."""
    rows = "".join(
        f'<tr><th scope="row">{_called(name, labels)}</th><td>{escape(value)}</td></tr>'
        for name, value in parameters.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _called(name: str, labels: Mapping[str, str]) -> str:
    return f"{escape(labels[name])} <code>{escape(name)}</code>" if name in labels else escape(name)


def method_in_words(method: Method) -> str:
    """A method with its preset, and how far it is from that: "BARET rigid", "BARET rigid, 2 changed"."""
    preset, apart = nearest_preset(method)
    return f"{method.title} {preset}" + (f", {apart} changed" if apart else "")


def seconds_in_words(seconds: float) -> str:
    """A duration as a person says it: "4.2 s", "38 s", "2 min 5 s"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def _box(kind: str, inner: str, role: str = "status") -> str:
    return f'<div class="status {kind}" role="{role}">{inner}</div>'


def _line(stage: str, count: str, left: str = "") -> str:
    return (
        f'<div class="status-line"><b class="what">{escape(stage)}</b><span class="step">{escape(count)}</span>'
        f'<span class="left">{escape(left)}</span></div>'
    )


def _bar(fraction: float) -> str:
    percent = round(100 * min(max(fraction, 0.0), 1.0))
    return (
        f'<div class="bar" role="progressbar" aria-label="Progress of the edit" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{percent}"><div style="width:{percent}%"></div></div>'
    )


def _curve(losses: Sequence[float]) -> str:
    """BARET's loss over the steps, on a scale of powers of ten; empty before there are two."""
    levels = [math.log10(max(loss, 1e-12)) for loss in losses]
    if len(levels) < 2:
        return ""
    low, high = min(levels), max(levels)
    across, up = 100 / (len(levels) - 1), 24 / max(high - low, 1e-9)
    points = " ".join(f"{across * place:.1f},{2 + (high - level) * up:.1f}" for place, level in enumerate(levels))
    about = f"Loss of the text: {losses[0]:.2g} at first, {losses[-1]:.2g} now"
    return (
        f'<div class="curve"><svg viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label="{about}">'
        f'<polyline points="{points}" fill="none" vector-effect="non-scaling-stroke"/></svg>'
        f"<span>loss {losses[-1]:.2g}</span></div>"
    )


def other_model(made_with: str, model: ModelFacts) -> tuple[str, ...]:
    """A note if something was made with another model than the one at work."""
    if made_with == model.name:
        return ()
    return (f"It was made with the model “{made_with[:120]}”; “{model.name}” will give another picture.",)


def reference_prompt(text: str) -> tuple[str, ...]:
    """A note if the reference was inverted with a text, for which the page has no place."""
    if not text:
        return ()
    return (f"Its reference was read with the words “{text[:120]}”; this page reads it without.",)


UNKNOWN_LIMITS = "Its makers say in its model card what it may be used for, what it cannot do and how it is biased."
COLUMNS = ("Model", "For", "From", "An edit takes", "Memory", "Download", "Licence")


def model_table(cards: Sequence[ModelCard], current: str) -> str:
    """The cards as HTML; the model at work is marked, and added if it is none of them."""
    rows = [(_cells(card), card.name == current) for card in cards]
    if all(card.name != current for card in cards):
        rows.insert(0, ((current, "chosen by whoever runs this page", "", "", "", "", "its own"), True))
    head = "".join(f'<th scope="col">{name}</th>' for name in COLUMNS)
    body = "".join(_row(cells, chosen) for cells, chosen in rows)
    choice = (
        "<p>Whoever runs the page chooses the model with <code>REFEDIT_MODEL</code>: a name from <code>python -m "
        "refedit models</code>, or a folder or hub id of any Stable Diffusion 1.x or 2.x in diffusers format.</p>"
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{choice}'


def _cells(card: ModelCard) -> tuple[str, ...]:
    return (card.title, card.purpose, card.origin, card.cost, card.memory, card.download, card.licence)


def at_work(cards: Sequence[ModelCard], model: ModelFacts) -> str:
    """The model at work for all who use it: its licence, what it cannot do and how it is biased."""
    card = next((card for card in cards if card.name == model.name), None)
    licence = f"Its licence is {card.licence}." if card else "It has a licence of its own."
    sentences = (licence, card.limits if card else UNKNOWN_LIMITS)
    return f"<p><b>{escape(card.title if card else model.name)}</b> is at work. {escape(' '.join(sentences))}</p>"


def _row(cells: Sequence[str], chosen: bool) -> str:
    mark = " <b>(at work)</b>" if chosen else ""
    first = f'<th scope="row">{escape(cells[0])}{mark}</th>'
    return f"<tr>{first}{''.join(f'<td>{escape(cell)}</td>' for cell in cells[1:])}</tr>"
