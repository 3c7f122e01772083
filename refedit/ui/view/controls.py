"""The controls of a method's parameters, built from its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.methods import Method, Parameter, parameters_of, values_of
from refedit.ui.handlers import UI_ONLY

FINEST_SLIDER = 1000
"""A parameter with more steps than this is typed, since no hand can hit them with a slider."""


@dataclass(frozen=True, kw_only=True)
class Controls:
    """One method's controls: a panel with a preset, a reset button and one component for each item, in order."""

    method: type[Method]
    panel: gr.Column
    preset: gr.Dropdown
    reset: gr.Button
    components: tuple[Component, ...]

    def settings(self, values: Sequence[Any]) -> dict[str, Any]:
        """The parameters by name, from the components' values in order."""
        return {item.name: value for item, value in zip(parameters_of(self.method), values, strict=True)}


def build_controls(method: type[Method], visible: bool) -> Controls:
    """Draws the controls of a method, set to its default preset."""
    names = list(method.presets())
    preset_values = preset_settings(method, names[0])
    with gr.Column(visible=visible, elem_classes="controls") as panel:
        with gr.Row(elem_classes="preset"):
            about: dict[str, Any] = {"label": "Preset", "info": method.presets_help, "elem_id": f"{method.name}-preset"}
            preset = gr.Dropdown(names, value=names[0], min_width=120, **about)
            reset = gr.Button("Reset to preset", size="sm", elem_id=f"{method.name}-reset", min_width=120)
        drawn = _draw(method, [item for item in parameters_of(method) if not item.advanced], preset_values)
        advanced = [item for item in parameters_of(method) if item.advanced]
        if advanced:
            with gr.Accordion("Advanced parameters", open=False, elem_id=f"{method.name}-advanced"):
                drawn |= _draw(method, advanced, preset_values)
    components = tuple(drawn[item.name] for item in parameters_of(method))
    controls = Controls(method=method, panel=panel, preset=preset, reset=reset, components=components)
    _connect(controls)
    return controls


def preset_settings(method: type[Method], preset: str) -> dict[str, Any]:
    """Every parameter's value in a preset."""
    return values_of(method.presets()[preset])


def _draw(method: type[Method], chosen: Sequence[Parameter], values: dict[str, Any]) -> dict[str, Component]:
    with gr.Row(elem_classes="parameters"):
        return {item.name: _component(method, item, values[item.name]) for item in chosen}


def _component(method: type[Method], item: Parameter, value: Any) -> Component:
    common: dict[str, Any] = {
        "value": value,
        "label": item.label,
        "info": item.help,
        "elem_id": f"{method.name}-{item.name}",
        "min_width": 200,
        "interactive": True,
    }
    if item.choices:
        return gr.Dropdown(list(item.choices), **common)
    if item.kind is bool:
        return gr.Checkbox(**common)
    if item.kind is str:
        return gr.Textbox(**common)
    if item.low is None or item.high is None or item.step is None or (item.high - item.low) / item.step > FINEST_SLIDER:
        # Without bounds: Gradio's own refusal would end the run before `with_values` can say what is wrong.
        return gr.Number(precision=0 if item.kind is int else None, **common)
    return gr.Slider(item.low, item.high, step=item.step, buttons=[], **common)


def _connect(controls: Controls) -> None:
    def apply(preset: str) -> list[Any]:
        return list(preset_settings(controls.method, preset).values())

    outputs = list(controls.components)
    controls.preset.input(apply, controls.preset, outputs, **UI_ONLY)
    controls.reset.click(apply, controls.preset, outputs, **UI_ONLY)
