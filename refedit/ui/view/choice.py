"""The choice between the kinds of edit: two large cards with a picture each, in plain words."""

import base64
import io
from collections.abc import Mapping
from html import escape

import gradio as gr
from PIL import Image

from refedit.methods import METHODS
from refedit.ui.state.kinds import CHOICES, Choice, Kind

Pair = tuple[Image.Image, Image.Image]
"""A picture before and after an edit."""
SIDE = 96

CARDS: Mapping[str, tuple[str, str]] = {
    "specref": ("Swap a thing", "for the one in another picture"),
    "baret": ("Change it by a sentence", "pose \N{MIDDLE DOT} colour, background, style"),
}
"""What a method's card says."""


def draw_choice(pictures: Mapping[str, Pair]) -> gr.HTML:
    """Draws the cards; `pictures` has an edit of each method, by its name, where there is one."""
    cards = "".join(_card(name, pictures.get(name)) for name in METHODS)
    return gr.HTML(
        CHOICES[0].kind.value,
        html_template=f'<div class="kinds" role="radiogroup" aria-label="What you want to do">{cards}</div>',
        js_on_load="refedit.choice(element, props, trigger, watch)",
        apply_default_css=False,
        elem_id="kind",
    )


def _card(method: str, pair: Pair | None) -> str:
    title, about = CARDS[method]
    own = [choice for choice in CHOICES if choice.method == method]
    first, name, room = own[0].kind, METHODS[method].title, own[0].room
    pictures = "" if pair is None else f'<span class="pair">{"<i>&rarr;</i>".join(map(_picture, pair))}</span>'
    return f"""
<div class="kind" data-method="{method}" data-room="{room:g}">
  <label><input type="radio" name="method" value="{first}"{" checked" * (first == Kind.SWAP)}>
    {pictures}<span class="words"><b>{escape(title)}</b><span>{escape(about)}</span><small>{escape(name)}</small></span>
  </label>
  {_manners(own) if len(own) > 1 else ""}
</div>"""


def _manners(choices: list[Choice]) -> str:
    radios = "".join(
        f'<label><input type="radio" name="manner" value="{choice.kind}"{" checked" * (not number)}>'
        f"<span>{escape(choice.title)}</span></label>"
        for number, choice in enumerate(choices)
    )
    return f'<div class="switch manners" role="radiogroup" aria-label="What the sentence changes">{radios}</div>'


def _picture(picture: Image.Image) -> str:
    small, file = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), io.BytesIO()
    small.save(file, format="JPEG", quality=85)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode("ascii")}">'
