"""The networks of the built-in model and their files. Knows no training."""
