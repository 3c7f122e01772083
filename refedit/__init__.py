"""RefEdit: edit real pictures with two published diffusion methods, SpecRef and BARET."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Baret": "methods",
    "EditError": "errors",
    "EditRequest": "edit",
    "Editor": "editor",
    "Finished": "edit",
    "Mask": "masks",
    "Preview": "edit",
    "Progress": "edit",
    "Reference": "edit",
    "SpecRef": "methods",
    "load_model": "models",
    "read_mask": "images",
    "read_picture": "images",
}
__all__ = [*_HOMES]


def __getattr__(name: str) -> Any:
    """The public names, loaded when they are asked for: importing the package alone imports nothing else."""
    if name not in _HOMES:
        raise AttributeError(f"module 'refedit' has no attribute '{name}'")
    return getattr(import_module(f"refedit.{_HOMES[name]}"), name)
