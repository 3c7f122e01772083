"""The result's column: its buttons, the running edit, the result and the results of this visit."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.editing.request import LONGEST_PROMPT
from refedit.methods import METHODS
from refedit.ui.state import status
from refedit.ui.view.pane import switch

EVERY = "both" if len(METHODS) == 2 else "all"
RESULT, COMPARE, ALL = "Result", "Before and after", f"{EVERY.capitalize()} methods"


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Everything that shows an edit and what came of it.

    `after` holds what only exists once an edit is finished. `view` chooses between `result`, `compare` and
    `side_by_side`; `details` are about one result. In `side_by_side`, every method has a picture in `results`, its mask
    in `pasted` and a button in `choose`; `files` holds their PNGs.
    `announced` says the stage of a running edit to a screen reader.
    `before` is the source, hidden; it is shown while a key is held. `shown` is the PNG of the result at hand with
    everything inside, `history` a `History`, `pending` the PNG to be restored next.
    """

    run: gr.Button
    run_all: gr.Button
    stop: gr.Button
    status: gr.HTML
    announced: gr.HTML
    notes: gr.HTML
    preview: gr.Image
    result: gr.Image
    compare: gr.ImageSlider
    side_by_side: gr.Row
    results: tuple[gr.Image, ...]
    pasted: tuple[gr.Image, ...]
    choose: tuple[gr.Button, ...]
    before: gr.Image
    after: gr.Column
    view: gr.Radio
    use: gr.Button
    details: gr.Column
    region: gr.Image
    subject: gr.Image
    download: gr.DownloadButton
    download_bare: gr.DownloadButton
    parameters: gr.HTML
    visit: gr.Column
    strip: gr.Gallery
    restore: gr.UploadButton
    shown: gr.State
    files: gr.State
    history: gr.State
    pending: gr.State

    @property
    def all(self) -> list[Any]:
        """Every component, as a list that an event may change."""
        single = [part for part in vars(self).values() if not isinstance(part, tuple)]
        return [*single, *self.results, *self.pasted, *self.choose]


PICTURE: dict[str, Any] = {"interactive": False, "height": "auto"}
SMALL: dict[str, Any] = {"format": "png", "buttons": ["download"], "min_width": 100, **PICTURE}


KEYS = (
    "<p><kbd>Ctrl</kbd>+<kbd>Enter</kbd> runs, <kbd>Esc</kbd> stops, <kbd>Ctrl</kbd>+<kbd>V</kbd> pastes a picture, "
    "holding <kbd>O</kbd> in the Result view shows the original. On a mask: <kbd>B</kbd> brush, <kbd>E</kbd> eraser, "
    "<span class='together'><kbd>[</kbd> <kbd>]</kbd> size</span>, "
    "<kbd>Ctrl</kbd>+<kbd>Z</kbd> undo, <kbd>X</kbd> swaps + and \N{MINUS SIGN} of clicks.</p>"
)
"""The keys that `keys.js` listens to."""


def draw_reading(name: str) -> gr.HTML:
    """The line under a prompt that says how the model reads it."""
    return gr.HTML("", elem_id=name, elem_classes="hint", visible=False)


def draw_result(info: str, comparable: bool) -> tuple[gr.Textbox, gr.HTML, Outputs]:
    """The column's parts; `info` tells how to write the prompt, `comparable` whether its inputs serve all methods."""
    prompt = gr.Textbox(
        label="Target prompt: the picture you want",
        info=info,
        placeholder="a striped mug on a table",
        elem_id="prompt",
        lines=2,
        max_length=LONGEST_PROMPT,
    )
    reading = draw_reading("reading")
    with gr.Row(elem_id="buttons"):
        run = gr.Button("Run", variant="primary", elem_id="run", min_width=100)
        run_all = gr.Button(f"Run {EVERY} methods", elem_id="run-both", min_width=80, visible=comparable, scale=0)
        stop = gr.Button("Stop", variant="stop", elem_id="stop", interactive=False, min_width=80, scale=0)
    gr.HTML(KEYS, elem_id="keys", elem_classes="hint")
    progress = gr.HTML(status.ready(), elem_id="status")
    announced = gr.HTML("", elem_id="announced")
    notes = gr.HTML("", elem_id="notes", visible=False)
    parts: dict[str, Any] = _draw_pictures() | _draw_after() | _draw_visit()
    parts |= {name: gr.State(value, time_to_live=3600) for name, value in _STATES.items()}
    messages: dict[str, Any] = {"status": progress, "announced": announced, "notes": notes}
    return prompt, reading, Outputs(run=run, run_all=run_all, stop=stop, **messages, **parts)


