"""The papers' claims, and the one about what RefEdit adds, as experiments with a falsifier and a verdict."""
