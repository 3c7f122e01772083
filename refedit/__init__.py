"""RefEdit: edit real pictures with two published diffusion methods, SpecRef and BARET."""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_HOMES = {
    "Baret": "methods",
    "EditError": "errors",
    "EditRequest": "editing.request",
    "Editor": "editing.editor",
    "Finished": "editing.request",
    "Mask": "imaging.masks",
    "Preview": "editing.request",
    "Progress": "editing.request",
    "Reference": "editing.request",
    "SpecRef": "methods",
    "load_model": "models",
    "read_mask": "imaging.images",
    "read_picture": "imaging.images",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are asked for: importing the package alone imports nothing else."""
    if name not in _HOMES:
        raise AttributeError(f"module 'refedit' has no attribute '{name}'")
    return getattr(import_module(f"refedit.{_HOMES[name]}"), name)