_STATES: dict[str, Any] = {"shown": None, "files": (), "history": (), "pending": None}


def _draw_pictures() -> dict[str, Any]:
    preview = gr.Image(label="Preview", format="jpeg", elem_id="preview", visible=False, buttons=[], **PICTURE)
    result = gr.Image(label="Result", format="png", elem_id="result", buttons=["fullscreen"], **PICTURE)
    compare = gr.ImageSlider(
        label="Before and after: drag the line",
        format="png",
        elem_id="compare",
        interactive=False,
        visible=False,
        buttons=["fullscreen"],
    )
    with gr.Row(visible=False, elem_id="both") as side_by_side:
        columns = [_draw_one_of_all(name, method.title) for name, method in METHODS.items()]
    results, pasted, choose = zip(*columns, strict=True)
    before = gr.Image(format="png", elem_id="before", alt_text="The source", interactive=False, visible="hidden")
    pictures = {
        "preview": preview,
        "result": result,
        "compare": compare,
        "side_by_side": side_by_side,
        "before": before,
    }
    return pictures | {"results": results, "pasted": pasted, "choose": choose}


def _draw_one_of_all(name: str, title: str) -> tuple[gr.Image, gr.Image, gr.Button]:
    with gr.Column(min_width=100):
        picture = gr.Image(label=title, format="png", elem_id=f"both-{name}", buttons=["fullscreen"], **PICTURE)
        choose = gr.Button(f"Go on with {title}", size="sm", elem_id=f"choose-{name}")
        pasted = gr.Image(label=f"Where {title} edited", elem_id=f"used-{name}", elem_classes="small", **SMALL)
    return picture, pasted, choose


def _draw_after() -> dict[str, Any]:
    """What is shown below a finished result."""
    with gr.Column(visible=False, elem_id="after") as after:
        with gr.Row(elem_classes="tools"):
            view = switch([RESULT, COMPARE], "What to look at", "view")
            use = gr.Button("Use as source", size="sm", elem_id="use", min_width=80)
        with gr.Column(elem_id="details") as details:
            parts = _draw_details()
    return parts | {"after": after, "view": view, "use": use, "details": details}


def _draw_details() -> dict[str, Any]:
    """The masks, downloads and parameters of the one result that is shown."""
    with gr.Row(elem_id="masks"):
        region = gr.Image(label="Where it was edited", elem_id="region-used", **SMALL)
        subject = gr.Image(label="What was taken", elem_id="subject-used", **SMALL)
    with gr.Row(elem_id="downloads"):
        full = gr.DownloadButton("Download", elem_id="download", size="md", min_width=160)
        bare = gr.DownloadButton("Download without inputs", elem_id="download-bare", size="md", min_width=120)
    gr.HTML(
        "<p>The download carries your pictures, masks and parameters, so that it can be restored below.</p>",
        elem_classes="hint",
    )
    with gr.Accordion("All parameters of this result", open=False, elem_id="result-parameters"):
        parameters = gr.HTML("")
    downloads = {"download": full, "download_bare": bare}
    return downloads | {"region": region, "subject": subject, "parameters": parameters}


def _draw_visit() -> dict[str, Any]:
    """The earlier results of this visit, and the button that restores a downloaded one."""
    with gr.Column(visible=False, elem_id="visit") as visit:
        strip = gr.Gallery(
            label="This visit: click a result to bring it back",
            elem_id="history",
            columns=5,
            height="auto",
            object_fit="cover",
            allow_preview=False,
            interactive=False,
            buttons=[],
        )
    restore = gr.UploadButton("Restore a downloaded result", elem_id="restore", size="sm", file_types=[".png"])
    return {"visit": visit, "strip": strip, "restore": restore}
