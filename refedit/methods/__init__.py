"""The editing methods, one file per paper. README.md says how to add a third one."""

from collections.abc import Mapping
from typing import Any

from refedit.errors import EditError
from refedit.methods.baret import Baret
from refedit.methods.method import Input, Method, nearest_preset
from refedit.methods.parameters import Effect, Parameter, parameters_of, values_of, with_values
from refedit.methods.specref import SpecRef
from refedit.methods.tries import strength_of, tries

METHODS: Mapping[str, type[Method]] = {method.name: method for method in (SpecRef, Baret)}

__all__ = ["METHODS", "Baret", "Effect", "Input", "Method", "Parameter", "SpecRef"]
__all__ += ["method_of", "nearest_preset", "parameters_of", "strength_of", "tries"]
__all__ += ["values_of", "with_values"]


def method_of(name: str, preset: str, values: Mapping[str, Any]) -> Method:
    """A method by name, preset ("" for its first) and values that differ; EditError names what is unknown."""
    if name not in METHODS:
        raise EditError(f"There is no method '{name}'. Choose one of {', '.join(METHODS)}.")
    presets = METHODS[name].presets()
    if preset and preset not in presets:
        raise EditError(f"{METHODS[name].title} has no preset '{preset}'. Choose one of {', '.join(presets)}.")
    return with_values(presets[preset or next(iter(presets))], values)
