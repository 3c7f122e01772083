"""The choice between the kinds of edit: a large card with a picture for each method, in plain words."""

import base64
import io
from collections.abc import Mapping
from html import escape

import gradio as gr
from PIL import Image

from refedit.methods import METHODS, Method
from refedit.ui.state.kinds import Choice, card_of, choices, choices_of

Pair = tuple[Image.Image, Image.Image]
"""A picture before and after an edit."""
SIDE = 96


def draw_choice(pictures: Mapping[str, Pair]) -> gr.HTML:
    """Draws the cards; `pictures` has an edit of each method, by its name, where there is one."""
    cards = "".join(_card(method, pictures.get(name)) for name, method in METHODS.items())
    return gr.HTML(
        choices()[0].kind,
        html_template=f'<div class="kinds" role="radiogroup" aria-label="What you want to do">{cards}</div>',
        js_on_load="refedit.choice(element, props, trigger, watch)",
        apply_default_css=False,
        elem_id="kind",
    )


def _card(method: type[Method], pair: Pair | None) -> str:
    title, about = card_of(method)
    own = choices_of(method)
    first, needs, name = own[0].kind, " ".join(sorted(method.needs)), escape(method.title)
    pictures = "" if pair is None else f'<span class="pair">{"<i>&rarr;</i>".join(map(_picture, pair))}</span>'
    return f"""
<div class="kind" data-method="{method.name}" data-needs="{needs}" data-room="{own[0].room:g}">
  <label><input type="radio" name="method" value="{first}"{" checked" * (first == choices()[0].kind)}>
    {pictures}<span class="words"><b>{escape(title)}</b><span>{escape(about)}</span><small>{name}</small></span>
  </label>
  {_manners(own) if len(own) > 1 else ""}
</div>"""


def _manners(own: tuple[Choice, ...]) -> str:
    radios = "".join(
        f'<label><input type="radio" name="manner" value="{choice.kind}"{" checked" * (not number)}>'
        f"<span>{escape(choice.title)}</span></label>"
        for number, choice in enumerate(own)
    )
    return f'<div class="switch manners" role="radiogroup" aria-label="What the sentence changes">{radios}</div>'


def _picture(picture: Image.Image) -> str:
    small, file = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), io.BytesIO()
    small.save(file, format="JPEG", quality=85)
    return f'<img alt="" src="data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode("ascii")}">'
