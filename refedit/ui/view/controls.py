"""The controls of a method's parameters, built from its knobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.methods import Knob, knobs, settings_of
from refedit.ui.handlers import UI_ONLY

FINEST_SLIDER = 1000
"""A parameter with more steps than this is typed, since no hand can hit them with a slider."""


@dataclass(frozen=True, kw_only=True)
class Controls:
    """One method's controls: a panel with a preset, a reset button and one component for each knob, in order."""

    method: type[Any]  # of Method; the shape checks of the tests cannot see that a class fits a protocol with data
    panel: gr.Column
    preset: gr.Dropdown
    reset: gr.Button
    components: tuple[Component, ...]

    def settings(self, values: Sequence[Any]) -> dict[str, Any]:
        """The parameters by name, from the components' values in order."""
        return {knob.name: value for knob, value in zip(knobs(self.method), values, strict=True)}


def build_controls(method: type[Any], visible: bool) -> Controls:
    """Draws the controls of a method, set to its default preset."""
    names = list(method.presets())
    preset_values = preset_settings(method, names[0])
    with gr.Column(visible=visible, elem_classes="controls") as panel:
        with gr.Row(elem_classes="preset"):
            about = {"label": "Preset", "info": method.presets_help, "elem_id": f"{method.name}-preset"}
            preset = gr.Dropdown(names, value=names[0], min_width=120, **about)
            reset = gr.Button("Reset to preset", size="sm", elem_id=f"{method.name}-reset", min_width=120)
        drawn = _draw(method, [knob for knob in knobs(method) if not knob.advanced], preset_values)
        advanced = [knob for knob in knobs(method) if knob.advanced]
        if advanced:
            with gr.Accordion("Advanced parameters", open=False, elem_id=f"{method.name}-advanced"):
                drawn |= _draw(method, advanced, preset_values)
    components = tuple(drawn[knob.name] for knob in knobs(method))
    controls = Controls(method=method, panel=panel, preset=preset, reset=reset, components=components)
    _connect(controls)
    return controls


def preset_settings(method: type[Any], preset: str) -> dict[str, Any]:
    """Every parameter's value in a preset."""
    return settings_of(method.presets()[preset])


def _draw(method: type[Any], chosen: Sequence[Knob], values: dict[str, Any]) -> dict[str, Component]:
    with gr.Row(elem_classes="knobs"):
        return {knob.name: _component(method, knob, values[knob.name]) for knob in chosen}


def _component(method: type[Any], knob: Knob, value: Any) -> Component:
    common: dict[str, Any] = {
        "value": value,
        "label": knob.label,
        "info": knob.help,
        "elem_id": f"{method.name}-{knob.name}",
        "min_width": 200,
        "interactive": True,
    }
    if knob.choices:
        return gr.Dropdown(list(knob.choices), **common)
    if knob.kind is bool:
        return gr.Checkbox(**common)
    if knob.kind is str:
        return gr.Textbox(**common)
    if knob.low is None or knob.high is None or knob.step is None or (knob.high - knob.low) / knob.step > FINEST_SLIDER:
        # Without bounds: Gradio's own refusal would end the run before `with_settings` can say what is wrong.
        return gr.Number(precision=0 if knob.kind is int else None, **common)
    return gr.Slider(knob.low, knob.high, step=knob.step, buttons=[], **common)


def _connect(controls: Controls) -> None:
    def apply(preset: str) -> list[Any]:
        return list(preset_settings(controls.method, preset).values())

    outputs = list(controls.components)
    controls.preset.input(apply, controls.preset, outputs, **UI_ONLY)
    controls.reset.click(apply, controls.preset, outputs, **UI_ONLY)
