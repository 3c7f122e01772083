"""The editing methods, one file per paper; a third one is one file plus its name in `METHODS`."""

from refedit.methods.baret import Baret
from refedit.methods.method import Knob, Method, knobs, with_settings
from refedit.methods.specref import SpecRef

METHODS: dict[str, type[SpecRef] | type[Baret]] = {"specref": SpecRef, "baret": Baret}

__all__ = ["METHODS", "Baret", "Knob", "Method", "SpecRef", "knobs", "with_settings"]
