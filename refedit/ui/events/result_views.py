"""What the stage shows, as plain values: a preview, finished results, the stored result of an example."""

import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from refedit.editing.request import Preview
from refedit.editing.result import Result
from refedit.editing.result_png import write_result
from refedit.imaging.images import write_picture
from refedit.imaging.masks import Mask
from refedit.methods import nearest_preset, parameters_of
from refedit.ui.state import status
from refedit.ui.state.examples import Example
from refedit.ui.state.kinds import kind_of
from refedit.ui.state.picture_with_mask import file_at, spelled, to_file

Stage = dict[str, Any]
"""`shows` is "", "preview", "results" or "example"; `run` tells one run's results from another's."""


def show_preview(event: Preview, run: str, results: Sequence[dict[str, Any]], told: str) -> Stage:
    """A look at the edit under way, beside those of the same run that are finished."""
    file = io.BytesIO()
    event.image.save(file, format="JPEG", quality=85)
    address = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")
    label = f"Preview, step {event.step} of {event.of}"
    return {"shows": "preview", "run": run, "preview": {"url": address, "alt": label}, "results": results, "told": told}


def show_results(results: Sequence[dict[str, Any]], inputs: dict[str, Any], run: str, told: str) -> Stage:
    """The results of a run, and the `show_inputs` that they share."""
    return {"shows": "results", "run": run, "results": [*results], "told": told} | inputs


def show_result(result: Result, folder: Path, label: str) -> dict[str, Any]:
    """One result, its downloads, masks and parameters.

    If the inputs are too large for a file, there is only the download without them.
    """
    stem = "-".join(["refedit", *re.findall(r"\w+(?:\.\w+)*", label)])  # what a download is called
    full, bare = (folder / f"{stem}{end}.png" for end in ("", "-bare"))
    whole = write_result(result, full)
    write_result(result, bare, inputs=False)
    reference = result.request.reference if result.request else None
    labels = {parameter.name: parameter.told for parameter in parameters_of(type(result.recipe.method))}
    return {
        "image": file_at(bare),
        "full": file_at(full) if whole else None,
        "label": label,
        "about": f"{status.method_in_words(result.recipe.method)}: {result.recipe.prompt}",
        "kind": kind_of(result.recipe.method.name, nearest_preset(result.recipe.method)[0]),
        "region": _mask_picture(result.pasted),
        "subject": _mask_picture(reference.subject if reference else None),
        "parameters": status.table(result.parameters, labels),
    }


def show_inputs(result: Result, folder: Path) -> dict[str, Any]:
    """The source and the reference, to be compared with a result."""
    if (request := result.request) is None:
        return {"before": None, "reference": None}
    before = folder / f"before-{id(result):x}.png"
    write_picture(request.source, before, {})
    return {
        "before": file_at(before),
        "reference": to_file(request.reference.image, folder) if request.reference else None,
    }


def show_example(example: Example, folder: Path) -> Stage:
    """The stored result of an example; the empty stage if it has none."""
    if example.result is None:
        return {"shows": "", "run": "", "results": []}
    form = example.form()
    assert form.source is not None
    shown = {"image": to_file(example.result, folder), "full": None, "label": example.title, "about": form.prompt}
    return {
        "shows": "example",
        "run": f"example {example.title}",
        "results": [shown],
        "before": to_file(form.source.picture, folder),
        "reference": to_file(form.reference.picture, folder) if form.reference else None,
        "told": "made earlier",
    }


def no_notes() -> gr.HTML:
    return gr.HTML("", visible=False)


def _mask_picture(mask: Mask | None) -> str:
    """A mask as the address of a picture, white inside; "" for none."""
    return "" if mask is None else spelled(mask)
