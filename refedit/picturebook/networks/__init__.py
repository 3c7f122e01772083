"""The networks of the built-in model, their files, and what supervises them. Knows no data and no training."""
