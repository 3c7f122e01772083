"""The papers' claims as experiments with a falsifier and a verdict."""
