"""The pane of one picture: an own canvas with one set of tools, drawn and wired in the browser by `pane.js`.

Gradio's editor was used before. Its tools stood beside ours, its mask hid what it marked, and it had no box and no
outline; an own canvas is redrawn only when something changes, which leaves a browser without a GPU idle.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from refedit.ui.state.kinds import choices

ROOM = {"source": choices()[0].room, "reference": 0.0}
"""The room round a clicked thing at first, in per cent of the picture's longer side: what is taken needs none."""

LARGEST_ROOM = 15

TOOLS = {
    "click": ("Click", "Click on a thing (C)"),
    "brush": ("Brush", "Paint (B)"),
    "box": ("Box", "Draw a box (R)"),
}
OPERATIONS = {"grow": "Grow", "shrink": "Shrink", "soften": "Soften edge", "invert": "Invert"}


@dataclass(frozen=True, kw_only=True)
class Pane:
    """A picture with its mask on the page; the canvas's value is as `read_canvas` takes it."""

    name: str
    canvas: gr.HTML


def draw_pane(
    name: str, title: str, hint: str, answers: Mapping[str, Callable[[Any], Any]], visible: bool = True
) -> Pane:
    """Draws the pane of a picture that errors call `name`; `answers` are asked by the canvas, by their names."""
    canvas = gr.HTML(
        {"picture": None, "mask": ""},
        html_template=_template(name, title, hint),
        js_on_load="refedit.pane(element, props, trigger, server, upload, watch)",
        server_functions=list(answers.values()),
        apply_default_css=False,
        elem_id=name,
        elem_classes="pane-block",
        visible=visible,
    )
    return Pane(name=name, canvas=canvas)


def _template(name: str, title: str, hint: str) -> str:
    return f"""
<section class="pane" data-name="{name}" data-room="{ROOM[name]}" aria-label="{title}">
  <h2>{title} <small>{hint}</small>
    <button type="button" class="other" title="Choose another picture">Choose&hellip;</button></h2>
  <div class="well">
    <button type="button" class="empty">
      <b>Choose a picture</b><span>or drop or paste one here</span>
    </button>
    <canvas class="view" role="img" tabindex="-1" aria-label="{title}"></canvas>
    <input class="file" type="file" accept="image/*" aria-label="{title}: choose a picture" tabindex="-1">
  </div>
  <div class="tools" role="toolbar" aria-label="Tools for the {name}">
    {_switch(name)}
    <button type="button" class="sign" aria-pressed="false" title="Take away instead of adding (X)">
      Take away</button>
    <button type="button" class="undo" title="Undo (Ctrl+Z)" aria-label="Undo">&#8630;</button>
    <button type="button" class="open-more" aria-expanded="false" aria-controls="{name}-more">More</button>
    <label class="range room-line">Room round it
      <input class="room" type="range" min="0" max="{LARGEST_ROOM}" step="0.5" value="{ROOM[name]:g}"><output></output>
    </label>
  </div>
  <p class="note" role="status"></p>
  {_more(name)}
</section>"""


def _switch(name: str) -> str:
    radios = "".join(
        f'<label title="{about}"><input type="radio" name="{name}-tool" value="{tool}"{" checked" * (tool == "click")}>'
        f"<span>{label}</span></label>"
        for tool, (label, about) in TOOLS.items()
    )
    return f'<div class="switch" role="radiogroup" aria-label="Tool for the {name}">{radios}</div>'


def _more(name: str) -> str:
    operations = "".join(
        f'<button type="button" data-operation="{operation}">{label}</button>'
        for operation, label in OPERATIONS.items()
    )
    return f"""
  <div class="more" id="{name}-more" hidden>
    <label class="range"><span>Size of the brush <kbd>[</kbd> <kbd>]</kbd></span>
      <input class="size" type="range" min="1" max="30" step="0.5" value="6"><output></output>
    </label>
    <div class="row">{operations}<button type="button" class="clear">Clear</button></div>
    <form class="row find"><label>Find a thing by its word <input class="word" type="text" maxlength="60"></label>
      <button type="submit">Find it</button></form>
    <form class="row typed"><label>Click by typing X,Y (X,Y,- takes away)
      <input class="place" type="text" maxlength="40" placeholder="such as 120,80"></label>
      <button type="submit">Click there</button></form>
    <div class="row"><button type="button" class="mask-file">Mask from a file</button>
      <button type="button" class="remove">Remove the picture</button>
      <button type="button" class="large">Large</button></div>
    <input class="mask-input" type="file" accept="image/*" aria-label="Choose a mask" tabindex="-1">
  </div>"""
