"""RefEdit: edit real pictures with two published diffusion methods, SpecRef and BARET."""

__version__ = "0.1.0"
