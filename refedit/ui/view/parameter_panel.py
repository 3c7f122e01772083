"""The panel of a method's parameters: a preset, a reset button, and one component for each parameter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.methods import Method, Parameter, parameters_of, values_of

FINEST_SLIDER = 1000
"""A parameter with more steps than this is typed, since no hand can hit them with a slider."""


@dataclass(frozen=True, kw_only=True)
class ParameterPanel:
    """One method's panel; `components` are in the order of its parameters."""

    method: type[Method]
    panel: gr.Column
    preset: gr.Dropdown
    reset: gr.Button
    components: tuple[Component, ...]

    def values(self, of: Mapping[Component, Any]) -> dict[str, Any]:
        """The parameters by name, from the values of all components of the page."""
        pairs = zip(parameters_of(self.method), self.components, strict=True)
        return {parameter.name: of[component] for parameter, component in pairs}

    def filled(self, values: Mapping[str, Any]) -> dict[Component, Any]:
        """What shows these parameters, given by name."""
        pairs = zip(parameters_of(self.method), self.components, strict=True)
        return {component: values[parameter.name] for parameter, component in pairs}


def draw_panel(method: type[Method], visible: bool) -> ParameterPanel:
    """Draws the panel of a method, set to its default preset."""
    presets, parameters = method.presets(), parameters_of(method)
    first = next(iter(presets))
    with gr.Column(visible=visible, elem_classes="parameter-panel") as panel:
        with gr.Row(elem_classes="preset"):
            about: dict[str, Any] = {"label": "Preset", "info": method.presets_help, "elem_id": f"{method.name}-preset"}
            preset = gr.Dropdown(list(presets), value=first, min_width=120, **about)
            reset = gr.Button("Reset to preset", size="sm", elem_id=f"{method.name}-reset", min_width=120)
        values = values_of(presets[first])
        drawn = _draw(method, [parameter for parameter in parameters if not parameter.advanced], values)
        advanced = [parameter for parameter in parameters if parameter.advanced]
        if advanced:
            with gr.Accordion("Advanced parameters", open=False, elem_id=f"{method.name}-advanced"):
                drawn |= _draw(method, advanced, values)
    components = tuple(drawn[parameter.name] for parameter in parameters)
    return ParameterPanel(method=method, panel=panel, preset=preset, reset=reset, components=components)


def _draw(method: type[Method], parameters: Sequence[Parameter], values: dict[str, Any]) -> dict[str, Component]:
    with gr.Row(elem_classes="parameters"):
        return {parameter.name: _component(method, parameter, values[parameter.name]) for parameter in parameters}


def _component(method: type[Method], parameter: Parameter, value: Any) -> Component:
    common: dict[str, Any] = {
        "value": value,
        "label": parameter.label,
        "info": parameter.help,
        "elem_id": f"{method.name}-{parameter.name}",
        "min_width": 200,
        "interactive": True,
    }
    if parameter.choices:
        return gr.Dropdown(list(parameter.choices), **common)
    if parameter.kind is bool:
        return gr.Checkbox(**common)
    if parameter.kind is str:
        return gr.Textbox(**common)
    low, high, step = parameter.low, parameter.high, parameter.step
    if low is None or high is None or step is None or (high - low) / step > FINEST_SLIDER:
        # Without bounds: Gradio's own refusal would end the run before `with_values` can say what is wrong.
        return gr.Number(precision=0 if parameter.kind is int else None, **common)
    return gr.Slider(low, high, step=step, buttons=[], **common)
