"""The ways to look at a result: alone, before and after, all methods side by side; its masks and parameters."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.result import Result
from refedit.editing.result_png import write_result
from refedit.imaging.images import write_picture
from refedit.imaging.masks import Mask
from refedit.methods import parameters_of
from refedit.ui.events.handlers import Updates
from refedit.ui.state import status
from refedit.ui.view.result_column import ALL, COMPARE, RESULT, Outputs


def show_result(outputs: Outputs, result: Result, folder: Path) -> tuple[Updates, bytes]:
    """Fills in a result and everything below it, for `open_view`; also gives its PNG with inputs and parameters inside.

    If the inputs are too large for a file, only the download without them is shown.
    """
    full, bare, before = (folder / f"refedit-{result.recipe.method.name}{end}.png" for end in ("", "-bare", "-before"))
    whole = write_result(result, full)
    write_result(result, bare, inputs=False)
    if result.request is not None:
        write_picture(result.request.source, before, {})
    compared = (str(before), str(bare)) if result.request is not None else None
    about, label = (
        f"Edited picture: {result.recipe.prompt}",
        f"Result of {status.method_in_words(result.recipe.method)}",
    )
    updates: Updates = {
        outputs.preview: gr.update(visible=False),
        outputs.result: gr.update(value=str(bare), label=label, alt_text=about),
        outputs.compare: gr.update(value=compared),
        outputs.before: str(before) if compared else None,
        outputs.after: gr.Column(visible=True),
        outputs.download: gr.update(value=str(full), visible=whole),
        outputs.download_bare: str(bare),
        outputs.shown: full.read_bytes(),
    }
    return updates | _show_details(outputs, result), updates[outputs.shown]


def _show_details(outputs: Outputs, result: Result) -> Updates:
    reference = result.request.reference if result.request else None
    subject = reference.subject if reference else None
    labels = {parameter.name: parameter.label for parameter in parameters_of(type(result.recipe.method))}
    return {
        outputs.region: _mask_picture(result.pasted, "Mask: white is where the source was edited"),
        outputs.subject: _mask_picture(subject, "Mask: white is what was taken from the reference"),
        outputs.parameters: status.table(result.parameters, labels),
    }


def show_all(outputs: Outputs, results: Sequence[Result], files: Sequence[bytes]) -> Updates:
    """Shows the results of all methods side by side, each with the mask of what was edited."""
    updates: Updates = {outputs.files: tuple(files)}
    for picture, pasted, result in zip(outputs.results, outputs.pasted, results, strict=True):
        title = result.recipe.method.title
        label = status.method_in_words(result.recipe.method)  # only one method's parameters are in sight
        updates[picture] = gr.update(value=result.image, label=label, alt_text=f"Edited by {title}")
        updates[pasted] = _mask_picture(result.pasted, f"Mask: white is where {title} edited")
    return updates


def open_view(outputs: Outputs, result: Result, view: str = RESULT, several: bool = False) -> Updates:
    """Offers the ways to look at a result, one of `several` or not, and shows it in one of them.

    Gradio repeats the last answer of a generator when it has ended, which would undo what the visitor has chosen since.
    So the view of what is brought back is opened by an event of its own, before the generator that fills it in.
    """
    names = [RESULT, *([COMPARE] if result.request is not None else []), *([ALL] if several else [])]
    return show_view(outputs, view) | {outputs.view: gr.update(choices=names, value=view)}


def merged(first: Updates, second: Updates) -> Updates:
    """Both changes; of a component that both change, the properties of both."""
    return first | {part: first.get(part, {}) | change for part, change in second.items()}


def show_view(outputs: Outputs, view: str) -> Updates:
    """Shows a result in one of the ways; side by side hides what belongs to a single result."""
    places = {RESULT: outputs.result, COMPARE: outputs.compare, ALL: outputs.side_by_side}
    shown = {part: gr.update(visible=name == view) for name, part in places.items()}
    return shown | {part: gr.update(visible=view != ALL) for part in (outputs.use, outputs.details)}


def _mask_picture(mask: Mask | None, about: str) -> dict[str, Any]:
    return gr.update(value=None if mask is None else mask.to_image(), alt_text=about, visible=mask is not None)
