"""The results that are stored with the page's examples: what the built-in model makes of them with the defaults."""

import json
from pathlib import Path
from typing import Any

from refedit.editing.editor import Editor
from refedit.editing.request import EditRequest, Finished, Reference
from refedit.imaging.images import read_mask, read_picture
from refedit.methods import method_of
from refedit.models import BUILTIN, load_model


def write_results(folder: Path) -> None:
    """Edits every example of a folder on the CPU, and writes the results into its table and beside its pictures."""
    table = folder / "examples.json"
    rows = json.loads(table.read_text(encoding="utf-8"))
    editor = Editor(load_model(BUILTIN, "cpu"))
    for row in rows:
        row["result"] = Path(row["source"]).stem + "-result.png"
        (finished,) = (event for event in editor.edit(request_of(row, folder)) if isinstance(event, Finished))
        finished.image.save(folder / row["result"], optimize=True)
    table.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def request_of(row: dict[str, Any], folder: Path) -> EditRequest:
    """The edit that a row of an examples' table asks for."""
    reference = None
    if "reference" in row:
        subject = read_mask(folder / row["subject"]) if "subject" in row else None
        reference = Reference(image=read_picture(folder / row["reference"]), subject=subject)
    return EditRequest(
        method=method_of(row["method"], row["preset"], row["settings"]),
        source=read_picture(folder / row["source"]),
        prompt=row["prompt"],
        source_prompt=row.get("source_prompt", ""),
        region=read_mask(folder / row["region"]) if "region" in row else None,
        reference=reference,
    )
