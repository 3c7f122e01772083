"""The panel of a method's parameters: preset, strength and seed in sight, all others behind one door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from refedit.methods import Effect, Method, Parameter, parameters_of, values_of

FINEST_SLIDER = 1000
"""A parameter with more steps than this is typed, since no hand can hit them with a slider."""
SEED = "seed"
NO_SEED = "Nothing here is left to chance: several results differ in how far they go."
LOTS = """<div class="lots">
<button type="button" class="dice" title="Another seed" aria-label="Another seed">&#9861;</button>
<button type="button" class="lock" aria-pressed="true" title="Keep this seed for every run">keep</button></div>"""


@dataclass(frozen=True, kw_only=True)
class ParameterPanel:
    """One method's panel; `components` are in the order of its parameters."""

    method: type[Method]
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


def draw_panel(method: type[Method]) -> ParameterPanel:
    """Draws the panel of a method, set to its default preset."""
    presets, parameters = method.presets(), parameters_of(method)
    first = next(iter(presets))
    values = values_of(presets[first])
    outside = [parameter for parameter in parameters if parameter.strength or parameter.name == SEED]
    with gr.Column(elem_classes=f"parameter-panel for-{method.name}"):
        with gr.Row(elem_classes="in-sight"):
            name = f"{method.name}-preset"
            preset = gr.Dropdown(list(presets), value=first, min_width=160, label="Preset", elem_id=name)
            drawn = {parameter.name: _component(method, parameter, values, brief=True) for parameter in outside}
            gr.HTML(LOTS if SEED in drawn else f"<p>{NO_SEED}</p>", elem_classes="chance", min_width=80)
        with gr.Accordion(f"All parameters of {method.title}", open=False, elem_id=f"{method.name}-door"):
            gr.HTML(f"<p>{method.presets_help}</p>")
            reset = gr.Button("Reset to preset", size="sm", elem_id=f"{method.name}-reset", min_width=120)
            drawn |= _draw_groups(method, [item for item in parameters if item.name not in drawn], values)
    components = tuple(drawn[parameter.name] for parameter in parameters)
    return ParameterPanel(method=method, preset=preset, reset=reset, components=components)


def _draw_groups(method: type[Method], parameters: Sequence[Parameter], values: dict[str, Any]) -> dict[str, Component]:
    """The parameters under what they do, in the order of `Effect`."""
    drawn: dict[str, Component] = {}
    for effect in Effect:
        group = [parameter for parameter in parameters if parameter.effect is effect]
        if not group:
            continue
        gr.HTML(f"<h3>{effect.value}</h3>", elem_classes="group-title")
        with gr.Row(elem_classes="parameters"):
            drawn |= {parameter.name: _component(method, parameter, values) for parameter in group}
    return drawn


def _component(method: type[Method], parameter: Parameter, values: Mapping[str, Any], brief: bool = False) -> Component:
    """What shows a parameter, without its help where it has to be brief."""
    common: dict[str, Any] = {
        "value": values[parameter.name],
        "label": parameter.told,
        "info": None if brief else parameter.help,
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
        return gr.Number(precision=0 if parameter.kind is int else None, step=step or 1, **common)
    return gr.Slider(low, high, step=step, buttons=[], **common)
