"""The editing methods, one file per paper; a third one is one file plus its name in `METHODS`."""

from collections.abc import Mapping
from typing import Any

from refedit.errors import EditError
from refedit.methods.baret import Baret
from refedit.methods.method import Knob, Method, knobs, nearest_preset, settings_of, with_settings
from refedit.methods.specref import SpecRef

METHODS: dict[str, type[SpecRef] | type[Baret]] = {"specref": SpecRef, "baret": Baret}

__all__ = ["METHODS", "Baret", "Knob", "Method", "SpecRef"]
__all__ += ["knobs", "method_of", "nearest_preset", "settings_of", "with_settings"]


def method_of(name: str, preset: str, settings: Mapping[str, Any]) -> Method:
    """A method by name, preset ("" for its first) and settings that differ; EditError names what is unknown."""
    if name not in METHODS:
        raise EditError(f"There is no method '{name}'. Choose one of {', '.join(METHODS)}.")
    presets = METHODS[name].presets()
    if preset and preset not in presets:
        raise EditError(f"{METHODS[name].title} has no preset '{preset}'. Choose one of {', '.join(presets)}.")
    return with_settings(presets[preset or next(iter(presets))], settings)
