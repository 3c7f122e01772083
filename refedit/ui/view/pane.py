"""The pane of one picture: brush or clicks, and everything else that changes its mask. Nothing here reacts.

One own 2D canvas for brush and clicks was tried instead of handing the mask over between Gradio's editor and a click
pane. In Chromium without a GPU, on two busy cores and a 1024 px picture, a frame of a stroke took it 67 to 83 ms, the
editor 233 to 283 ms; on a touch screen, one finger paints without scrolling on either. The editor stays: its masks are
exact, and zoom, pan, redo and full screen would have to be written and kept up for a threefold gain there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.imaging.masks import Mask
from refedit.ui.view.mask_editor import painted_picture

BRUSH_TOOL, CLICK_TOOL = "Brush", "Click"
ADD, REMOVE = "add", "remove"

OPERATIONS: dict[str, Callable[[Mask], Mask]] = {
    "Invert": Mask.invert,
    "Grow": lambda mask: mask.grow(reach(mask)),
    "Shrink": lambda mask: mask.grow(-reach(mask)),
    "Soften edge": lambda mask: mask.feather(reach(mask)),
}
"""What the buttons below a picture do with its mask."""


def reach(mask: Mask) -> int:
    """The pixels by which a button grows, shrinks or softens: as much of every picture."""
    return max(1, round(max(mask.size) / 100))


@dataclass(frozen=True, kw_only=True)
class Pane:
    """A picture with its mask on the page.

    Whichever of `editor` and `clicker` the `tool` shows has the mask; the other one is filled when it is shown.
    `canvas` is what the editor lies in, to be hidden in its place. `document` holds a `MaskDocument` or None.
    """

    name: str
    canvas: gr.Column
    editor: gr.ImageEditor
    clicker: gr.Image
    tool: gr.Radio
    clicking: gr.Row
    sign: gr.Radio
    next_thing: gr.Button
    undo: gr.Button
    clear: gr.Button
    operations: dict[str, gr.Button]
    mask_file: gr.UploadButton
    picture_file: gr.UploadButton
    places: gr.Textbox
    select_places: gr.Button
    word: gr.Textbox
    find: gr.Button
    hint: gr.Markdown
    document: gr.State

    @property
    def inputs(self) -> list[Any]:
        """The components that say what the picture and its mask are, as `pane_document` takes them."""
        return [self.tool, self.editor, self.document]

    @property
    def outputs(self) -> list[Any]:
        """The components that `show_document` changes."""
        return [self.tool, self.canvas, self.editor, self.clicker, self.clicking, self.document]


def draw_pane(name: str, placeholder: str, hint: str) -> Pane:
    """Draws the pane of a picture that the page calls `name`."""
    with gr.Column(elem_classes="canvas") as canvas:
        editor = painted_picture(label=f"{name.capitalize()} picture", placeholder=placeholder, elem_id=name)
    clicker = gr.Image(
        label=f"{name.capitalize()} picture: click on a thing",
        alt_text=f"The {name} picture with its mask; click on a thing to select it",
        elem_id=f"{name}-clicker",
        elem_classes="clicker",
        format="png",
        interactive=False,
        visible=False,
        buttons=[],
    )
    tools = _draw_tools(name)
    gr.HTML('<p role="status"></p>', elem_id=f"{name}-note", elem_classes="hint upload-note")  # written by uploads.js
    shown_hint = gr.Markdown(hint, elem_id=f"{name}-hint", elem_classes="hint")
    with gr.Accordion("More mask tools", open=False, elem_id=f"{name}-more", elem_classes="more"):
        more = _draw_more(name)
    document = gr.State(None, time_to_live=3600)
    shown: dict[str, Any] = {"canvas": canvas, "editor": editor, "clicker": clicker, "hint": shown_hint}
    return Pane(name=name, document=document, **shown, **tools, **more)


def _draw_tools(name: str) -> dict[str, Any]:
    """The line below the picture, and the one of the click tool, by the names of `Pane`."""
    with gr.Row(elem_classes="tools"):
        tool = switch([BRUSH_TOOL, CLICK_TOOL], f"Tool for the {name}", f"{name}-tool")
        undo, clear = _small("Undo", f"{name}-undo"), _small("Clear", f"{name}-clear")
    with gr.Row(elem_classes="tools", visible=False) as clicking:
        signs = [("+ add what I click", ADD), ("\N{MINUS SIGN} remove it", REMOVE)]
        sign = switch(signs, "What a click does", f"{name}-sign")
        next_thing = _small("Next thing", f"{name}-next")
    shown = {"tool": tool, "undo": undo, "clear": clear}
    return shown | {"clicking": clicking, "sign": sign, "next_thing": next_thing}


def _draw_more(name: str) -> dict[str, Any]:
    """What is folded away, by the names of `Pane`."""
    with gr.Row(elem_classes="operations"):
        operations = {label: _small(label, f"{name}-{label.split()[0].lower()}") for label in OPERATIONS}
    with gr.Row(elem_classes="operations"):
        files: dict[str, Any] = {"size": "sm", "file_types": ["image"], "min_width": 120}
        mask_file = gr.UploadButton("Mask from a file", elem_id=f"{name}-mask-file", **files)
        picture_file = gr.UploadButton("Picture from a file", elem_id=f"{name}-picture-file", **files)
    word = gr.Textbox(
        label="Find a thing by its word",
        info="One word for the thing, such as cat.",
        elem_id=f"{name}-word",
        max_length=60,
    )
    find = _small("Find it", f"{name}-find")
    places = gr.Textbox(
        label="Select by typing",
        info="A place X,Y per line in pixels from the top left; X,Y,- takes away.",
        placeholder="120,80\n40,200,-",
        lines=2,
        elem_id=f"{name}-places",
    )
    select_places = _small("Select these places", f"{name}-select-places")
    return {
        "operations": operations,
        "mask_file": mask_file,
        "picture_file": picture_file,
        "places": places,
        "select_places": select_places,
        "word": word,
        "find": find,
    }


def switch(choices: list[Any], label: str, elem_id: str) -> gr.Radio:
    """A choice of one among a few, drawn as one control."""
    first = choices[0] if isinstance(choices[0], str) else choices[0][1]
    return gr.Radio(
        choices,
        value=first,
        label=label,
        elem_id=elem_id,
        elem_classes="switch",
        container=False,
        min_width=80,
    )


def _small(text: str, elem_id: str) -> gr.Button:
    return gr.Button(text, size="sm", min_width=60, elem_id=elem_id)
