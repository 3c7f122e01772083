"""The training of the built-in model, stage by stage."""
