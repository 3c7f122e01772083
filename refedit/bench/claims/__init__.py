"""The papers' claims, and ours about what RefEdit adds, as experiments with a falsifier and a verdict."""
