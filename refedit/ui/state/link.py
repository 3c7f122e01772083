"""A link carries method, preset, changed parameters, prompts and the model's name; never pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from refedit.editing.request import LONGEST_PROMPT
from refedit.errors import EditError
from refedit.methods import METHODS, Method, parameters_of, values_of, with_values
from refedit.ui.state.form import PROMPTS, Form

FIXED = ("method", "preset", "model", *PROMPTS)
"""The names that a link may hold besides those of the method's parameters."""

OURS = {*FIXED, *(parameter.name for method in METHODS.values() for parameter in parameters_of(method))}
"""A link has at least one of these names; an address with none of them is no link of ours."""

NOT_OURS = ("view", "deep_link", "example")
"""Names in the address that say nothing of a form: Gradio's, as is everything that begins with two underscores, and the
name of an example, whose pictures the page fills in."""

MOST_NOTES = 3


@dataclass(frozen=True, kw_only=True)
class Link:
    """What a link fills in, the model it was made with ("" if it names none), and notes on what did not fit."""

    form: Form
    model: str
    notes: tuple[str, ...]


def query_of(form: Form, model: str) -> str:
    """The part of a link after the question mark; EditError if a parameter does not fit."""
    method, preset = form.chosen(), METHODS[form.method].presets()[form.preset]
    carried = {"method": form.method, "preset": form.preset, "model": model}
    carried |= {name: getattr(form, name) for name in PROMPTS}
    return urlencode({name: value for name, value in carried.items() if value} | _different(method, preset))


def _different(method: Method, preset: Method) -> dict[str, str]:
    names = [parameter.name for parameter in parameters_of(type(method))]
    return {name: str(getattr(method, name)) for name in names if getattr(method, name) != getattr(preset, name)}


def read_link(query: Mapping[str, str]) -> Link | None:
    """What a link asks for, without what does not fit; None if the address carries nothing of ours."""
    asked = {name: text for name, text in query.items() if not name.startswith("__") and name not in NOT_OURS}
    if not OURS & asked.keys():
        return None
    notes: list[str] = []
    name = _named(asked, "method", tuple(METHODS), notes)
    preset = _named(asked, "preset", tuple(METHODS[name].presets()), notes)
    prompts: dict[str, Any] = {prompt: _sentence(asked.get(prompt, ""), notes) for prompt in PROMPTS}
    values = {parameter: text for parameter, text in asked.items() if parameter not in FIXED}
    method = _changed(METHODS[name].presets()[preset], values, notes)
    form = Form(method=name, preset=preset, values=values_of(method), **prompts)
    return Link(form=form, model=asked.get("model", ""), notes=_few(notes))


def _named(asked: Mapping[str, str], what: str, known: tuple[str, ...], notes: list[str]) -> str:
    """The name in the link if it is known, else the first known one."""
    name = asked.get(what, known[0])
    if name in known:
        return name
    notes.append(f"The link asks for the {what} “{name[:60]}”, which is not here; “{known[0]}” stands in for it.")
    return known[0]


def _sentence(text: str, notes: list[str]) -> str:
    if len(text) > LONGEST_PROMPT:
        notes.append(f"A prompt of the link is longer than {LONGEST_PROMPT} characters; its end was cut off.")
    return text[:LONGEST_PROMPT]


def _changed(method: Method, values: Mapping[str, str], notes: list[str]) -> Method:
    known = {parameter.name for parameter in parameters_of(type(method))}
    for name, text in values.items():
        if name not in known:
            notes.append(f"The link names “{name[:60]}”, which {method.title} does not have; it was left out.")
            continue
        try:
            method = with_values(method, {name: text[:LONGEST_PROMPT]})
        except EditError as error:
            notes.append(f"{str(error)[:300]} The link's value was left out.")
    return method


def _few(notes: list[str]) -> tuple[str, ...]:
    more = len(notes) - MOST_NOTES
    return tuple(notes) if more <= 0 else (*notes[:MOST_NOTES], f"The link holds {more} more things that do not fit.")
